package server

import (
	"time"

	"anteroom/internal/store"
)

// holdFor is for how long timers wait, at least, after the clock jumped: long enough for
// somebody to see it.
const holdFor = 30 * time.Second

// clockWatch notices when the real clock jumps: it compares how far the clock went with how
// much time passed, of which the clock of the process that only counts knows nothing wrong.
type clockWatch struct {
	wall   time.Time
	passed time.Duration
	// heldUntil is until when, on the clock that counts, no timer is let through; zero
	// while none is held.
	heldUntil time.Duration
	jumps     int // since the start
}

// watchClock looks at both clocks. After a jump of more than MaxJump timers wait for one
// interval, or holdFor where that is longer, and somebody is told: a clock that was set wrong must not end everything at
// once before anybody can see it. The caller holds d.mu.
func (d *Dispatcher) watchClock(now time.Time) {
	if d.MaxJump <= 0 {
		return
	}
	passed := d.Elapsed()
	w := &d.clock
	if w.heldUntil != 0 && passed >= w.heldUntil {
		w.heldUntil = 0
		d.lookAt = time.Time{}
		d.Logger.Warn("timers run again after the real clock jumped", "now", now.UTC())
	}
	if !w.wall.IsZero() {
		jump := now.Sub(w.wall) - (passed - w.passed)
		if jump > d.MaxJump || jump < -d.MaxJump {
			wait := max(d.Poll, holdFor)
			w.heldUntil = passed + wait
			w.jumps++
			d.Logger.Error("the real clock jumped; timers are held back", "jump", jump.Round(time.Second).String(), "now", now.UTC(), "for", wait.String())
		}
	}
	w.wall, w.passed = now.Round(0), passed
}

// held reports whether a job has to wait because the data was restored, or, where it is a
// timer, because the clock jumped. It stays in the store. The caller holds d.mu.
func (d *Dispatcher) held(job store.Job) bool {
	if d.heldRestored(job) {
		return true
	}
	if d.clock.heldUntil == 0 {
		return false
	}
	switch job.Kind {
	case store.JobTimeout, store.JobWake, store.JobLeaver, store.JobPurge:
		return true
	}
	return false
}
