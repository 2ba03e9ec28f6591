package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anteroom/internal/load"
	"anteroom/internal/store/sqlstore"
)

// A large tenant has, for each request that waits, so many thousandths of the rest.
const (
	assignmentsPerThousand = 300
	packagesPerThousand    = 20
	catalogsPerThousand    = 1
	peoplePerThousand      = 50
)

// mostPackages is what a tenant may have, less what is made beside.
const mostPackages = 20_000 - 200

// scalePart measures a server whose database holds as much as a large tenant has, beside an
// equal one without it.
func (b *bench) scalePart(ctx context.Context) error {
	b.parked = 0
	if err := b.prepare(ctx, b.binary); err != nil {
		return err
	}
	empty, err := b.populated("empty", b.binary)
	if err != nil {
		return err
	}
	full, err := b.fullServer(ctx)
	if err != nil {
		return err
	}
	b.say("starts")
	for range 5 {
		if err := b.timeStart(ctx, full); err != nil {
			return err
		}
	}
	b.say("the whole job, by turns")
	err = b.withServer(ctx, full, func() error {
		return b.withServer(ctx, empty, func() error { return b.byTurns(full, empty) })
	})
	if err != nil {
		return err
	}
	if err := b.timersPart(ctx, full); err != nil {
		return err
	}
	return b.reportScale()
}

// fullServer returns a server on a database with all that, which is loaded unless it was before.
func (b *bench) fullServer(ctx context.Context) (*server, error) {
	if b.data == "" {
		s, err := b.populated("full", b.binary)
		if err != nil {
			return nil, err
		}
		return s, b.loadAll(ctx, s)
	}
	s, err := newServer(b.binary, b.data)
	if err != nil {
		return nil, err
	}
	w := &world{data: b.data, prefix: fmt.Sprintf("%x", b.began.UnixMilli())}
	s.stock = &stock{world: w}
	b.values.add("load.rate", 2000) // a guess, for the timers
	b.values.add("scale.file", fileSize(b.data))
	return s, b.withServer(ctx, s, func() error {
		return errors.Join(w.makePeople(s, b.people), w.makePackages(s, b.sink.url(), 1+room/b.people))
	})
}

// loadAll fills the database of a server that does not run.
func (b *bench) loadAll(ctx context.Context, s *server) error {
	n := b.scale
	o := load.Options{
		Catalogs: max(1, n*catalogsPerThousand/1000), Packages: max(2, min(mostPackages, n*packagesPerThousand/1000)), People: max(100, n*peoplePerThousand/1000),
		Assignments: n * assignmentsPerThousand / 1000, Waiting: n,
	}
	last, size := time.Now(), 0.0
	o.Tell = func(what string, made, of int) {
		if made != of {
			return
		}
		now := time.Now()
		took := now.Sub(last)
		last = now
		b.say("%d %s in %.0f s", of, what, took.Seconds())
		if what == "waiting requests" {
			b.values.add("load.rate", float64(of)/took.Seconds())
		}
		size = fileSize(s.data) // with the others; the last is what comes before those that wait
		if what != "waiting requests" {
			b.values.all["scale.before"] = []float64{size}
		}
	}
	if err := b.load(ctx, s, o); err != nil {
		return err
	}
	b.values.add("scale.bytes", (fileSize(s.data)-b.values.median("scale.before"))/float64(n))
	b.values.add("scale.file", fileSize(s.data))
	return nil
}

// load fills the database of a server that does not run, and brings all of it into the file.
func (b *bench) load(ctx context.Context, s *server, o load.Options) (err error) {
	db, err := sqlstore.Open(ctx, sqlstore.Options{Data: s.data})
	if err != nil {
		return err
	}
	o.Store, o.Tenant, o.App, o.Endpoint, o.AllowDenyAtCreated = db, tenant, app, b.sink.url(), true
	if err := errors.Join(load.Fill(ctx, o), db.Close()); err != nil {
		return err
	}
	return checkpoint(ctx, s.data)
}

// timeStart measures how long a start takes until the server is ready, and what memory it has
// then.
func (b *bench) timeStart(ctx context.Context, s *server) error {
	began := time.Now()
	return b.withServer(ctx, s, func() error {
		b.values.addTime("start", s.readyAt.Sub(began))
		b.values.add("start.mib", rss(s.pid())/(1<<20))
		return nil
	})
}

// byTurns runs the whole job on both servers.
func (b *bench) byTurns(full, empty *server) error {
	if err := errors.Join(b.warm(full), b.warm(empty)); err != nil {
		return err
	}
	for range b.rounds {
		for _, n := range []int{1, 64} {
			for _, turn := range []struct {
				key    string
				server *server
			}{{"empty", empty}, {"full", full}} {
				if err := b.measure(turn.server, fmt.Sprintf("scale.%s.%d", turn.key, n), n, b.round); err != nil {
					return err
				}
			}
		}
	}
	b.values.add("scale.mib", rss(full.pid())/(1<<20))
	b.values.add("scale.empty.mib", rss(empty.pid())/(1<<20))
	return b.lists(full)
}

// lists measures how long the first page of lists that people look at takes.
func (b *bench) lists(s *server) error {
	a := s.api()
	defer a.close()
	for _, l := range scaleLists {
		for range b.rounds {
			began := time.Now()
			var page any
			if err := a.read(&page, l.path); err != nil {
				return err
			}
			b.values.addTime("list."+l.name, time.Since(began))
		}
	}
	return nil
}

var scaleLists = []struct{ name, path string }{
	{"requests", requests + "?$top=50"},
	{"requests, newest", requests + "?$top=50&$orderby=createdDateTime%20desc"},
	{"requests delivered", requests + "?$top=50&$filter=state%20eq%20'delivered'"},
	{"requests that wait", requests + "?$top=50&$filter=state%20eq%20'submitted'"},
	{"requests that failed", requests + "?$top=50&$filter=state%20eq%20'deliveryFailed'"},
	{"requests, counted", requests + "?$top=1&$count=true"},
	{"requests that wait, counted", requests + "?$top=1&$filter=state%20eq%20'submitted'&$count=true"},
	{"assignments", root + "/assignments?$top=50"},
	{"assignments delivered, counted", root + "/assignments?$top=1&$filter=state%20eq%20'delivered'&$count=true"},
	{"packages whose name starts", root + "/accessPackages?$top=50&$filter=startswith(displayName,'Package%2000')"},
	{"packages by name", root + "/accessPackages?$top=50&$orderby=displayName"},
	{"policies", root + "/assignmentPolicies?$top=50"},
	{"catalogs by name", root + "/catalogs?$top=50&$orderby=displayName"},
	{"users whose name starts", "/v1.0/users?$top=50&$filter=startswith(displayName,'Person%2000')"},
}
