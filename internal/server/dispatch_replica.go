package server

// Wake tells the dispatcher that there may be jobs in the store that it was not told of:
// another process on the same store has left them. It does not block.
func (d *Dispatcher) Wake() { d.lookAgain() }

// Forget drops the jobs that were not begun yet: they are somebody else's now. What runs
// goes on; its outcome is refused by the store. It does not block.
func (d *Dispatcher) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.lanes {
		for _, c := range l.queue {
			d.waiting--
			d.release(c)
		}
		l.queue = nil
	}
	d.progressed()
}

// beginHeld begins what could not be begun while it was not sure that it is this process's
// to do. The caller holds d.mu.
func (d *Dispatcher) beginHeld() {
	for _, l := range d.lanes {
		d.fill(l)
	}
}
