package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"anteroom/internal/pgtest"
)

// What is measured on PostgreSQL: so many processes, raw commits on so many connections, and
// one process whose changes do not share commits.
var (
	fleets         = []string{"pg1", "pg3"}
	fleetSizes     = []int{1, 3}
	rawConnections = []int{1, 32}
)

const alone = "pgalone"

// serverSettings are those of a database server on a machine of this size.
var serverSettings = map[string]string{"shared_buffers": "1GB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}

// databases makes databases.
func databases(ctx context.Context, dsn string, names ...string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := c.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			return errors.Join(err, c.Close(ctx))
		}
	}
	return c.Close(ctx)
}

// analyze brings the statistics of a database up to date, as it does itself within a minute
// of use: a measurement that is over before that would be of plans made for empty tables.
func analyze(ctx context.Context, dsn string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, "ANALYZE")
	return errors.Join(err, c.Close(ctx))
}

// postgresPart measures the whole job on a PostgreSQL of its own on the same disk, with one
// and with three server processes, in turn with what its raw commits cost.
func (b *bench) postgresPart(ctx context.Context) (err error) {
	c, err := pgtest.Start(ctx, pgtest.Options{Durable: true, Settings: serverSettings})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	raw, err := openPostgresRaw(ctx, c.DSN("postgres"))
	if err != nil {
		return err
	}
	defer raw.close()
	const name = "world"
	if err := raw.exec(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	w, err := b.makeWorld(ctx, b.binary, c.DSN(name), 0)
	if err != nil {
		return err
	}
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	start := func(key string, n int, args ...string) (*server, error) {
		if err := raw.exec(ctx, "CREATE DATABASE "+key+" TEMPLATE "+name+" STRATEGY file_copy"); err != nil {
			return nil, err
		}
		s, err := b.fleet(c.DSN(key), n, args...)
		if err != nil {
			return nil, err
		}
		s.stock = &stock{world: w}
		servers = append(servers, s)
		return s, errors.Join(s.start(ctx), b.warm(s), analyze(ctx, c.DSN(key)))
	}
	for i, key := range fleets {
		if _, err := start(key, fleetSizes[i]); err != nil {
			return err
		}
	}
	single, err := start(alone, 1, "--max-group", "1")
	if err != nil {
		return err
	}
	for range b.rounds {
		for _, conns := range rawConnections {
			if err := raw.measure(ctx, b.values, conns, b.round*2/3); err != nil {
				return err
			}
		}
		for _, n := range inFlights {
			for i, s := range servers[:len(fleets)] {
				if err := b.measure(s, fmt.Sprintf("%s.%d", fleets[i], n), n, b.round); err != nil {
					return err
				}
			}
		}
		if err := b.measure(single, alone+".64", 64, b.round); err != nil {
			return err
		}
	}
	for i, s := range servers[:len(fleets)] {
		if err := errors.Join(b.burstPart(ctx, fleets[i]+".burst", s), b.check(s)); err != nil {
			return err
		}
	}
	return nil
}

// fleet is a number of servers on one database.
func (b *bench) fleet(data string, n int, args ...string) (*server, error) {
	first, err := newServer(b.binary, data, args...)
	if err != nil {
		return nil, err
	}
	for len(first.beside) < n-1 {
		s, err := newServer(b.binary, data, args...)
		if err != nil {
			return nil, err
		}
		first.beside = append(first.beside, s)
	}
	return first, nil
}

// postgresRaw makes durable commits in PostgreSQL: a compare-and-swap of a row and the
// record of it, in one statement.
type postgresRaw struct {
	conns []*pgx.Conn
}

const postgresStep = "WITH u AS (UPDATE raw_request SET state = state + 1 WHERE id = $1 AND state = $2 RETURNING id)" +
	" INSERT INTO raw_audit (request, at, what) SELECT id, $3, 'resumed by the owner of the extension' FROM u"

func openPostgresRaw(ctx context.Context, dsn string) (*postgresRaw, error) {
	r := &postgresRaw{}
	for range 32 {
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			r.close()
			return nil, err
		}
		r.conns = append(r.conns, c)
	}
	for _, text := range []string{
		"CREATE TABLE raw_request (id BIGINT PRIMARY KEY, state BIGINT NOT NULL, body TEXT NOT NULL)",
		"CREATE TABLE raw_audit (id BIGSERIAL PRIMARY KEY, request BIGINT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL)",
		"INSERT INTO raw_request SELECT i, 0, repeat('x', 400) FROM generate_series(0, 31999) AS i",
	} {
		if err := r.exec(ctx, text); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *postgresRaw) exec(ctx context.Context, text string) error {
	_, err := r.conns[0].Exec(ctx, text)
	return err
}

func (r *postgresRaw) close() {
	for _, c := range r.conns {
		_ = c.Close(context.Background()) // nothing hangs on it
	}
}

// measure commits for a time with so many connections.
func (r *postgresRaw) measure(ctx context.Context, v *values, conns int, most time.Duration) error {
	all := make([][]time.Duration, conns)
	errs := make([]error, conns)
	states := make([]int64, 32000)
	if err := r.read(ctx, states); err != nil {
		return err
	}
	var wg sync.WaitGroup
	var done atomic.Int64
	start := time.Now()
	for i := range conns {
		wg.Go(func() {
			for n := 0; time.Since(start) < most && errs[i] == nil; n++ {
				id := i*1000 + n%1000
				at := time.Now()
				_, errs[i] = r.conns[i].Exec(ctx, postgresStep, int64(id), states[id], at.UnixMicro())
				states[id]++
				all[i] = append(all[i], time.Since(at))
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	var samples []time.Duration
	for _, s := range all {
		samples = append(samples, s...)
	}
	key := fmt.Sprintf("pgraw.%d", conns)
	v.add(key+".rate", float64(done.Load())/took.Seconds())
	v.addTime(key+".p50", percentile(samples, 50))
	return errors.Join(errs...)
}

// read brings the states up to date.
func (r *postgresRaw) read(ctx context.Context, states []int64) error {
	rows, err := r.conns[0].Query(ctx, "SELECT id, state FROM raw_request")
	if err != nil {
		return err
	}
	var id, state int64
	_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error {
		states[id] = state
		return nil
	})
	return err
}
