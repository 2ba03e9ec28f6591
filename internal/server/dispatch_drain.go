package server

import (
	"context"
	"errors"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// errStopped is returned to who waits for jobs that are not begun any more.
var errStopped = errors.New("server: it is shutting down")

// Drain performs everything of a tenant that is due and not held, with what is being performed already
// and what falls due because of it, and returns when nothing is left.
func (d *Dispatcher) Drain(ctx context.Context, t entitlement.TenantID) error {
	for {
		step := d.watch() // before the store is read, so that nothing slips between
		if step == nil {
			return errStopped
		}
		due, err := d.scanTenant(ctx, t)
		if err != nil {
			return err
		}
		if due == 0 && !d.busy(t) {
			d.lookAgain()
			return nil
		}
		select {
		case <-step:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// scanTenant takes in what is due of a tenant and not held, and returns how much that was.
func (d *Dispatcher) scanTenant(ctx context.Context, t entitlement.TenantID) (int, error) {
	d.scans.Lock()
	defer d.scans.Unlock()
	now, due := d.Now(), 0
	d.mu.Lock()
	d.scanned = later(d.scanned, now)
	d.mu.Unlock()
	for more := true; more; {
		var err error
		more, err = d.scan(func(limit int) ([]store.Job, error) {
			jobs, err := d.source.DueJobsOf(ctx, t, now, limit)
			due = len(jobs)
			return jobs, err
		})
		if err != nil {
			return 0, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return due - d.heldDue, nil
}

// lookAgain has the loop learn anew when the next job falls due: moving a clock moves
// the due times of a tenant's jobs.
func (d *Dispatcher) lookAgain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lookAgainLocked()
}

func (d *Dispatcher) lookAgainLocked() {
	d.lookAt = time.Time{}
	d.wakeLoop()
}

// watch returns a channel that is closed when something has been performed, or nil after
// Stop.
func (d *Dispatcher) watch() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return nil
	}
	if d.progress == nil {
		d.progress = make(chan struct{})
	}
	return d.progress
}

// busy reports whether jobs of the tenant are in memory.
func (d *Dispatcher) busy(t entitlement.TenantID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byTenant[t] > 0
}

// progressed tells those who wait that something has happened.
func (d *Dispatcher) progressed() {
	if d.progress != nil {
		close(d.progress)
		d.progress = nil
	}
}
