package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"anteroom/internal/store/sqlstore"
)

// How often the database is looked at for operators, how long that may take, and how many
// things of a kind are counted.
const (
	surveyEvery  = 15 * time.Second
	surveyWithin = 5 * time.Second
	surveyMost   = 10_000
)

// surveyor looks at the database now and then, so that nobody who asks for metrics or for
// /readyz makes it work.
type surveyor struct {
	store  *sqlstore.Store
	health *health
	log    *slog.Logger
	// held reports whether a server on restored data holds back what goes out.
	held func() bool

	latest atomic.Pointer[finding]
	cancel context.CancelFunc
	ended  chan struct{}
}

// finding is what was found in the database at a time.
type finding struct {
	at           time.Time
	took         time.Duration
	found, known int64 // versions of the schema
	survey       *sqlstore.Survey
	held         bool
}

// start takes the first look, and goes on until stop.
func (s *surveyor) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.ended = cancel, make(chan struct{})
	go func() {
		defer close(s.ended)
		timer := time.NewTicker(surveyEvery)
		defer timer.Stop()
		for {
			s.look(ctx)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		}
	}()
}

// stop ends a look that is under way.
func (s *surveyor) stop() {
	if s.cancel != nil {
		s.cancel()
		<-s.ended
	}
}

// look takes one look. When it fails, what was found before stays, with its time.
func (s *surveyor) look(ctx context.Context) {
	s.health.store(ctx)
	f, err := s.find(ctx)
	switch {
	case err == nil:
		s.latest.Store(f)
	case ctx.Err() == nil:
		s.log.Warn("the database could not be looked at; metrics and /readyz show what was found before", "error", err)
	}
}

func (s *surveyor) find(ctx context.Context) (*finding, error) {
	ctx, cancel := context.WithTimeout(ctx, surveyWithin)
	defer cancel()
	f := &finding{at: time.Now()}
	var err error
	if f.found, f.known, err = s.store.Schema(ctx); err != nil {
		return nil, err
	}
	if f.survey, err = s.store.Survey(ctx, f.at, surveyMost); err != nil {
		return nil, err
	}
	f.held = s.held()
	f.took = time.Since(f.at)
	return f, nil
}

// due is how many jobs were due, and since when the first.
func (f *finding) due() (n int, first time.Time) {
	for _, g := range f.survey.Due {
		n += g.Count
		if first.IsZero() || g.First.Before(first) {
			first = g.First
		}
	}
	return n, first
}
