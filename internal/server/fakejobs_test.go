package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// jobs is a store of jobs in memory, and performs them: each is removed when it is done.
type jobs struct {
	mu    sync.Mutex
	rows  map[store.JobKey]store.Job
	done  map[store.JobKey]int
	busy  map[store.JobKey]bool
	twice int // jobs that were performed while they were being performed
	reads int
	found int // jobs that were read
	// do, if set, is what performing means; its error leaves the job.
	do func(ctx context.Context, j store.Job) error
	// changed is signalled after each job.
	changed chan struct{}
}

func newJobs() *jobs {
	return &jobs{
		rows: make(map[store.JobKey]store.Job), done: make(map[store.JobKey]int),
		busy: make(map[store.JobKey]bool), changed: make(chan struct{}, 1),
	}
}

func (s *jobs) put(list ...store.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range list {
		s.rows[j.JobKey] = j
	}
}

func (s *jobs) find(limit int, keep func(store.Job) bool) []store.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	var list []store.Job
	for _, j := range s.rows {
		if keep(j) {
			list = append(list, j)
		}
	}
	slices.SortFunc(list, func(a, b store.Job) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Ref, b.Ref))
	})
	list = list[:min(limit, len(list))]
	s.found += len(list)
	return list
}

func (s *jobs) DueJobs(_ context.Context, now time.Time, without []string, limit int) ([]store.Job, error) {
	return s.find(limit, func(j store.Job) bool { return !j.Due.After(now) && !slices.Contains(without, j.Lane) }), nil
}

func (s *jobs) DueJobsOf(_ context.Context, t entitlement.TenantID, now time.Time, limit int) ([]store.Job, error) {
	return s.find(limit, func(j store.Job) bool { return !j.Due.After(now) && j.Tenant == t }), nil
}

func (s *jobs) DueJobsIn(_ context.Context, lane string, now time.Time, limit int) ([]store.Job, error) {
	return s.find(limit, func(j store.Job) bool { return !j.Due.After(now) && j.Lane == lane }), nil
}

func (s *jobs) DueJobsLike(_ context.Context, kind store.JobKind, now time.Time, limit int) ([]store.Job, error) {
	return s.find(limit, func(j store.Job) bool { return !j.Due.After(now) && j.Kind == kind }), nil
}

func (s *jobs) NextDue(_ context.Context, now time.Time) (time.Time, error) {
	list := s.find(1, func(j store.Job) bool { return j.Due.After(now) })
	if len(list) == 0 {
		return time.Time{}, nil
	}
	return list[0].Due, nil
}

func (s *jobs) Perform(ctx context.Context, j store.Job) error {
	s.mu.Lock()
	if s.busy[j.JobKey] {
		s.twice++
	}
	s.busy[j.JobKey] = true
	s.mu.Unlock()
	var err error
	defer func() {
		s.mu.Lock()
		delete(s.busy, j.JobKey)
		if err == nil {
			s.done[j.JobKey]++
			delete(s.rows, j.JobKey)
		}
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}()
	if s.do != nil {
		err = errors.New("a panic")
		err = s.do(ctx, j)
	}
	return err
}

// until waits until cond holds of the jobs.
func (s *jobs) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	limit := time.After(hangLimit)
	for {
		s.mu.Lock()
		ok := cond()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-s.changed:
		case <-limit:
			t.Fatalf("%s: not in %s", what, hangLimit)
		}
	}
}

func job(tenant, lane string, n int, due time.Time) store.Job {
	return store.Job{
		JobKey: store.JobKey{Tenant: entitlement.TenantID(tenant), Kind: store.JobCallout, Ref: entitlement.ID(fmt.Sprintf("%s-%06d", lane, n))},
		Lane:   lane, Due: due,
	}
}

// begin starts a dispatcher over the jobs and stops it when the test ends.
func begin(t *testing.T, s *jobs, opts DispatcherOptions) *Dispatcher {
	t.Helper()
	d := NewDispatcher(s, s, opts)
	d.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		d.Stop(ctx)
		if s.twice > 0 {
			t.Errorf("%d jobs were performed twice at once", s.twice)
		}
	})
	return d
}
