package sqlstore

import "time"

// Stats are figures in memory about a Store at work.
type Stats struct {
	InUse, Idle, MostOpen int // connections that read
	Queue, MostQueue      int // changes that wait to be written
}

// Stats returns the figures as they are now. It waits for nothing.
func (s *Store) Stats() Stats {
	return Stats{
		InUse: len(s.readers.room), Idle: len(s.readers.idle), MostOpen: cap(s.readers.room),
		Queue: len(s.writer.queue), MostQueue: cap(s.writer.queue),
	}
}

// observe tells who wants to know how a commit went that began at a time.
func (w *writer) observe(changes int, began time.Time, err *error) {
	if w.onCommit != nil {
		w.onCommit(changes, time.Since(began), *err)
	}
}
