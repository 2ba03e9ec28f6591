package server

// DispatcherStats are figures about a Dispatcher at work.
type DispatcherStats struct {
	Running, Waiting, Parked int // jobs being performed; about to be; put off after a failure
	Panics, ClockJumps       int // since the start
	TimersHeld               bool
}

// Stats returns the figures as they are now.
func (d *Dispatcher) Stats() DispatcherStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := DispatcherStats{
		Waiting: d.waiting, Parked: len(d.parked),
		Panics: d.panics, ClockJumps: d.clock.jumps, TimersHeld: d.clock.heldUntil != 0,
	}
	for _, l := range d.lanes {
		s.Running += l.running
	}
	return s
}
