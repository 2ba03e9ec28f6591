package engine

import (
	"context"
	"slices"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// work is what one transaction does: it gathers the jobs and the records that go with the
// changes, and stores them at the end.
type work struct {
	*Engine
	ctx    context.Context
	tx     *store.Tx
	by     entitlement.Actor
	now    time.Time     // the tenant's
	offset time.Duration // of the tenant's clock

	jobs    []store.Job
	records []*entitlement.Record
	told    []store.Job // jobs that were stored already and have to be announced
	// served counts whom automatic policies serve, once that was asked.
	served map[entitlement.ID]int
}

func (e *Engine) work(ctx context.Context, tx *store.Tx, by entitlement.Actor) (work, error) {
	t, err := tx.Tenant.Get(ctx)
	if err != nil {
		return work{}, err
	}
	return work{Engine: e, ctx: ctx, tx: tx, by: by, now: e.realNow().Add(t.ClockOffset), offset: t.ClockOffset}, nil
}

// key makes the key of a job about ref.
func (w *work) key(kind store.JobKind, ref entitlement.ID, n int) store.JobKey {
	return store.JobKey{Tenant: w.by.Tenant, Kind: kind, Ref: ref, N: n}
}

// later leaves a job for a time on the tenant's clock. Its due time is a real one: the
// tenant's clock less its offset.
func (w *work) later(job store.Job, at time.Time) {
	job.Due = at.Add(-w.offset)
	w.jobs = append(w.jobs, job)
}

// drop removes the jobs of those kinds about ref with the number n, also those that were not
// stored yet.
func (w *work) drop(ref entitlement.ID, n int, kinds ...store.JobKind) error {
	w.jobs = slices.DeleteFunc(w.jobs, func(job store.Job) bool {
		return job.Ref == ref && job.N == n && slices.Contains(kinds, job.Kind)
	})
	return w.tx.Jobs.DeleteKinds(w.ctx, ref, n, kinds...)
}

// flush stores jobs and records.
func (w *work) flush() error {
	if len(w.jobs) > 0 {
		if err := w.tx.Jobs.Put(w.ctx, w.jobs...); err != nil {
			return err
		}
		w.told, w.jobs = append(w.told, w.jobs...), nil
	}
	if err := w.tx.History.Append(w.ctx, w.records...); err != nil {
		return err
	}
	w.records = nil
	return nil
}

// record begins a record of a change of something.
func (w *work) record(kind rules.Kind, ref entitlement.ID, action string, by entitlement.Actor) *entitlement.Record {
	rec := &entitlement.Record{
		At: w.now, Kind: string(kind), Ref: ref, Action: action,
		By: entitlement.RecordActorOf(by), CorrelationID: w.by.RequestID,
	}
	w.records = append(w.records, rec)
	return rec
}

// actionNote is the action of a record that tells of no change of its own: it has a name
// in the audit log for part of what another record tells.
const actionNote = "note"

// annotate gives a record, and one more for each further name, the names under which the
// audit log shows an event. What follows from what somebody asked is the server's.
func (w *work) annotate(rec *entitlement.Record, effects []lifecycle.Effect, follows entitlement.Actor) {
	about := rec.Targets
	for _, eff := range effects {
		if eff.Kind != lifecycle.Note {
			continue
		}
		to := rec
		if rec.Activity != "" {
			to = w.record(rules.Kind(rec.Kind), rec.Ref, actionNote, follows)
			to.Targets, to.OnBehalfOf, to.Callout = about, rec.OnBehalfOf, rec.Callout
		}
		to.Activity, to.Result = eff.Activity, eff.Result
		if eff.Activity == entitlement.ActivityAddApprover {
			to.Targets = nil
			for _, id := range askedIn(effects) {
				to.Targets = append(to.Targets, entitlement.RecordTarget{ID: id, Kind: "User"})
			}
			to.Targets = append(to.Targets, about...)
		}
		if to.Detail == "" {
			to.Detail = eff.Detail
		}
	}
}

// askedIn are the people whom effects let decide, at most as many as an audit shows.
func askedIn(effects []lifecycle.Effect) []entitlement.ID {
	for _, eff := range effects {
		if eff.Kind == lifecycle.AskApprovers {
			return eff.To[:min(len(eff.To), 20)]
		}
	}
	return nil
}
