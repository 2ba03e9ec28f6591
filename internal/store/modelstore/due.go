package modelstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// DueJobs implements store.Store.
func (s *Store) DueJobs(ctx context.Context, now time.Time, without []string, limit int) ([]store.Job, error) {
	return s.due(ctx, now, limit, func(job *store.Job) bool { return !slices.Contains(without, job.Lane) })
}

// DueJobsOf implements store.Store.
func (s *Store) DueJobsOf(ctx context.Context, t entitlement.TenantID, now time.Time, limit int) ([]store.Job, error) {
	list, err := s.due(ctx, now, limit, func(job *store.Job) bool { return job.Tenant == t })
	if err != nil || len(list) > 0 {
		return list, err
	}
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	if s.state.find(t) == nil {
		err = fmt.Errorf("%w: tenant %s", store.ErrNotFound, t)
	}
	return nil, err
}

// DueJobsIn implements store.Store.
func (s *Store) DueJobsIn(ctx context.Context, lane string, now time.Time, limit int) ([]store.Job, error) {
	return s.due(ctx, now, limit, func(job *store.Job) bool { return job.Lane == lane })
}

// DueJobsLike implements store.Store.
func (s *Store) DueJobsLike(ctx context.Context, kind store.JobKind, now time.Time, limit int) ([]store.Job, error) {
	return s.due(ctx, now, limit, func(job *store.Job) bool { return job.Kind == kind })
}

// due lists jobs that are due and wanted, the one due first first.
func (s *Store) due(ctx context.Context, now time.Time, limit int, wanted func(*store.Job) bool) ([]store.Job, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	var list []store.Job
	for key, job := range s.state.due.from(dueKey{due: math.MinInt64}) {
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
	if err := s.lock(ctx); err != nil {
		return time.Time{}, err
	}
	defer s.unlock()
	for key := range s.state.due.from(dueKey{due: now.UnixMicro() + 1}) {
		return time.UnixMicro(key.due).UTC(), nil
	}
	return time.Time{}, nil
}
