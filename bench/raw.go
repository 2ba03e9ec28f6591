package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// raw makes durable commits one at a time on a database of its own, by the driver and with
// the settings that the server uses: a compare-and-swap of a row, and the record of it.
type raw struct {
	conn                        driver.Conn
	begin, update, note, commit driver.Stmt
	n                           int64
}

const rawRows = 1000

func openRaw(ctx context.Context, dir string) (_ *raw, err error) {
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)"}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "raw.db")), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	r := &raw{}
	if r.conn, err = connector.Connect(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	for _, text := range []string{
		"CREATE TABLE request (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, body TEXT NOT NULL)",
		"CREATE TABLE audit (id INTEGER PRIMARY KEY, request INTEGER NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL)",
		fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO request SELECT i, 0, hex(randomblob(200)) FROM n", rawRows-1),
	} {
		s, err := r.prepare(ctx, text)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(execute(ctx, s), s.Close()); err != nil {
			return nil, err
		}
	}
	for _, p := range []struct {
		to   *driver.Stmt
		text string
	}{
		{&r.begin, "BEGIN IMMEDIATE"},
		{&r.update, "UPDATE request SET state = state + 1 WHERE id = $1 AND state = $2"},
		{&r.note, "INSERT INTO audit (request, at, what) VALUES ($1, $2, $3)"},
		{&r.commit, "COMMIT"},
	} {
		if *p.to, err = r.prepare(ctx, p.text); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *raw) prepare(ctx context.Context, text string) (driver.Stmt, error) {
	c, ok := r.conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errors.New("the driver cannot prepare")
	}
	return c.PrepareContext(ctx, text)
}

func execute(ctx context.Context, s driver.Stmt, args ...driver.Value) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	x, ok := s.(driver.StmtExecContext)
	if !ok {
		return errors.New("the driver cannot execute with a context")
	}
	_, err := x.ExecContext(ctx, named)
	return err
}

// measure commits for a time, so many steps in each commit; the rate is that of the steps.
func (r *raw) measure(ctx context.Context, group int, most time.Duration) (rate float64, p50 time.Duration, err error) {
	var samples []time.Duration
	start := time.Now()
	for at := start; at.Sub(start) < most; {
		err := execute(ctx, r.begin)
		for i := 0; err == nil && i < group; i++ {
			err = errors.Join(
				execute(ctx, r.update, r.n%rawRows, r.n/rawRows),
				execute(ctx, r.note, r.n%rawRows, at.UnixMicro(), "resumed by the owner of the extension"))
			r.n++
		}
		if err = errors.Join(err, execute(ctx, r.commit)); err != nil {
			return 0, 0, err
		}
		now := time.Now()
		samples = append(samples, now.Sub(at))
		at = now
	}
	return float64(group*len(samples)) / time.Since(start).Seconds(), percentile(samples, 50), nil
}

func (r *raw) close() error {
	var errs []error
	for _, s := range []driver.Stmt{r.begin, r.update, r.note, r.commit} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, r.conn.Close())...)
}
