package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/failpoint"
	"anteroom/internal/lifecycle"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// Perform does one job that is due and records its outcome in the transaction that
// removes the job. It returns nil when the job is done or has been put off; with an error
// the job stays and should be performed again later.
func (e *Engine) Perform(ctx context.Context, job store.Job) error {
	if job.Kind == store.JobCallout { // it continues the trace of its request
		return e.performCallout(ctx, job)
	}
	ctx, end := e.Tracer.Start(ctx, "job "+string(job.Kind))
	err := e.performOther(ctx, job)
	end(err)
	return err
}

// performOther does a job that is not a callout of a request.
func (e *Engine) performOther(ctx context.Context, job store.Job) error {
	switch job.Kind {
	case store.JobTimeout:
		failpoint.Hit("timer")
		return e.finishJob(ctx, job, entitlement.Event{Kind: entitlement.EventTimedOut})
	case store.JobDeliver:
		return e.performDelivery(ctx, job)
	case store.JobRoles:
		return e.performRoles(ctx, job)
	case store.JobWake:
		failpoint.Hit("timer")
		return e.performWake(ctx, job)
	case store.JobWarn:
		return e.performWarn(ctx, job)
	case store.JobNotice:
		return e.performNotice(ctx, job)
	case store.JobPerson:
		return e.performPerson(ctx, job)
	case store.JobSweep:
		return e.performSweep(ctx, job)
	case store.JobPurge:
		return e.performPurge(ctx, job)
	case store.JobLeaver:
		return e.performLeaver(ctx, job)
	}
	return fmt.Errorf("engine: unknown kind of job %q", job.Kind)
}

// performCallout makes one attempt to call the extension of a wait, outside any
// transaction, and records how it went.
func (e *Engine) performCallout(ctx context.Context, job store.Job) (err error) {
	call, late, err := e.prepareCall(ctx, job)
	if call != nil {
		ctx = e.Tracer.Join(ctx, call.Request.Trace)
	}
	ctx, end := e.Tracer.Start(ctx, "job "+string(job.Kind))
	defer func() { end(err) }()
	switch {
	case err != nil:
		return err
	case late:
		// Nothing is sent past a deadline. The timer takes this job away with the wait, unless
		// the clock is set back first: then it is still to be done.
		timer := job
		timer.Kind = store.JobTimeout
		return e.finishJob(ctx, timer, entitlement.Event{Kind: entitlement.EventTimedOut})
	case call == nil: // the wait is over
		return e.dropJob(ctx, job)
	}
	ev := entitlement.Event{Kind: entitlement.EventSent}
	if err := e.Caller.Call(ctx, *call); err != nil {
		if ctx.Err() != nil { // the server stops: the attempt is made again
			return ctx.Err()
		}
		ev = entitlement.Event{Kind: entitlement.EventSendFailed, Error: err.Error()}
	}
	failpoint.Hit("after-callout")
	if ev.Kind == entitlement.EventSent && call.Planned.Waits() {
		e.linger(ctx)
	}
	return e.finishJob(ctx, job, ev)
}

// linger lets an answer overtake the record that its callout was sent.
func (e *Engine) linger(ctx context.Context) {
	if e.Linger <= 0 {
		return
	}
	timer := time.NewTimer(e.Linger)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// prepareCall reads what a call needs, or returns nil when nothing waits for it any more;
// late says that the wait has lasted for too long, although its timer has not come yet.
func (e *Engine) prepareCall(ctx context.Context, job store.Job) (call *Call, late bool, err error) {
	if call = e.kept.take(job, e.realNow()); call != nil {
		return call, false, nil
	}
	err = e.Store.View(ctx, job.Tenant, func(tx *store.Tx) error {
		r, err := tx.Requests.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		now, err := e.now(ctx, tx)
		if err != nil {
			return err
		}
		current := r.Progress.Current()
		if current == nil || current.Wait != job.N {
			return nil
		}
		if !current.Deadline.IsZero() && !now.Before(current.Deadline) {
			late = true
			return nil
		}
		c := Call{
			Request: *r, Callout: *current, Planned: r.Progress.Plan.Callouts[current.Plan],
			Now: e.realNow(), TenantID: job.Tenant,
		}
		if err := c.describe(ctx, tx); err != nil {
			return err
		}
		call = &c
		return nil
	})
	return call, late, err
}

// describe fills in the names that the payload carries. What is gone has none.
func (c *Call) describe(ctx context.Context, tx *store.Tx) error {
	t, err := tx.Tenant.Get(ctx)
	if err != nil {
		return err
	}
	c.KeySeed = t.CalloutKey
	if p, err := tx.Packages.Get(ctx, c.Request.PackageID); err == nil {
		c.Package = *p
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if k, err := tx.Catalogs.Get(ctx, c.Request.CatalogID); err == nil {
		c.Catalog = *k
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if id := c.Request.Target.ConnectedOrganizationID; id != "" {
		if c.Organization, err = tx.Organizations.Get(ctx, id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if p, err := tx.Policies.Get(ctx, c.Request.PolicyID); err == nil {
		c.Policy = *p
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

func (e *Engine) dropJob(ctx context.Context, job store.Job) error {
	return nobodys(e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error { return tx.Jobs.Take(ctx, job.JobKey) }))
}

// deliveryAttempts is how often roles are given outside before the request fails.
const deliveryAttempts = 10

// performDelivery does what a delivery left to do outside.
func (e *Engine) performDelivery(ctx context.Context, job store.Job) error {
	d := entitlement.Delivery{Key: fmt.Sprintf("%s/%d", job.Ref, job.N)}
	over := false
	err := e.Store.View(ctx, job.Tenant, func(tx *store.Tx) error {
		r, err := tx.Requests.Get(ctx, job.Ref)
		if errors.Is(err, store.ErrNotFound) || (err == nil && r.Progress.Wait != job.N) {
			over = true
			return nil
		}
		if err != nil {
			return err
		}
		a, err := tx.Assignments.Get(ctx, r.AssignmentID)
		if err != nil {
			return err
		}
		d.Assignment, d.Revoke = *a, r.Progress.Plan.Removes
		e.Tracer.Link(ctx, r.Trace)
		d.Roles, err = tx.RoleScopes.List(ctx, query.Query{Filter: query.Equal("accessPackage/id", string(r.PackageID))})
		return err
	})
	switch {
	case err != nil:
		return err
	case over:
		return e.dropJob(ctx, job)
	}
	err = e.Deliverer.Perform(ctx, d)
	var partly *entitlement.PartialDelivery
	switch {
	case errors.As(err, &partly) && !d.Revoke:
		return e.finishJob(ctx, job, entitlement.Event{Kind: entitlement.EventPartlyGranted, Failures: partly.Failures})
	case err == nil && d.Revoke:
		return e.finishJob(ctx, job, entitlement.Event{Kind: entitlement.EventRevoked})
	case err == nil:
		return e.finishJob(ctx, job, entitlement.Event{Kind: entitlement.EventGranted})
	case ctx.Err() != nil:
		return ctx.Err()
	case !d.Revoke && job.Attempt+1 >= deliveryAttempts:
		return e.finishJob(ctx, job, entitlement.Event{Kind: entitlement.EventDeliveryFailed, Error: err.Error()})
	}
	return e.putOff(ctx, job)
}

// putOff lets a job fall due again later, after ever longer times.
func (e *Engine) putOff(ctx context.Context, job store.Job) error {
	job.Attempt++
	job.Due = e.realNow().Add(lifecycle.Backoff(job.Attempt))
	put := false
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		_, err := tx.Jobs.Held(ctx, job.JobKey)
		put = err == nil
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.Jobs.Put(ctx, job)
	})
	if err == nil && put {
		e.OnJobs([]store.Job{job})
	}
	return err
}

// RunDue performs all jobs of a tenant that are due, one after another, and those that
// fall due because of them, until there are none. It is for tests and tools that drive
// the engine by hand; a server performs jobs side by side.
func (e *Engine) RunDue(ctx context.Context, t entitlement.TenantID) error {
	for {
		jobs, err := e.Store.DueJobsOf(ctx, t, e.realNow(), 100)
		if err != nil || len(jobs) == 0 {
			return err
		}
		for _, job := range jobs {
			if err := e.Perform(ctx, job); err != nil {
				return err
			}
		}
	}
}

// MoveClock sets the clock of a tenant ahead of the real one by what change returns when
// it is given the present offset, and returns the tenant's time after it. Jobs that fall
// due by it are the caller's to run.
func (e *Engine) MoveClock(ctx context.Context, t entitlement.TenantID, change func(now time.Time, offset time.Duration) (time.Duration, error)) (time.Time, error) {
	var after time.Time
	err := e.Store.Update(ctx, t, func(tx *store.Tx) error {
		tenant, err := tx.Tenant.Get(ctx)
		if err != nil {
			return err
		}
		real := e.realNow()
		offset, err := change(real.Add(tenant.ClockOffset), tenant.ClockOffset)
		if err != nil {
			return err
		}
		e.kept.forgetAll(t)
		offset = offset.Truncate(time.Microsecond) // as precise as what is stored
		after = real.Add(offset)
		return tx.Tenant.SetClockOffset(ctx, offset)
	})
	return after, explain(err)
}
