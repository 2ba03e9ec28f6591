package sqlstore

import "time"

// Stats are figures in memory about a Store at work.
type Stats struct {
	InUse, Idle, MostOpen int // connections that read
	Queue, MostQueue      int // changes that wait to be written
}

// Stats returns the figures as they are now. It waits for nothing.
func (s *Store) Stats() Stats {
	st := Stats{InUse: len(s.readers.room), Idle: len(s.readers.idle), MostOpen: cap(s.readers.room)}
	for _, w := range s.writers {
		st.Queue += len(w.queue)
		st.MostQueue += cap(w.queue)
	}
	return st
}

// observe tells who wants to know how a commit went that began at a time.
func (w *writer) observe(changes int, began time.Time, err *error) {
	if w.onCommit != nil {
		w.onCommit(changes, time.Since(began), *err)
	}
}
