package server

import (
	"bytes"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"anteroom/internal/store"
)

// A clock that jumps ends nothing at once: timers wait for one interval, and somebody is
// told; what is no timer is done meanwhile (P15 of the promises).
func TestTimersWaitAfterTheClockJumped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var ahead atomic.Int64
		start := time.Now()
		now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		source := newJobs()
		key := func(kind store.JobKind) store.JobKey {
			return store.JobKey{Tenant: "t", Kind: kind, Ref: "r", N: 1}
		}
		source.put(
			store.Job{JobKey: key(store.JobTimeout), Due: start.Add(24 * time.Hour)},
			store.Job{JobKey: key(store.JobWake), Due: start.Add(25 * time.Hour)},
			store.Job{JobKey: key(store.JobNotice), Due: start.Add(26 * time.Hour)},
		)
		d := NewDispatcher(source, source, DispatcherOptions{
			Now: now, MaxJump: 5 * time.Minute, Poll: time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Elapsed: func() time.Duration { return time.Since(start) },
		})
		d.Start()
		<-time.After(3*time.Minute + 30*time.Second) // nothing is due, nothing jumps
		ahead.Store(int64(48 * time.Hour))
		<-time.After(time.Minute) // it was looked at half a minute ago
		synctest.Wait()
		done := func(kind store.JobKind) int {
			source.mu.Lock()
			defer source.mu.Unlock()
			return source.done[key(kind)]
		}
		if done(store.JobTimeout)+done(store.JobWake) != 0 || done(store.JobNotice) != 1 {
			t.Errorf("after the jump: timeout %d, wake %d, notice %d", done(store.JobTimeout), done(store.JobWake), done(store.JobNotice))
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if done(store.JobTimeout) != 1 || done(store.JobWake) != 1 {
			t.Errorf("an interval later: timeout %d, wake %d", done(store.JobTimeout), done(store.JobWake))
		}
		d.Stop(t.Context())
		if text := log.String(); strings.Count(text, "jumped; timers are held back") != 1 || strings.Count(text, "timers run again") != 1 {
			t.Errorf("the log says\n%s", text)
		}
		if s := d.Stats(); s.ClockJumps != 1 || s.TimersHeld || s.Running+s.Waiting+s.Parked != 0 {
			t.Errorf("the figures say %+v", s)
		}
	})
}

// One of several processes looks at the store every second, and holds its timers back for
// long enough to be seen all the same.
func TestTimersWaitWhereThePollIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var ahead atomic.Int64
		source := newJobs()
		key := store.JobKey{Tenant: "t", Kind: store.JobTimeout, Ref: "r", N: 1}
		source.put(store.Job{JobKey: key, Due: start.Add(24 * time.Hour)})
		d := NewDispatcher(source, source, DispatcherOptions{
			Now:     func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
			MaxJump: 5 * time.Minute, Poll: time.Second, Elapsed: func() time.Duration { return time.Since(start) },
		})
		d.Start()
		<-time.After(time.Minute)
		ahead.Store(int64(48 * time.Hour))
		for _, want := range []int{0, 1} {
			<-time.After(20 * time.Second)
			synctest.Wait()
			source.mu.Lock()
			if n := source.done[key]; n != want {
				t.Errorf("the timer ran %d times, want %d", n, want)
			}
			source.mu.Unlock()
		}
		d.Stop(t.Context())
	})
}
