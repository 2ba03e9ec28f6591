package server

import (
	"context"
	"errors"
	"time"

	"anteroom/internal/store"
)

// releaseEvery is how often a server on restored data looks whether it was released.
const releaseEvery = time.Second

// restoredNote is what /readyz says meanwhile.
const restoredNote = "the data was restored from a backup: callouts, notices and timers are held until anteroom release"

// holdIfRestored makes a server on data that was restored hold back what goes out, until an
// operator releases it.
func (s *Server) holdIfRestored(ctx context.Context) error {
	at, err := s.store.RestoredAt(ctx)
	if err != nil || at.IsZero() {
		return err
	}
	s.dispatcher.Hold()
	s.log.Warn("the data was restored from a backup; callouts, notices, timers and automatic assignment are held until anteroom release", "restored", at)
	return nil
}

// startWork begins to perform jobs and to look at the database for operators.
func (s *Server) startWork() {
	s.dispatcher.Start()
	s.surveyor.start()
	if s.dispatcher.Restored() {
		s.watch.Go(s.awaitRelease)
	}
}

// awaitRelease lets the jobs go when an operator has released them, which another process
// writes to the store.
func (s *Server) awaitRelease() {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.unwatch:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
		at, err := s.store.RestoredAt(ctx)
		cancel()
		switch {
		case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
			// It is asked again.
		case err != nil:
			s.log.Error("whether the restored data was released cannot be read", "error", err)
		case at.IsZero():
			s.log.Warn("the restored data was released; what was held is performed now")
			s.dispatcher.LetGo()
			return
		}
	}
}
