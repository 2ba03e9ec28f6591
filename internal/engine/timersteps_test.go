package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/store"
)

// eachTimer runs a test for each kind of timer.
func eachTimer(t *testing.T, test func(t *testing.T, kind int)) {
	for kind := range timers {
		t.Run(timers[kind].name, func(t *testing.T) { test(t, kind) })
	}
}

// TestEachTimerComesOnceAndNeverEarly: not a microsecond.
func TestEachTimerComesOnceAndNeverEarly(t *testing.T) {
	eachTimer(t, func(t *testing.T, kind int) {
		c := newClockwork(t, kind)
		for _, at := range c.times() {
			c.goTo(at)
			found := c.timersDue(isTimer)
			if len(found) != 1 {
				t.Fatalf("at %s there are timers %v", at, found)
			}
			c.goTo(at - time.Microsecond)
			c.unchanged("a microsecond before "+at.String(), func() {
				c.perform()
				must(t, c.Perform(t.Context(), found[0])) // it was found before the clock was set back
			})
			c.check("a microsecond before")
			c.goTo(at)
			c.perform()
			c.check("in time")
			c.unchanged("once more at "+at.String(), func() {
				c.perform()
				must(t, c.Perform(t.Context(), found[0]))
				c.goTo(at + time.Microsecond)
				c.perform()
			})
		}
		c.goTo(80 * day)
		c.unchanged("long after", c.perform)
	})
}

// TestATimerThatIsLateComesOnce: the process was away when all of them were due.
func TestATimerThatIsLateComesOnce(t *testing.T) {
	eachTimer(t, func(t *testing.T, kind int) {
		for away := range (&clockwork{moments: timers[kind].moments}).times() {
			c := newClockwork(t, kind)
			c.goTo(c.times()[away] + day)
			c.perform()
			c.check("late")
			c.goTo(80 * day)
			c.perform()
			c.check("later")
		}
	})
}

var steps = []time.Duration{-day, -time.Hour, -time.Second, -time.Microsecond, 0, time.Second, time.Hour, day}

// TestAClockThatStepsRepeatsNothing lets the clock step between jobs, and keeps jobs that
// were found before it did. A failure names its seed.
func TestAClockThatStepsRepeatsNothing(t *testing.T) {
	eachTimer(t, func(t *testing.T, kind int) {
		for seed := range uint64(clockSeeds) {
			c, rng := newClockwork(t, kind), rand.New(rand.NewPCG(seed, 15))
			var found []store.Job
			for range 60 {
				what := fmt.Sprintf("seed %d: %s", seed, c.stepClock(rng))
				found = append(found, c.timersDue(isTimer)...)
				if rng.IntN(2) == 0 {
					what += ", " + c.stepClock(rng)
				}
				c.may = max(c.may, c.at())
				for range min(3, len(found)) {
					must(t, c.Perform(t.Context(), found[rng.IntN(len(found))]))
				}
				c.check(what + ", jobs found before")
				if rng.IntN(2) == 0 {
					c.perform()
					c.check(what + ", jobs due")
				}
				if t.Failed() {
					t.FailNow()
				}
			}
			c.goTo(80 * day)
			c.perform()
			c.check("in the end")
		}
	})
}

// stepClock sets the real clock or the tenant's: close to a moment, or by a step.
func (c *clockwork) stepClock(rng *rand.Rand) string {
	step := steps[rng.IntN(len(steps))]
	switch rng.IntN(4) {
	case 0:
		if d := c.at() + step; d > -30*day {
			c.goTo(d)
		}
	case 1:
		c.move(step)
		c.offset += step
	default:
		times := c.times()
		next := slices.IndexFunc(times, func(at time.Duration) bool { return at > c.ran })
		if next < 0 {
			next = rng.IntN(len(times))
		}
		c.goTo(times[next] + step)
	}
	return fmt.Sprintf("to %s (offset %s)", c.at(), c.offset)
}

// TestAClockThatStepsWhileJobsRun lets it step at any instruction of a job.
func TestAClockThatStepsWhileJobsRun(t *testing.T) {
	eachTimer(t, func(t *testing.T, kind int) {
		for _, around := range []int{4, 6} { // the steps that do not reach the moment; those that do
			c := newClockwork(t, kind)
			c.store.once = true
			for _, at := range c.times() {
				c.goTo(at)
				found := c.timersDue(isTimer)
				c.goTo(at - time.Microsecond)
				c.may = max(c.may, at+slices.Max(steps[:around]))
				c.storm(at, steps[:around], found)
				c.check("after the storm")
				c.goTo(at + time.Second)
				c.perform()
				c.check("after it")
				if left := c.timersDue(isTimer); len(left) > 0 {
					t.Errorf("timers are left: %v", left)
				}
			}
		}
	})
}

// storm performs jobs side by side while the clock jumps about.
func (c *clockwork) storm(at time.Duration, steps []time.Duration, found []store.Job) {
	var over atomic.Bool
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; !over.Load(); i++ {
			c.goTo(at + steps[i%len(steps)])
		}
	}()
	together(4, func(int) {
		for range 100 / slower {
			jobs, err := c.Store.DueJobsOf(c.t.Context(), tenant, c.clock(), 10)
			if err != nil {
				c.t.Error(err)
			}
			for _, job := range slices.Concat(found, jobs) {
				if !isTimer(job.Kind) {
					continue
				}
				if err := c.Perform(c.t.Context(), job); err != nil {
					c.t.Error(err)
				}
			}
		}
	})
	over.Store(true)
	<-stopped
}
