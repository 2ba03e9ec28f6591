package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// reprocessWithin is how long after its end a request can be reprocessed (contract:
// lifecycle a.3, where the sources are at odds).
const reprocessWithin = 14 * 24 * time.Hour

// performWake lets a moment come that an assignment waits for.
func (e *Engine) performWake(ctx context.Context, job store.Job) error {
	return e.finishAssignmentJob(ctx, job, entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventWoken, Wait: job.N})
}

// finishAssignmentJob lets the outcome of a job happen to its assignment, in the
// transaction that removes the job.
func (e *Engine) finishAssignmentJob(ctx context.Context, job store.Job, ev entitlement.AssignmentEvent) error {
	var told []store.Job
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		told = nil
		due, err := e.takeJob(ctx, tx, job)
		if err != nil || !due {
			return err
		}
		stored, err := tx.Assignments.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		w, err := e.work(ctx, tx, entitlement.System(job.Tenant))
		if err != nil {
			return err
		}
		a := &assignment{Assignment: stored, was: stored.State}
		if err := a.step(&w, ev); err != nil {
			return err
		}
		if err := a.save(&w, ""); err != nil {
			return err
		}
		err = w.flush()
		told = w.told
		return err
	})
	if err == nil {
		e.OnJobs(told)
	}
	return nobodys(err)
}

// performWarn calls an extension before an assignment ends, once, and records how it went.
func (e *Engine) performWarn(ctx context.Context, job store.Job) error {
	call, err := e.prepareWarning(ctx, job)
	if err != nil {
		return err
	}
	if call == nil { // there is nothing to warn of any more
		return e.dropJob(ctx, job)
	}
	ev := entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventCalled, Callout: call.Callout.ID}
	if err := e.Caller.Call(ctx, *call); err != nil {
		if ctx.Err() != nil { // the server stops: the attempt is made again
			return ctx.Err()
		}
		ev.Error = err.Error()
	}
	return e.finishAssignmentJob(ctx, job, ev)
}

// prepareWarning reads what the call needs, or returns nil when the assignment is over.
func (e *Engine) prepareWarning(ctx context.Context, job store.Job) (*Call, error) {
	var call *Call
	err := e.Store.View(ctx, job.Tenant, func(tx *store.Tx) error {
		a, err := tx.Assignments.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if !a.State.Live() || job.N >= len(a.Callouts) || a.Callouts[job.N].Attempts > 0 {
			return nil
		}
		c := Call{Assignment: a, Callout: a.Callouts[job.N], Now: e.realNow(), TenantID: job.Tenant}
		c.Planned = a.Planned[c.Callout.Plan]
		c.Request = entitlement.Request{
			PackageID: a.PackageID, PolicyID: a.PolicyID, CatalogID: a.CatalogID, AssignmentID: a.ID, TargetID: a.TargetID, Target: a.Target,
		}
		c.Request.ID = a.RequestID
		if err := c.describe(ctx, tx); err != nil {
			return err
		}
		call = &c
		return nil
	})
	return call, err
}

// leaver applies the tenant's lifecycle of people from outside, after an assignment of the
// target ended: the account of a guest whose last assignment it was is switched off, and
// deleted later where the tenant says so.
//
// graph: entitlementManagementSettings
//
// With ending the request takes access away; without it came to nothing, and only ends the
// story of a guest who had access before.
func (c *change) leaver(ending bool) error {
	t, err := c.tx.Tenant.Get(c.ctx)
	if err != nil {
		return err
	}
	action := t.Settings.ExternalUserLifecycle
	if (action != entitlement.LifecycleBlock && action != entitlement.LifecycleBlockAndDelete) || c.r.Target.Type != entitlement.SubjectUser {
		return nil
	}
	u, err := c.tx.Users.Get(c.ctx, c.r.TargetID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || u.Type != entitlement.UserGuest || c.before(u) {
		return err
	}
	had, err := c.hadAccess(u.ID)
	if err != nil || (!had && !ending) {
		return err
	}
	if expected, err := c.expects(u.ID, c.r); err != nil || expected {
		return err
	}
	ed := &edit{Engine: c.Engine, ctx: c.ctx, tx: c.tx, by: entitlement.System(c.by.Tenant), now: c.now}
	if err := ed.block(u); err != nil {
		return err
	}
	if action == entitlement.LifecycleBlockAndDelete {
		c.later(store.Job{JobKey: c.key(store.JobLeaver, u.ID, 0)}, c.now.Add(t.Settings.DeletedAfterBlocked))
	}
	return nil
}

// before reports whether what the request is about is older than the user: it was somebody
// else's, of the same id, who is gone.
func (c *change) before(u *entitlement.User) bool {
	return c.r.CreatedAt.Before(u.CreatedAt) || (c.assignment != nil && c.assignment.CreatedAt.Before(u.CreatedAt))
}

// hadAccess reports whether somebody has or had access by any assignment.
func (w *work) hadAccess(user entitlement.ID) (bool, error) {
	given := &query.In{Path: "state", Values: []query.Value{
		string(entitlement.AssignmentDelivered), string(entitlement.AssignmentPartiallyDelivered), string(entitlement.AssignmentExpired),
	}}
	some, err := w.tx.Assignments.List(w.ctx, query.Query{Limit: 1, Filter: query.Both(query.Equal("target/objectId", string(user)), given)})
	return len(some) > 0, err
}

// expects reports whether somebody has access, or a request under way that may give it,
// beside what the request r is about, which may be nil.
func (w *work) expects(user entitlement.ID, r *entitlement.Request) (bool, error) {
	live, err := w.tx.Assignments.List(w.ctx, query.Query{Limit: 2, Filter: query.Both(query.Equal("target/objectId", string(user)), query.Equal("live", true))})
	if err != nil {
		return false, err
	}
	for _, a := range live {
		if r == nil || a.ID != r.AssignmentID {
			return true, nil
		}
	}
	open, err := w.tx.Requests.List(w.ctx, query.Query{Filter: query.Both(query.Equal("target/objectId", string(user)), query.Equal("open", true))})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(open, func(o *entitlement.Request) bool { return !o.Type.Removes() && (r == nil || o.ID != r.ID) }), nil
}

// performLeaver deletes a guest who was blocked, unless they were let in again meanwhile.
func (e *Engine) performLeaver(ctx context.Context, job store.Job) error {
	var told []store.Job
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		told = nil
		due, err := e.takeJob(ctx, tx, job)
		if err != nil || !due {
			return err
		}
		u, err := tx.Users.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || u.AccountEnabled || u.BlockedAt.IsZero() {
			return err
		}
		w, err := e.work(ctx, tx, entitlement.System(job.Tenant))
		if err != nil {
			return err
		}
		if expected, err := w.expects(u.ID, nil); err != nil || expected {
			return err
		}
		t, err := tx.Tenant.Get(ctx)
		if err != nil || t.Settings.ExternalUserLifecycle != entitlement.LifecycleBlockAndDelete {
			return err
		}
		ed := &edit{Engine: e, ctx: ctx, tx: tx, by: w.by, now: w.now}
		told, err = ed.deleteUser(u)
		return err
	})
	if err == nil {
		e.OnJobs(told)
	}
	return nobodys(err)
}
