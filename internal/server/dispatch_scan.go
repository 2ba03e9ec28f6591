package server

import (
	"context"
	"time"

	"anteroom/internal/store"
)

// page is how many jobs a scan looks for at a time beside those that are in memory.
const page = 500

// loop asks the store for jobs at the moments at which there may be some.
func (d *Dispatcher) loop() {
	defer close(d.ended)
	failures := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-d.quit:
			return
		case <-d.wake:
		case <-timer.C:
		}
		if err := d.round(); err != nil {
			failures++
			pause := growing(failures, d.FirstRetry, d.LastRetry)
			d.Logger.Warn("the store could not be asked for jobs", "error", err, "failures", failures)
			select {
			case <-d.quit:
				return
			case <-time.After(pause):
			}
			d.wakeLoop()
			continue
		}
		failures = 0
		timer.Reset(d.untilNext())
	}
}

// round asks the store for all that may be due now.
func (d *Dispatcher) round() error {
	now := d.Now()
	d.mu.Lock()
	d.watchClock(now)
	if d.lookAt.Sub(now) > d.Poll { // the clock was set back
		d.lookAt = time.Time{}
	}
	d.unpark(now)
	d.resumeAfterTrouble(now)
	d.beginHeld()
	all := !d.lookAt.After(now) || (!d.next.IsZero() && !d.next.After(now))
	var lanes []string
	for name, l := range d.lanes {
		if l.rescan && len(l.queue) <= d.Queue/2 && d.waiting < d.Waiting {
			lanes = append(lanes, name)
		}
	}
	d.mu.Unlock()
	if all {
		return d.scanAll(d.ctx, now)
	}
	for _, name := range lanes {
		if err := d.scanLane(d.ctx, name, now); err != nil {
			return err
		}
	}
	return nil
}

// untilNext returns how long the loop may sleep.
func (d *Dispatcher) untilNext() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.lookAt
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	sooner(d.next)
	if w := d.clock.heldUntil; w != 0 {
		sooner(d.Now().Add(w - d.Elapsed()))
	}
	for _, c := range d.parked {
		sooner(c.until)
	}
	if d.trouble.failures > 0 && !d.trouble.probing && d.waiting > 0 {
		sooner(d.trouble.until)
	}
	return min(max(0, at.Sub(d.Now())), d.Poll)
}

// unpark lets jobs be found again whose wait after a failure is over. What is not found
// by the next round is forgotten.
func (d *Dispatcher) unpark(now time.Time) {
	for key, c := range d.parked {
		switch {
		case c.until.After(now):
		case d.claims[key] == c:
			d.release(c)
			d.lane(c.job.Lane).rescan = true
			d.progressed()
		default:
			delete(d.parked, key)
		}
	}
}

// resumeAfterTrouble begins a job where the store is to be tried again.
func (d *Dispatcher) resumeAfterTrouble(now time.Time) {
	if d.trouble.failures == 0 || d.trouble.holds(now) {
		return
	}
	for _, l := range d.lanes {
		d.fill(l)
	}
}

// scanAll takes in what is due at a time in all lanes that have room, and learns when the
// next job falls due. The time is one at which the clock was watched: it may have jumped
// since.
func (d *Dispatcher) scanAll(ctx context.Context, now time.Time) error {
	d.scans.Lock()
	defer d.scans.Unlock()
	d.mu.Lock()
	d.next, d.scanned, d.lookAt = time.Time{}, later(d.scanned, d.Now()), now.Add(d.Poll)
	for _, l := range d.lanes {
		l.rescan = false
	}
	due := func(limit int) ([]store.Job, error) { return d.source.DueJobs(ctx, now, d.fullLanes(), limit) }
	if d.restored { // what is held may be all that waits, and an operator may take hours
		due = func(limit int) ([]store.Job, error) { return d.source.DueJobsLike(ctx, notHeld, now, limit) }
	}
	d.mu.Unlock()
	for more := true; more; {
		var err error
		more, err = d.scan(due)
		if err != nil {
			d.missed()
			return err
		}
	}
	next, err := d.source.NextDue(ctx, now)
	if err != nil {
		d.missed()
		return err
	}
	if !next.IsZero() {
		d.mu.Lock()
		d.dueAt(next)
		d.mu.Unlock()
	}
	return nil
}

// missed sees to it that a scan of all lanes that failed is made again.
func (d *Dispatcher) missed() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lookAt = time.Time{}
}

// fullLanes lists the lanes that have no room; they are scanned again when they have.
func (d *Dispatcher) fullLanes() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for name, l := range d.lanes {
		if len(l.queue) >= d.Queue {
			l.rescan = true
			names = append(names, name)
		}
	}
	return names
}

// scanLane takes in what is due at a time in one lane.
func (d *Dispatcher) scanLane(ctx context.Context, name string, now time.Time) error {
	d.scans.Lock()
	defer d.scans.Unlock()
	d.mu.Lock()
	l := d.lane(name)
	l.rescan, l.scanned = false, d.Now()
	d.mu.Unlock()
	more, err := d.scan(func(limit int) ([]store.Job, error) { return d.source.DueJobsIn(ctx, name, now, limit) })
	d.mu.Lock()
	defer d.mu.Unlock()
	l = d.lane(name)
	if more || err != nil {
		l.rescan = true
		d.wakeLoop()
	}
	d.tidy(l)
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// scan reads one page of due jobs and takes them in. Jobs that were let go after the
// reading began are not taken: it may have seen them as they were before. It reports
// whether there may be more. The caller holds d.scans.
func (d *Dispatcher) scan(read func(limit int) ([]store.Job, error)) (more bool, err error) {
	d.mu.Lock()
	limit := page + len(d.claims) + 2*d.heldDue // they come first, and must not hide what is not held
	d.released = make(map[store.JobKey]bool)
	d.mu.Unlock()
	jobs, err := read(limit)
	d.mu.Lock()
	defer d.mu.Unlock()
	gone := d.released
	d.released = nil
	taken, held := 0, 0
	for _, job := range jobs {
		if d.held(job) {
			held++
			continue
		}
		if gone[job.JobKey] {
			d.lane(job.Lane).rescan = true
			d.wakeLoop()
			continue
		}
		if c, ok := d.claims[job.JobKey]; ok && c.job.Attempt == job.Attempt && c.job.Args == job.Args {
			continue // what is being performed is this very job
		}
		if d.offer(job) {
			taken++
		}
	}
	more = err == nil && len(jobs) == limit && (taken > 0 || held > d.heldDue)
	d.heldDue = held
	return more, err
}
