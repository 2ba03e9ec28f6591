package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"anteroom/internal/store"
)

// hangLimit ends tests that hang; nothing waits for it otherwise.
const hangLimit = 20 * time.Second

func TestDispatcherStartsWithWhatIsDue(t *testing.T) {
	s := newJobs()
	now := time.Now()
	for i := range 50 {
		s.put(job("t", "a", i, now.Add(-time.Hour)))
	}
	s.put(job("t", "", 1, now.Add(30*time.Millisecond)), job("t", "", 2, now.Add(time.Hour)))
	begin(t, s, DispatcherOptions{})
	s.until(t, "what was due, and what fell due", func() bool { return len(s.done) == 51 })
}

func TestDispatcherPerformsAnnouncedJobsOfTheFuture(t *testing.T) {
	s := newJobs()
	d := begin(t, s, DispatcherOptions{})
	j := job("t", "", 1, time.Now().Add(20*time.Millisecond))
	s.put(j)
	d.Announce([]store.Job{j})
	s.until(t, "the timer", func() bool { return s.done[j.JobKey] == 1 })
}

func TestDispatcherOverflow(t *testing.T) {
	s := newJobs()
	d := begin(t, s, DispatcherOptions{PerLane: 3, Queue: 10, Waiting: 25})
	const each = 400
	for i := range each {
		for _, lane := range []string{"a", "b", "c", ""} {
			j := job("t", lane, i, time.Now())
			s.put(j)
			d.Announce([]store.Job{j})
		}
	}
	s.until(t, "all jobs", func() bool { return len(s.rows) == 0 })
	for key, n := range s.done {
		if n != 1 {
			t.Errorf("%v was performed %d times", key, n)
		}
	}
}

// TestDispatcherOnce announces jobs late, while scans may have found them already.
func TestDispatcherOnce(t *testing.T) {
	s := newJobs()
	d := begin(t, s, DispatcherOptions{PerLane: 4, Queue: 50})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 500 {
				j := job("t", fmt.Sprint("lane", i%3), w*1000+i, time.Now())
				s.put(j)
				if i%7 == 0 {
					if err := d.Drain(t.Context(), "t"); err != nil {
						t.Error(err)
					}
				}
				d.Announce([]store.Job{j})
			}
		})
	}
	wg.Wait()
	if err := d.Drain(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.done) != 2000 || len(s.rows) != 0 {
		t.Errorf("%d of 2000 jobs were performed, %d are left", len(s.done), len(s.rows))
	}
	for key, n := range s.done {
		if n != 1 {
			t.Errorf("%v was performed %d times", key, n)
		}
	}
}

func TestDispatcherLaneLimit(t *testing.T) {
	s := newJobs()
	var mu sync.Mutex
	now, most := 0, 0
	gate := make(chan struct{})
	s.do = func(context.Context, store.Job) error {
		mu.Lock()
		now++
		if most = max(most, now); now == 5 {
			select {
			case <-gate:
			default:
				close(gate)
			}
		}
		mu.Unlock()
		<-gate // until the lane is at its limit for the first time
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}
	d := begin(t, s, DispatcherOptions{PerLane: 5})
	for i := range 100 {
		j := job("t", "a", i, time.Now())
		s.put(j)
		d.Announce([]store.Job{j})
	}
	s.until(t, "all jobs", func() bool { return len(s.done) == 100 })
	if most != 5 {
		t.Errorf("%d jobs of a lane ran side by side, want 5", most)
	}
}

// TestDispatcherHangingEndpoints lets many endpoints hang, and looks whether another's
// jobs and timers are performed meanwhile.
func TestDispatcherHangingEndpoints(t *testing.T) {
	s := newJobs()
	s.do = func(ctx context.Context, j store.Job) error {
		if j.Lane != "" && j.Lane != "good" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	d := begin(t, s, DispatcherOptions{PerLane: 16, Global: 64, Queue: 20})
	for i := range 40 {
		for lane := range 16 {
			j := job("t", fmt.Sprint("bad", lane), i, time.Now())
			s.put(j)
			d.Announce([]store.Job{j})
		}
	}
	for i := range 100 {
		good, timer := job("t", "good", i, time.Now()), job("t", "", i, time.Now())
		s.put(good, timer)
		d.Announce([]store.Job{good, timer})
	}
	s.until(t, "jobs beside hanging ones", func() bool { return len(s.done) == 200 })
}

// TestDispatcherTenantsShare lets a tenant's endpoints hang, more of them than there is
// room for, and looks whether another tenant's endpoint is called meanwhile.
func TestDispatcherTenantsShare(t *testing.T) {
	s := newJobs()
	s.do = func(ctx context.Context, j store.Job) error {
		if j.Tenant == "greedy" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	d := begin(t, s, DispatcherOptions{PerLane: 16, Global: 64, Queue: 20})
	for lane := range 200 {
		j := job("greedy", fmt.Sprint("bad", lane), 0, time.Now())
		s.put(j)
		d.Announce([]store.Job{j})
	}
	for i := range 50 {
		j := job("modest", "good", i, time.Now())
		s.put(j)
		d.Announce([]store.Job{j})
	}
	s.until(t, "jobs of the other tenant", func() bool { return len(s.done) == 50 })
}

func TestDispatcherRetries(t *testing.T) {
	s := newJobs()
	tries := make(map[string]int)
	s.do = func(_ context.Context, j store.Job) error {
		s.mu.Lock()
		tries[j.Lane]++
		n := tries[j.Lane]
		s.mu.Unlock()
		switch {
		case j.Lane == "panics" && n < 3:
			panic("on purpose")
		case j.Lane == "fails" && n < 4:
			return errors.New("on purpose")
		case j.Lane == "" && n < 4:
			return fmt.Errorf("on purpose: %w", store.ErrUnavailable)
		}
		return nil
	}
	d := begin(t, s, DispatcherOptions{FirstRetry: time.Millisecond, LastRetry: 4 * time.Millisecond})
	for _, lane := range []string{"panics", "fails", ""} {
		j := job("t", lane, 1, time.Now())
		s.put(j)
		d.Announce([]store.Job{j})
	}
	if err := d.Drain(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	if len(s.done) != 3 || d.Panics() != 2 {
		t.Errorf("done %v, %d panics; want 3 jobs done and 2 panics", s.done, d.Panics())
	}
	if n := len(d.parked) + len(d.claims); n != 0 {
		t.Errorf("%d jobs are still in memory", n)
	}
}

// TestDispatcherTrouble lets the store take nothing for a while: jobs must not run into
// it one after another.
func TestDispatcherTrouble(t *testing.T) {
	s := newJobs()
	tries, down := 0, true
	s.do = func(context.Context, store.Job) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if tries++; tries == 12 {
			down = false
		}
		if down {
			return store.ErrUnavailable
		}
		return nil
	}
	for i := range 200 {
		s.put(job("t", "a", i, time.Now().Add(-time.Second)))
	}
	begin(t, s, DispatcherOptions{PerLane: 4, FirstRetry: time.Millisecond, LastRetry: 4 * time.Millisecond})
	s.until(t, "all jobs", func() bool { return len(s.done) == 200 })
	if tries != 211 {
		t.Errorf("%d tries; want 200 and the 11 that failed", tries)
	}
}

func TestDispatcherDrainFollowsChains(t *testing.T) {
	s := newJobs()
	var d *Dispatcher
	s.do = func(_ context.Context, j store.Job) error {
		if j.N < 5 {
			next := j
			next.N++
			next.Due = time.Now()
			s.put(next)
			d.Announce([]store.Job{next})
		}
		return nil
	}
	d = begin(t, s, DispatcherOptions{})
	s.put(job("one", "a", 1, time.Now().Add(-time.Second)), job("one", "", 1, time.Now().Add(time.Hour)))
	if err := d.Drain(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.done) != 6 || len(s.rows) != 1 {
		t.Errorf("%d jobs done, %d left; want 6 and 1", len(s.done), len(s.rows))
	}
}

func TestDispatcherStop(t *testing.T) {
	s := newJobs()
	begun := make(chan struct{}, 2)
	finish := make(chan struct{})
	s.do = func(ctx context.Context, j store.Job) error {
		begun <- struct{}{}
		if j.Lane == "hangs" {
			<-ctx.Done()
			return ctx.Err()
		}
		<-finish
		return nil
	}
	d := NewDispatcher(s, s, DispatcherOptions{PerLane: 1})
	d.Start()
	for i, lane := range []string{"hangs", "ends", "ends"} {
		j := job("t", lane, i, time.Now())
		s.put(j)
		d.Announce([]store.Job{j})
	}
	<-begun
	<-begun
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		d.Stop(ctx)
		close(stopped)
	}()
	<-d.quit
	close(finish)
	s.until(t, "the job that can end", func() bool { return len(s.done) == 1 })
	cancel()
	select {
	case <-stopped:
	case <-time.After(hangLimit):
		t.Fatal("Stop did not return")
	}
	if len(s.rows) != 2 {
		t.Errorf("%d jobs are left, want 2: the one that hung and the one that was not begun", len(s.rows))
	}
	if err := d.Drain(t.Context(), "t"); err == nil {
		t.Error("Drain after Stop succeeded")
	}
}
