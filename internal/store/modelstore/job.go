package modelstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

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
	j.put(list)
	return nil
}

func (j jobs) put(list []store.Job) {
	for _, job := range list {
		key := j.key(job.JobKey)
		j.remove(key)
		job.Tenant, job.Due = j.tenant.self.ID, micro(job.Due)
		kept := new(job)
		j.state.jobs.put(j.owner, key, kept)
		j.state.due.put(j.owner, dueKey{job.Due.UnixMicro(), key}, kept)
	}
}

func (j jobs) remove(key jobKey) bool {
	job, there := j.state.jobs.get(key)
	if there {
		j.state.jobs.remove(j.owner, key)
		j.state.due.remove(j.owner, dueKey{job.Due.UnixMicro(), key})
	}
	return there
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

// Delete implements store.Jobs.
func (j jobs) Delete(_ context.Context, key store.JobKey) (bool, error) {
	if err := j.writes(); err != nil {
		return false, err
	}
	return j.remove(j.key(key)), nil
}

// DeleteOf implements store.Jobs.
func (j jobs) DeleteOf(_ context.Context, ref entitlement.ID) error {
	if err := j.writes(); err != nil {
		return err
	}
	for _, job := range j.of(ref) {
		j.remove(j.key(job.JobKey))
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

// DueJobs implements store.Store.
func (s *Store) DueJobs(ctx context.Context, now time.Time, without []string, limit int) ([]store.Job, error) {
	return s.due(ctx, now, limit, func(job *store.Job) bool { return !slices.Contains(without, job.Lane) })
}

// DueJobsOf implements store.Store.
func (s *Store) DueJobsOf(ctx context.Context, t entitlement.TenantID, now time.Time, limit int) ([]store.Job, error) {
	if s.root.Load().find(t) == nil {
		return nil, fmt.Errorf("%w: tenant %s", store.ErrNotFound, t)
	}
	return s.due(ctx, now, limit, func(job *store.Job) bool { return job.Tenant == t })
}

// DueJobsIn implements store.Store.
func (s *Store) DueJobsIn(ctx context.Context, lane string, now time.Time, limit int) ([]store.Job, error) {
	return s.due(ctx, now, limit, func(job *store.Job) bool { return job.Lane == lane })
}

func (s *Store) due(ctx context.Context, now time.Time, limit int, wanted func(*store.Job) bool) (list []store.Job, err error) {
	at, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	for key, job := range at.due.from(dueKey{due: math.MinInt64}) {
		if key.due > now.UnixMicro() || len(list) >= limit {
			break
		}
		if wanted(job) {
			list = append(list, *job)
		}
	}
	return list, nil
}

// NextDue implements store.Store.
func (s *Store) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	at, err := s.read(ctx)
	if err != nil {
		return time.Time{}, err
	}
	for key := range at.due.from(dueKey{due: now.UnixMicro() + 1}) {
		return time.UnixMicro(key.due).UTC(), nil
	}
	return time.Time{}, nil
}
