package server

import "anteroom/internal/store"

// Hold keeps all jobs back but those that end access in time, until LetGo: the data was
// restored from a backup, and what goes out or gives something may have been done already
// after the backup was made, or decided otherwise. It is called before Start.
func (d *Dispatcher) Hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.restored = true
}

// LetGo ends what Hold began: everything that was held is performed now.
func (d *Dispatcher) LetGo() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.restored {
		d.restored = false
		d.lookAgainLocked()
	}
}

// Restored reports whether jobs are held back because the data was restored.
func (d *Dispatcher) Restored() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.restored
}

// notHeld is the kind of the jobs that are not held after a restore.
const notHeld = store.JobWake

// heldRestored reports whether a job waits until an operator releases it. Access that ends
// must end: taking away what somebody should have kept can be mended, the other way round it
// cannot. The caller holds d.mu.
func (d *Dispatcher) heldRestored(job store.Job) bool { return d.restored && job.Kind != notHeld }
