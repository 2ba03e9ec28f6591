package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// Limits of one page of automatic assignment: few changes, as each holds the writer, and
// many people who need none.
const (
	sweepPeople  = 500
	sweepChanges = 10
	// MaxAutomatic is how many people one automatic assignment policy may serve (graph:
	// governance service limits).
	MaxAutomatic = 15000
	// askAgain is after how long somebody is looked at again who could not be given a
	// package because another request for it was open.
	askAgain = time.Hour
)

// policyChanged leaves a job that applies an automatic assignment policy to everybody.
func (ed *edit) policyChanged(p *entitlement.Policy) ([]store.Job, error) {
	if p.Automatic == nil {
		return nil, nil
	}
	job := store.Job{JobKey: store.JobKey{Tenant: ed.by.Tenant, Kind: store.JobSweep, Ref: p.ID}, Due: ed.realNow()}
	return []store.Job{job}, ed.tx.Jobs.Put(ed.ctx, job)
}

// Numbers of jobs about a person beside the one that applies all policies to them.
const (
	personGone  = 1 // they were deleted
	personAgain = 2 // to look again, as they could not be given a package
)

// performPerson applies all automatic assignment policies of the tenant to one person,
// who was changed, or takes away all access of one who is gone. Somebody of the same id may
// be there again by then: they have nothing of it.
func (e *Engine) performPerson(ctx context.Context, job store.Job) error {
	return e.automatic(ctx, job, func(w *work) (*store.Job, error) {
		if job.N == personGone {
			return w.gone(job)
		}
		u, err := w.Directory.User(ctx, w.tx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return w.notUser(job)
		}
		if err != nil {
			return nil, err
		}
		policies, err := w.tx.Policies.List(ctx, query.Query{Filter: query.Equal("isAutomatic", true)})
		if err != nil {
			return nil, err
		}
		return nil, w.assignAll(policies, u)
	})
}

// assignAll applies policies to a person: what they come to have first, so that somebody who
// goes from one rule to another is never without access between, and no leaver. What only
// the leaving makes possible, as the two may not be had together, comes after it.
func (w *work) assignAll(policies []*entitlement.Policy, u *entitlement.User) error {
	for _, joins := range []bool{true, false, true} {
		for _, p := range policies {
			if in, known := w.ruleMeans(p, u); !known || in != joins {
				continue
			}
			if _, err := w.assign(p, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// notUser deals with who is no user: a service principal has nothing to do with automatic
// assignment, and who is neither is gone.
func (w *work) notUser(job store.Job) (*store.Job, error) {
	_, err := w.Directory.ServicePrincipal(w.ctx, w.tx, job.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return w.gone(job)
	}
	return nil, err
}

// performSweep applies one policy to a page of people. Its place is kept in the job.
func (e *Engine) performSweep(ctx context.Context, job store.Job) error {
	return e.automatic(ctx, job, func(w *work) (*store.Job, error) {
		p, err := w.tx.Policies.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) || (err == nil && p.Automatic == nil) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		q := query.Query{Limit: sweepPeople}
		if job.Args != "" {
			q.After = &query.Cursor{ID: job.Args}
		}
		people, err := w.tx.Users.List(ctx, q)
		if err != nil {
			return nil, err
		}
		changes := 0
		for i, u := range people {
			changed, err := w.assign(p, u)
			if err != nil {
				return nil, err
			}
			if changed {
				changes++
			}
			if changes >= sweepChanges || (i == len(people)-1 && len(people) == sweepPeople) {
				next := job
				next.Args = string(u.ID)
				return &next, nil
			}
		}
		return nil, nil
	})
}

// automatic runs a page of automatic assignment: in the transaction that removes its job,
// or puts it off to the next page.
func (e *Engine) automatic(ctx context.Context, job store.Job, page func(*work) (*store.Job, error)) error {
	var told []store.Job
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		told = nil
		stored, err := tx.Jobs.Held(ctx, job.JobKey)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		job.Args = stored.Args
		if _, err := tx.Jobs.Delete(ctx, job.JobKey); err != nil {
			return err
		}
		w, err := e.work(ctx, tx, entitlement.System(job.Tenant))
		if err != nil {
			return err
		}
		next, err := page(&w)
		if err != nil {
			return err
		}
		if next != nil {
			next.Due = e.realNow()
			w.jobs = append(w.jobs, *next)
		}
		err = w.flush()
		told = w.told
		return err
	})
	if err == nil {
		e.OnJobs(told)
	}
	return err
}

// assign brings what one person has through one automatic policy in line with its rule,
// and reports whether that changed anything. A change that is refused is not made.
func (w *work) assign(p *entitlement.Policy, u *entitlement.User) (bool, error) {
	in, known := w.ruleMeans(p, u)
	if !known {
		return false, nil
	}
	in = in && u.AccountEnabled
	has, err := w.tx.Assignments.List(w.ctx, liveOf(p.ID, u.ID))
	if err != nil {
		return false, err
	}
	switch {
	case in && len(has) == 0 && p.Automatic.Gives():
		return w.join(p, u)
	case in && len(has) == 1:
		return w.tellAssignment(has[0], entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventReturned})
	case !in && (len(has) == 0 || has[0].State == entitlement.AssignmentDelivering):
		return w.withdraw(p, u)
	case !in:
		grace, takes := p.Automatic.Takes()
		if !takes {
			return w.tellAssignment(has[0], entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventReturned})
		}
		return w.tellAssignment(has[0], entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventLeft, Grace: grace})
	}
	return false, nil
}

// withdraw cancels the request that the policy made for somebody whom its rule does not
// mean any more, before it gave anything.
func (w *work) withdraw(p *entitlement.Policy, u *entitlement.User) (bool, error) {
	open, err := w.openRequest(p, u)
	if err != nil || !madeBy(p, open) {
		return false, err
	}
	return w.cancel(open)
}

// openRequest returns the open request for the package of a policy for somebody, or nil.
func (w *work) openRequest(p *entitlement.Policy, u *entitlement.User) (*entitlement.Request, error) {
	open, err := w.tx.Requests.List(w.ctx, openFor(&entitlement.Request{PackageID: p.PackageID, TargetID: u.ID}))
	if err != nil || len(open) == 0 {
		return nil, err
	}
	return open[0], nil
}

// madeBy reports whether an automatic policy made the request, which may be nil.
func madeBy(p *entitlement.Policy, r *entitlement.Request) bool {
	return r != nil && r.PolicyID == p.ID && r.Type == entitlement.TypeSystemAdd
}

// cancel ends a request that has not given anything, and reports whether it could.
func (w *work) cancel(r *entitlement.Request) (bool, error) {
	if err := w.flush(); err != nil {
		return false, err
	}
	c := &change{work: *w, r: r}
	c.told = nil
	var refusal *entitlement.Error
	if err := c.run(entitlement.Event{Kind: entitlement.EventCancel}); errors.As(err, &refusal) {
		return false, nil // it is being delivered, and checked when it is
	} else if err != nil {
		return false, err
	}
	if err := c.save(); err != nil {
		return false, err
	}
	w.told = append(w.told, c.told...)
	return true, nil
}

// join gives a person what the rule of a policy says that they have. While another request
// for the package is open they are looked at again, as it may come to nothing.
func (w *work) join(p *entitlement.Policy, u *entitlement.User) (bool, error) {
	if open, err := w.openRequest(p, u); err != nil || open != nil {
		if open != nil && !madeBy(p, open) {
			w.later(store.Job{JobKey: w.key(store.JobPerson, u.ID, personAgain)}, w.now.Add(askAgain))
		}
		return false, err
	}
	if full, err := w.full(p); err != nil || full {
		return false, err
	}
	if err := w.flush(); err != nil {
		return false, err
	}
	c, err := w.open(w.ctx, w.tx, w.by, Order{Type: entitlement.TypeSystemAdd, PackageID: p.PackageID, PolicyID: p.ID, TargetID: u.ID})
	var refusal *entitlement.Error
	if errors.As(err, &refusal) {
		w.Logger.InfoContext(w.ctx, "an automatic assignment is not made", "tenant", w.by.Tenant, "policy", p.ID, "user", u.ID, "reason", refusal.Message)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("engine: automatic assignment: %w", err)
	}
	w.told = append(w.told, c.told...)
	w.served[p.ID]++
	return true, nil
}

// full reports whether an automatic policy serves as many people as it may. They are
// counted once in a transaction.
func (w *work) full(p *entitlement.Policy) (bool, error) {
	if w.served == nil {
		w.served = make(map[entitlement.ID]int)
	}
	n, known := w.served[p.ID]
	if !known {
		var err error
		n, err = w.tx.Assignments.Count(w.ctx, query.Both(query.Equal("assignmentPolicy/id", string(p.ID)), query.Equal("live", true)))
		if err != nil {
			return false, err
		}
		if w.served[p.ID] = n; n >= MaxAutomatic {
			w.Logger.ErrorContext(w.ctx, "an automatic assignment policy serves as many people as it may; nobody more is let in", "tenant", w.by.Tenant, "policy", p.ID, "most", MaxAutomatic)
		}
	}
	return n >= MaxAutomatic, nil
}

// tellAssignment lets an event happen to an assignment and reports whether it changed it.
func (w *work) tellAssignment(stored *entitlement.Assignment, ev entitlement.AssignmentEvent) (bool, error) {
	a := &assignment{Assignment: stored, was: stored.State}
	if err := a.step(w, ev); err != nil || !a.changed {
		return false, err
	}
	return true, a.save(w, "automatic assignment")
}

// gone takes away all access of a person who was deleted, and ends what they asked for, or
// what was asked for them. A page at a time: the job goes on until nothing is left.
func (w *work) gone(job store.Job) (*store.Job, error) {
	removals := &query.In{Path: "requestType"}
	for _, t := range entitlement.RequestTypes {
		if t.Removes() {
			removals.Values = append(removals.Values, string(t))
		}
	}
	open, err := w.tx.Requests.List(w.ctx, query.Query{Limit: sweepChanges, Filter: &query.And{Parts: []query.Expr{
		query.Equal("target/objectId", string(job.Ref)), query.Equal("open", true), &query.Not{Part: removals},
	}}})
	if err != nil {
		return nil, err
	}
	left := 0
	for _, r := range open {
		canceled, err := w.cancel(r)
		if err != nil {
			return nil, err
		}
		if canceled {
			left++
		}
	}
	live, err := w.tx.Assignments.List(w.ctx, query.Query{Limit: sweepChanges, Filter: query.Both(query.Equal("target/objectId", string(job.Ref)), query.Equal("live", true))})
	if err != nil {
		return nil, err
	}
	for _, a := range live {
		if a.State == entitlement.AssignmentDelivering {
			continue // its request fails when it comes to deliver
		}
		if err := w.endAccess(a); err != nil {
			return nil, err
		}
		left++
	}
	if left < sweepChanges {
		return nil, nil
	}
	return &job, nil
}
