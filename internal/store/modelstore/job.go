package modelstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// jobKey is the key of a job: jobs of one thing stand together.
type jobKey struct {
	tenant int
	ref    entitlement.ID
	kind   store.JobKind
	n      int
}

func (k jobKey) compare(other jobKey) int {
	if c := cmp.Compare(k.tenant, other.tenant); c != 0 {
		return c
	}
	if c := strings.Compare(string(k.ref), string(other.ref)); c != 0 {
		return c
	}
	if c := strings.Compare(string(k.kind), string(other.kind)); c != 0 {
		return c
	}
	return cmp.Compare(k.n, other.n)
}

// dueKey is the place of a job in the order in which jobs fall due.
type dueKey struct {
	due int64 // in microseconds
	job jobKey
}

func (k dueKey) compare(other dueKey) int {
	if c := cmp.Compare(k.due, other.due); c != 0 {
		return c
	}
	return k.job.compare(other.job)
}

// jobs is a transaction's view of the jobs.
type jobs struct{ *txn }

func (j jobs) key(key store.JobKey) jobKey {
	return jobKey{j.tenant.number, key.Ref, key.Kind, key.N}
}

// Put implements store.Jobs.
func (j jobs) Put(_ context.Context, list ...store.Job) error {
	if err := j.writes(); err != nil {
		return err
	}
	j.put(list...)
	return nil
}

func (j jobs) put(list ...store.Job) {
	for _, job := range list {
		job.Tenant, job.Due = j.tenant.self.ID, micro(job.Due)
		j.set(j.key(job.JobKey), new(job))
	}
}

// set puts a job in the place of the one with the key, or nil for none, and reports whether
// there was one.
func (j jobs) set(key jobKey, job *store.Job) bool {
	was, there := j.state.jobs.get(key)
	j.replace(key, was, job)
	j.undo = append(j.undo, func() { j.replace(key, job, was) })
	return there
}

func (j jobs) replace(key jobKey, was, now *store.Job) {
	if was != nil {
		j.state.jobs.remove(j.owner, key)
		j.state.due.remove(j.owner, dueKey{was.Due.UnixMicro(), key})
	}
	if now != nil {
		j.state.jobs.put(j.owner, key, now)
		j.state.due.put(j.owner, dueKey{now.Due.UnixMicro(), key}, now)
	}
}

// Get implements store.Jobs.
func (j jobs) Get(ctx context.Context, key store.JobKey) (*store.Job, error) {
	if err := j.reads(ctx); err != nil {
		return nil, err
	}
	job, there := j.state.jobs.get(j.key(key))
	if !there {
		return nil, fmt.Errorf("%w: job %s %s %d", store.ErrNotFound, key.Kind, key.Ref, key.N)
	}
	return new(*job), nil
}

// Held implements store.Jobs: there is no other process.
func (j jobs) Held(ctx context.Context, key store.JobKey) (*store.Job, error) { return j.Get(ctx, key) }

// Take implements store.Jobs.
func (j jobs) Take(ctx context.Context, key store.JobKey) error {
	there, err := j.Delete(ctx, key)
	if err == nil && !there {
		err = fmt.Errorf("%w: job %s %s %d", store.ErrNotHeld, key.Kind, key.Ref, key.N)
	}
	if j.failure == nil {
		j.failure = err
	}
	return err
}

// Delete implements store.Jobs.
func (j jobs) Delete(_ context.Context, key store.JobKey) (bool, error) {
	if err := j.writes(); err != nil {
		return false, err
	}
	return j.set(j.key(key), nil), nil
}

// DeleteKinds implements store.Jobs.
func (j jobs) DeleteKinds(_ context.Context, ref entitlement.ID, n int, kinds ...store.JobKind) error {
	if err := j.writes(); err != nil {
		return err
	}
	for _, kind := range kinds {
		j.set(j.key(store.JobKey{Kind: kind, Ref: ref, N: n}), nil)
	}
	return nil
}

// DeleteOf implements store.Jobs.
func (j jobs) DeleteOf(_ context.Context, ref entitlement.ID) error {
	if err := j.writes(); err != nil {
		return err
	}
	for _, job := range j.of(ref) {
		j.set(j.key(job.JobKey), nil)
	}
	return nil
}

// Of implements store.Jobs.
func (j jobs) Of(ctx context.Context, ref entitlement.ID) ([]store.Job, error) {
	if err := j.reads(ctx); err != nil {
		return nil, err
	}
	list := j.of(ref)
	slices.SortStableFunc(list, func(a, b store.Job) int { return a.Due.Compare(b.Due) })
	return list, nil
}

// of lists the jobs about ref in the order of their keys.
func (j jobs) of(ref entitlement.ID) (list []store.Job) {
	for key, job := range j.state.jobs.from(jobKey{tenant: j.tenant.number, ref: ref}) {
		if key.tenant != j.tenant.number || key.ref != ref {
			break
		}
		list = append(list, *job)
	}
	return list
}
