package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"anteroom/internal/pgtest"
)

// riverPart measures the server and the front on River (bench/river) in turn. The front takes
// the same orders, and calls the same endpoint; what it knows of packages are their ids.
func (b *bench) riverPart(ctx context.Context) (err error) {
	if b.riverData == "" {
		c, err := pgtest.Start(ctx, pgtest.Options{Durable: true, Settings: serverSettings})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		if err := databases(ctx, c.DSN("postgres"), "ours", "theirs"); err != nil {
			return err
		}
		b.data, b.riverData = c.DSN("ours"), c.DSN("theirs")
	}
	file := b.data
	if file == "" {
		file = filepath.Join(b.dir, "ours.db")
	}
	ours, err := newServer(b.binary, file)
	if err != nil {
		return err
	}
	theirs, err := newServer(b.river, b.riverData, "--endpoint", b.sink.url())
	if err != nil {
		return err
	}
	b.parked = 0
	b.world = &world{data: file}
	return b.withServer(ctx, ours, func() error {
		if err := b.world.makePeople(ours, b.people); err != nil {
			return err
		}
		if err := b.world.makePackages(ours, b.sink.url(), 1+room/b.people); err != nil {
			return err
		}
		ours.stock, theirs.stock = &stock{world: b.world}, &stock{world: b.world}
		return b.withServer(ctx, theirs, func() error { return b.againstRiver(ctx, ours, theirs) })
	})
}

func (b *bench) againstRiver(ctx context.Context, ours, theirs *server) error {
	if err := errors.Join(b.warm(ours), b.warm(theirs)); err != nil {
		return err
	}
	for _, dsn := range []string{b.data, b.riverData} {
		if dsn != "" {
			if err := analyze(ctx, dsn); err != nil {
				return err
			}
		}
	}
	for range b.rounds {
		for _, n := range inFlights {
			if err := b.measure(ours, fmt.Sprintf("this.%d", n), n, b.round); err != nil {
				return err
			}
			if err := b.measure(theirs, fmt.Sprintf("other.%d", n), n, b.round); err != nil {
				return fmt.Errorf("river: %w", err)
			}
		}
	}
	if err := errors.Join(b.check(ours), b.check(theirs)); err != nil {
		return err
	}
	if err := b.reportComparison(); err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\ngoal\t\treached\t\n")
	for _, g := range []struct {
		inFlight int
		least    float64
	}{{16, 1.25}, {64, 1.5}} {
		x := b.values.ratio(fmt.Sprintf("this.%d.rate", g.inFlight), fmt.Sprintf("other.%d.rate", g.inFlight))
		fmt.Fprintf(w, "whole job at %d : River tuned\t≥ %g\t%.2f\t%s\n", g.inFlight, g.least, x, verdict(x >= g.least))
	}
	for _, note := range b.faults.notes {
		fmt.Fprintf(w, "note: %s\t\t\t\n", note)
	}
	return w.Flush()
}
