package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/load"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

const (
	fewTimers = 20              // whose moments are looked at one by one
	waitsFor  = 24 * time.Hour  // those whose timers are looked at
	leadTimer = 8 * time.Second // from the start to the first timer
	quiet     = 6 * time.Second // of new requests alone, before all timers come at once
	inBacklog = 4               // new requests in flight meanwhile
)

// timersPart looks when timers fire: a few one after another, and very many at once beside
// new requests.
func (b *bench) timersPart(ctx context.Context, s *server) error {
	many := b.timers
	if many == 0 {
		many = b.scale / 10
	}
	b.say("%d more requests, whose timers fall due within one second", many)
	took := time.Duration(float64(many) / b.values.median("load.rate") * 3 * float64(time.Second))
	all := time.Now().Add(took + leadTimer + fewTimers*time.Second/2 + quiet + 15*time.Second)
	if err := b.loadTimers(ctx, s, many, all, time.Second); err != nil {
		return err
	}
	first := time.Now().Add(leadTimer)
	if err := b.loadTimers(ctx, s, fewTimers, first, fewTimers*time.Second/2); err != nil {
		return err
	}
	history, err := sqlstore.Open(ctx, sqlstore.Options{Data: s.data, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = history.Close() }() // nothing was written
	log := &timerLog{store: history}
	if err := log.skip(ctx); err != nil {
		return err
	}
	return b.withServer(ctx, s, func() error {
		b.say("%d timers, one after another", fewTimers)
		if err := b.punctual(ctx, log, first); err != nil {
			return err
		}
		if time.Until(all) < quiet {
			return fmt.Errorf("loading took longer than was foreseen: the timers have come already")
		}
		if err := sleep(ctx, time.Until(all)-quiet); err != nil {
			return err
		}
		return b.flood(ctx, s, log, many, all)
	})
}

// loadTimers makes requests whose timers fall due from a time on, evenly within a time.
func (b *bench) loadTimers(ctx context.Context, s *server, n int, due time.Time, within time.Duration) error {
	return b.load(ctx, s, load.Options{
		Catalogs: 1, Packages: max(1, n/1000), People: min(2000, max(n, 2)), Waiting: n,
		CallbackTimeout: waitsFor, Since: due.Add(-waitsFor), Until: due.Add(within - waitsFor),
	})
}

// timerLog reads in the history which timers of requests have fired.
type timerLog struct {
	store *sqlstore.Store
	after int64
	fired []time.Time // when each was recorded
}

// skip goes to the end of the history: to the newest record in the audit log, and from there on.
func (l *timerLog) skip(ctx context.Context) error {
	err := l.store.View(ctx, tenant, func(tx *store.Tx) error {
		newest, err := tx.History.Audits(ctx, query.Query{Limit: 1, Order: []query.Order{
			{Path: "activityDateTime", Descending: true}, {Path: "id", Descending: true}}})
		for _, r := range newest {
			l.after = r.Seq
		}
		return err
	})
	if err != nil {
		return err
	}
	for {
		n, err := l.page(ctx)
		if err != nil || n == 0 {
			l.fired = nil
			return err
		}
	}
}

// read reads what was added.
func (l *timerLog) read(ctx context.Context) error {
	for {
		if n, err := l.page(ctx); err != nil || n == 0 {
			return err
		}
	}
}

func (l *timerLog) page(ctx context.Context) (n int, err error) {
	const page = 5000
	err = l.store.View(ctx, tenant, func(tx *store.Tx) error {
		records, err := tx.History.List(ctx, l.after, page)
		for _, r := range records {
			l.after = r.Seq
			if r.Action == string(entitlement.EventTimedOut) {
				l.fired = append(l.fired, r.At)
			}
		}
		n = len(records)
		return err
	})
	return n, err
}

// punctual waits for the few timers, and keeps how late each was.
func (b *bench) punctual(ctx context.Context, log *timerLog, first time.Time) error {
	for time.Since(first) < fewTimers*time.Second/2+5*time.Second && len(log.fired) < fewTimers {
		if err := errors.Join(sleep(ctx, 100*time.Millisecond), log.read(ctx)); err != nil {
			return err
		}
	}
	if len(log.fired) != fewTimers {
		return fmt.Errorf("%d of %d timers fired", len(log.fired), fewTimers)
	}
	for i, at := range log.fired {
		b.values.addTime("timer.late", at.Sub(first.Add(time.Duration(i)*time.Second/2)))
	}
	log.fired = nil
	return nil
}

// flood lets new requests come before and while all timers fall due.
func (b *bench) flood(ctx context.Context, s *server, log *timerLog, many int, due time.Time) error {
	b.say("new requests alone")
	if err := b.measure(s, "flood.before", inBacklog, quiet-time.Second); err != nil {
		return err
	}
	if err := sleep(ctx, time.Until(due.Add(time.Second/2))); err != nil {
		return err
	}
	b.say("new requests, and %d timers due at once", many)
	for len(log.fired) < many {
		if time.Since(due) > mostFlood {
			return fmt.Errorf("%d of %d timers fired within %s", len(log.fired), many, mostFlood)
		}
		if err := b.measure(s, "flood.during", inBacklog, time.Second); err != nil {
			return err
		}
		if err := log.read(ctx); err != nil {
			return err
		}
	}
	last := log.fired[len(log.fired)-1]
	b.values.add("flood.rate", float64(many)/last.Sub(due).Seconds())
	b.values.add("flood.mib", rss(s.pid())/(1<<20))
	return nil
}

// mostFlood bounds how long the timers may take.
const mostFlood = 10 * time.Minute
