package engine

import (
	"context"
	"errors"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// defaultRetention is how long a finished request is kept (graph: service limits).
const defaultRetention = 90 * 24 * time.Hour

// keyRetention is how long the answer to an Idempotency-Key is kept.
const keyRetention = 24 * time.Hour

// purgeEvery is how often what was kept for long enough is looked for, and purgePage how
// much of it one transaction removes.
const (
	purgeEvery = 24 * time.Hour
	purgePage  = 50
)

// purgeJob is the job of a tenant that removes what was kept for long enough.
func purgeJob(t entitlement.TenantID, due time.Time) store.Job {
	return store.Job{JobKey: store.JobKey{Tenant: t, Kind: store.JobPurge, Ref: entitlement.ID(t)}, Due: due}
}

// performPurge removes a page of requests that were finished long ago, with who was asked
// to approve them, and of idempotency keys. The history stays.
func (e *Engine) performPurge(ctx context.Context, job store.Job) error {
	var next store.Job
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		now, err := e.now(ctx, tx)
		if err != nil {
			return err
		}
		ed := &edit{Engine: e, ctx: ctx, tx: tx, by: entitlement.System(job.Tenant), now: now}
		requests, err := ed.purgeRequests()
		if err != nil {
			return err
		}
		keys, err := ed.purgeKeys()
		if err != nil {
			return err
		}
		due := e.realNow()
		if requests < purgePage && keys < purgePage {
			due = due.Add(purgeEvery)
		}
		next = purgeJob(job.Tenant, due)
		return tx.Jobs.Put(ctx, next)
	})
	if err == nil {
		e.OnJobs([]store.Job{next})
	}
	return err
}

func (ed *edit) purgeRequests() (int, error) {
	old, err := ed.tx.Requests.List(ed.ctx, query.Query{
		Limit: purgePage, Order: []query.Order{{Path: "completedDateTime"}},
		Filter: &query.Compare{Path: "completedDateTime", Op: query.Lt, Value: ed.now.Add(-ed.RequestRetention)},
	})
	if err != nil {
		return 0, err
	}
	for _, r := range old {
		if err := ed.deleteRequest(r.ID); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// deleteRequest removes a finished request and who was asked to approve it. It never
// touches the assignment.
func (ed *edit) deleteRequest(id entitlement.ID) error {
	asked, err := ed.tx.Approvers.List(ed.ctx, query.Query{Filter: query.Equal("request/id", string(id))})
	if err != nil {
		return err
	}
	for _, a := range asked {
		if err := ed.tx.Approvers.Delete(ed.ctx, a.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return remove(ed, ed.tx.Requests, rules.Requests, id)
}

func (ed *edit) purgeKeys() (int, error) {
	old, err := ed.tx.IdempotencyKeys.List(ed.ctx, query.Query{
		Limit: purgePage, Order: []query.Order{{Path: "createdDateTime"}},
		Filter: &query.Compare{Path: "createdDateTime", Op: query.Lt, Value: ed.now.Add(-keyRetention)},
	})
	if err != nil {
		return 0, err
	}
	for _, k := range old {
		if err := ed.tx.IdempotencyKeys.Delete(ed.ctx, k.ID); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}
