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
	return explain(e.apply(ctx, by, id, &ev, func(c *change, r *entitlement.Request) error {
		if err := rules.MayResume(by, r); err != nil || ev.Supplied == nil {
			return err
		}
		if x := r.Progress.Callout(ev.Instance); x == nil || x.Answer.Outcome != "" {
			return nil // it is refused, or the same as before
		}
		ed := &edit{Engine: e, ctx: ctx, tx: c.tx, by: by, now: c.now}
		return ed.checkStage("data/approvalStage", ev.Supplied)
	}))
}

// Cancel ends a request that has not been delivered. Canceling one that is canceled
// succeeds without effect.
//
// graph: accesspackageassignmentrequest-cancel
func (e *Engine) Cancel(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return explain(e.apply(ctx, by, id, &entitlement.Event{Kind: entitlement.EventCancel}, func(_ *change, r *entitlement.Request) error {
		if err := rules.MayCancel(by, r); err != nil {
			return err
		}
		if r.Progress.Phase == entitlement.PhaseFailed && rules.Manages(by) != nil {
			return entitlement.Errorf(entitlement.CodeRequestNotCancelable, "state",
				"The request cannot be canceled: it is in state '%s', status '%s'; only who manages the tenant may end a failed request for good.", r.State, r.Status)
		}
		return nil
	}))
}

// apply lets an event happen to a request on behalf of an actor who may cause it; may can
// complete the event with what has to be looked up.
func (e *Engine) apply(ctx context.Context, by entitlement.Actor, id entitlement.ID, ev *entitlement.Event,
	may func(*change, *entitlement.Request) error,
) error {
	if err := rules.Enters(by); err != nil {
		return err
	}
	var c *change
	ahead := store.Ahead{Requests: []entitlement.ID{id}, Then: aheadOfGrant}
	if by.User {
		ahead.Users = []entitlement.ID{by.ObjectID}
	}
	err := e.Store.Update(store.AsksAhead(ctx, ahead), by.Tenant, func(tx *store.Tx) error {
		c = nil
		r, err := tx.Requests.Get(ctx, id)
		if err != nil {
			return notFound(err, string(rules.Requests), id)
		}
		if c, err = e.begin(ctx, tx, r, by); err != nil {
			return err
		}
		if err := may(c, r); err != nil {
			return err
		}
		if err := e.mayAct(ctx, tx, by); err != nil {
			return err
		}
		if err := c.run(*ev); err != nil {
			return err
		}
		return c.save()
	})
	c.link(ctx)
	var nothing *lifecycle.Ignored
	if errors.As(err, &nothing) {
		return nil
	}
	if err == nil {
		e.OnJobs(c.told)
	}
	return err
}

// finishJob lets the outcome of a job happen to its request, in the transaction that
// removes the job. An event that comes too late only removes the job; a timer that is not
// due any more, because a clock was moved back after it was found, stays.
func (e *Engine) finishJob(ctx context.Context, job store.Job, ev entitlement.Event) error {
	ev.Wait = job.N
	var c *change
	ahead := store.Ahead{Requests: []entitlement.ID{job.Ref}}
	err := e.Store.Update(store.AsksAhead(ctx, ahead), job.Tenant, func(tx *store.Tx) error {
		c = nil
		due, err := e.isDue(ctx, tx, job)
		if err != nil || !due {
			return err
		}
		// An event that comes too late is nothing unusual: an answer overtakes the record that
		// its callout was sent. Whoever holds the job, it is over.
		over := func() error { return tx.Jobs.DeleteKinds(ctx, job.Ref, job.N, job.Kind) }
		r, err := tx.Requests.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return over()
		}
		if err != nil {
			return err
		}
		next, err := e.begin(ctx, tx, r, entitlement.System(job.Tenant))
		if err != nil {
			return err
		}
		var nothing *lifecycle.Ignored
		if _, _, err := lifecycle.Step(r.Progress, ev, next.now); errors.As(err, &nothing) {
			return over()
		}
		// It is taken before the event happens, which may take away the jobs of its wait.
		if err := tx.Jobs.Take(ctx, job.JobKey); err != nil {
			return err
		}
		if err := next.run(ev); errors.As(err, &nothing) {
			return nil
		} else if err != nil {
			return err
		}
		c = next
		return c.save()
	})
	c.link(ctx)
	if err == nil && c != nil {
		e.OnJobs(c.told)
	}
	return nobodys(err)
}

// takeJob removes the job and reports whether it is due: a timer is not any more where a
// clock was moved back after it was found. Where the job is gone, or another process has
// taken it over, the transaction fails, see nobodys.
func (e *Engine) takeJob(ctx context.Context, tx *store.Tx, job store.Job) (due bool, err error) {
	if due, err = e.isDue(ctx, tx, job); err != nil || !due {
		return false, err
	}
	return true, tx.Jobs.Take(ctx, job.JobKey)
}

// isDue reports whether the job is due and, where it is a timer, held by this process.
func (e *Engine) isDue(ctx context.Context, tx *store.Tx, job store.Job) (bool, error) {
	if job.Kind == store.JobTimeout || job.Kind == store.JobWake || job.Kind == store.JobLeaver {
		stored, err := tx.Jobs.Held(ctx, job.JobKey)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return false, nil
		case err != nil:
			return false, err
		case stored.Due.After(e.realNow()):
			return false, nil
		}
	}
	return true, nil
}

// nobodys is the error of a transaction that takes a job. That the job is not held any more
// is none: nothing was to be done for it.
func nobodys(err error) error {
	if errors.Is(err, store.ErrNotHeld) {
		return nil
	}
	return err
}

// change is one request in one transaction, on its way through one or more events.
type change struct {
	work
	r          *entitlement.Request
	assignment *assignment // once it is needed
	admitted   bool        // it was checked in this transaction that the access may be given
	over       bool        // the assignment that it names was opened before, and is over
}

func (e *Engine) begin(ctx context.Context, tx *store.Tx, r *entitlement.Request, by entitlement.Actor) (*change, error) {
	e.kept.forget(by.Tenant, r.ID)
	w, err := e.work(ctx, tx, by)
	if err != nil {
		return nil, err
	}
	return &change{work: w, r: r}, nil
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
		c.remember(by, ev, from, effects)
		follow, err := c.perform(effects)
		if err != nil || follow == nil {
			return err
		}
		ev = *follow
	}
}

// remember makes the record of one event.
func (c *change) remember(by entitlement.Actor, ev entitlement.Event, from entitlement.Phase, effects []lifecycle.Effect) {
	rec := c.record(rules.Requests, c.r.ID, string(ev.Kind), by)
	rec.From, rec.To, rec.Detail, rec.Callout = string(from), string(c.r.Progress.Phase), ev.Error, ev.Instance
	rec.Targets = c.targets(ev)
	if c.r.RequestorID != c.r.TargetID && by.User {
		rec.OnBehalfOf = c.r.TargetID
	}
	follows := by
	switch ev.Kind {
	case entitlement.EventSubmitted:
		rec.Activity, rec.Result = lifecycle.SubmitActivity(c.r.Type, c.r.Target.Type), entitlement.AuditSuccess
		follows = entitlement.System(c.by.Tenant)
	case entitlement.EventDecided:
		rec.Detail = ev.Decision.Justification
		rec.Details = append(rec.Details, entitlement.RecordDetail{Key: "ReviewResult", Value: string(ev.Decision.Result)})
	case entitlement.EventCallback:
		if answered := c.r.Progress.Callout(ev.Instance); answered != nil {
			answer := answered.Answer
			rec.Answer = &answer
		}
	}
	c.annotate(rec, effects, follows)
}

// targets are the things that a record of the request is about.
func (c *change) targets(ev entitlement.Event) []entitlement.RecordTarget {
	kind := "User"
	if c.r.Target.Type == entitlement.SubjectServicePrincipal {
		kind = "ServicePrincipal"
	}
	targets := []entitlement.RecordTarget{
		{ID: c.r.TargetID, Kind: kind, Name: c.r.Target.DisplayName, UPN: c.r.Target.PrincipalName},
		{ID: c.r.PackageID, Kind: "AccessPackage", Name: c.r.Progress.Plan.PackageName},
		{ID: c.r.ID, Kind: "AccessPackageAssignmentRequest"},
	}
	if x := c.r.Progress.Current(); x != nil && (ev.Kind == entitlement.EventSent || ev.Kind == entitlement.EventSendFailed || ev.Kind == entitlement.EventTimedOut) {
		targets = append(targets, entitlement.RecordTarget{ID: x.ExtensionID, Kind: "CustomExtension", Name: c.r.Progress.Plan.Callouts[x.Plan].ExtensionName})
	}
	return targets
}

// insert stores a new request, and with it all that was decided.
func (c *change) insert() error {
	c.project()
	if err := c.tx.Requests.Add(c.ctx, c.r); err != nil {
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
	c.r.OpenKey, c.r.Approval = "", ""
	if c.r.CompletedAt.IsZero() {
		c.r.OpenKey = entitlement.OpenKeyOf(c.r)
	}
	if len(c.r.Progress.Plan.Approval) > 0 {
		c.r.Approval = "required"
	}
	at := c.r.Progress.Phase
	if at.Finished() {
		at = ""
	}
	if at != c.r.WaitsAt {
		c.r.WaitsAt, c.r.WaitsSince = at, c.realNow()
	}
	if at == "" {
		c.r.WaitsSince = time.Time{}
	}
}

func (c *change) saveRest() error {
	if err := c.assignment.save(&c.work, "request "+string(c.r.ID)); err != nil {
		return err
	}
	return c.flush()
}
