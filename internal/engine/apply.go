package engine

import (
	"context"
	"errors"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Resume records a callback: the answer of an extension's owner to one callout instance.
// The same answer again succeeds without effect.
//
// graph: accesspackageassignmentrequest-resume
func (e *Engine) Resume(ctx context.Context, by entitlement.Actor, id entitlement.ID, ev entitlement.Event) error {
	ev.Kind = entitlement.EventCallback
	ev.Answer.By = by.ObjectID
	return explain(e.apply(ctx, by, id, ev, rules.MayResume))
}

// Cancel ends a request that has not been delivered. Canceling one that is canceled
// succeeds without effect.
//
// graph: accesspackageassignmentrequest-cancel
func (e *Engine) Cancel(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return explain(e.apply(ctx, by, id, entitlement.Event{Kind: entitlement.EventCancel}, rules.MayCancel))
}

// apply lets an event happen to a request on behalf of an actor who may cause it.
func (e *Engine) apply(ctx context.Context, by entitlement.Actor, id entitlement.ID, ev entitlement.Event,
	may func(entitlement.Actor, *entitlement.Request) error,
) error {
	if err := rules.Enters(by); err != nil {
		return err
	}
	var c *change
	err := e.Store.Update(ctx, by.Tenant, func(tx *store.Tx) error {
		c = nil
		r, err := tx.Requests.Get(ctx, id)
		if err != nil {
			return notFound(err, string(rules.Requests), id)
		}
		if err := may(by, r); err != nil {
			return err
		}
		if c, err = e.begin(ctx, tx, r, by); err != nil {
			return err
		}
		if err := c.run(ev); err != nil {
			return err
		}
		return c.save()
	})
	var nothing *lifecycle.Ignored
	if errors.As(err, &nothing) {
		return nil
	}
	if err == nil {
		e.OnJobs(c.jobs)
	}
	return err
}

// finishJob lets the outcome of a job happen to its request, in the transaction that
// removes the job. An event that comes too late only removes the job; a timer that is not
// due any more, because a clock was moved back after it was found, stays.
func (e *Engine) finishJob(ctx context.Context, job store.Job, ev entitlement.Event) error {
	ev.Wait = job.N
	var c *change
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		c = nil
		mine, err := e.takeJob(ctx, tx, job)
		if err != nil || !mine {
			return err
		}
		r, err := tx.Requests.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		next, err := e.begin(ctx, tx, r, entitlement.System(job.Tenant))
		if err != nil {
			return err
		}
		var nothing *lifecycle.Ignored
		if err := next.run(ev); errors.As(err, &nothing) {
			return nil
		} else if err != nil {
			return err
		}
		c = next
		return c.save()
	})
	if err == nil && c != nil {
		e.OnJobs(c.jobs)
	}
	return err
}

// takeJob removes the job and reports whether there is something to be done for it.
func (e *Engine) takeJob(ctx context.Context, tx *store.Tx, job store.Job) (bool, error) {
	if job.Kind == store.JobTimeout {
		stored, err := tx.Jobs.Get(ctx, job.JobKey)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return false, nil
		case err != nil:
			return false, err
		case stored.Due.After(e.realNow()):
			return false, nil
		}
	}
	return tx.Jobs.Delete(ctx, job.JobKey)
}

// change is one request in one transaction, on its way through one or more events.
type change struct {
	*Engine
	ctx    context.Context
	tx     *store.Tx
	by     entitlement.Actor
	r      *entitlement.Request
	now    time.Time     // the tenant's
	offset time.Duration // of the tenant's clock

	assignment *entitlement.Assignment // once it is needed
	was        entitlement.AssignmentState
	isNew      bool // the assignment is not stored yet
	dropped    bool // the assignment is not to be
	jobs       []store.Job
	records    []*entitlement.Record
}

func (e *Engine) begin(ctx context.Context, tx *store.Tx, r *entitlement.Request, by entitlement.Actor) (*change, error) {
	t, err := tx.Tenant.Get(ctx)
	if err != nil {
		return nil, err
	}
	return &change{
		Engine: e, ctx: ctx, tx: tx, by: by, r: r,
		now: e.realNow().Add(t.ClockOffset), offset: t.ClockOffset,
	}, nil
}

// run lets an event happen, and those that follow from it at once.
func (c *change) run(ev entitlement.Event) error {
	for by := c.by; ; by = entitlement.System(c.by.Tenant) {
		from := c.r.Progress.Phase
		next, effects, err := lifecycle.Step(c.r.Progress, ev, c.now)
		if err != nil {
			return err
		}
		c.r.Progress = next
		c.remember(by, ev, from)
		follow, err := c.perform(effects)
		if err != nil || follow == nil {
			return err
		}
		ev = *follow
	}
}

// remember makes the record of one event.
func (c *change) remember(by entitlement.Actor, ev entitlement.Event, from entitlement.Phase) {
	rec := &entitlement.Record{
		At: c.now, Kind: string(rules.Requests), Ref: c.r.ID, Action: string(ev.Kind),
		From: string(from), To: string(c.r.Progress.Phase), Detail: ev.Error,
		By: entitlement.RecordActorOf(by), CorrelationID: c.by.RequestID, Callout: ev.Instance,
	}
	if ev.Kind == entitlement.EventCallback {
		if answered := c.r.Progress.Callout(ev.Instance); answered != nil {
			answer := answered.Answer
			rec.Answer = &answer
		}
	}
	c.records = append(c.records, rec)
}

// insert stores a new request, and with it all that was decided.
func (c *change) insert() error {
	c.project()
	if err := c.tx.Requests.Insert(c.ctx, c.r); err != nil {
		return err
	}
	return c.saveRest()
}

// save stores the request and all that was decided.
func (c *change) save() error {
	c.project()
	if err := c.tx.Requests.Update(c.ctx, c.r); err != nil {
		return err
	}
	return c.saveRest()
}

// project brings the columns that clients filter by in line with the progress.
func (c *change) project() {
	c.r.State, c.r.Status = lifecycle.PublicState(c.r.Progress)
	c.r.ModifiedAt = c.now
}

func (c *change) saveRest() error {
	if err := c.saveAssignment(); err != nil {
		return err
	}
	if len(c.jobs) > 0 {
		if err := c.tx.Jobs.Put(c.ctx, c.jobs...); err != nil {
			return err
		}
	}
	return c.tx.History.Append(c.ctx, c.records...)
}

// saveAssignment stores the assignment if it has changed, and records that.
func (c *change) saveAssignment() error {
	a := c.assignment
	if a == nil || (a.State == c.was && !c.dropped) {
		return nil
	}
	rec := &entitlement.Record{
		At: c.now, Kind: string(rules.Assignments), Ref: a.ID, From: string(c.was), To: string(a.State),
		Action: "update", By: entitlement.RecordActorOf(c.by), CorrelationID: c.by.RequestID, Detail: "request " + string(c.r.ID),
	}
	a.ModifiedAt = c.now
	var err error
	switch {
	case c.dropped && c.isNew:
		return nil
	case c.dropped:
		rec.Action, rec.To = "delete", ""
		err = c.tx.Assignments.Delete(c.ctx, a.ID)
	case c.isNew:
		rec.Action = "create"
		err = c.tx.Assignments.Insert(c.ctx, a)
	default:
		err = c.tx.Assignments.Update(c.ctx, a)
	}
	c.records = append(c.records, rec)
	return err
}
