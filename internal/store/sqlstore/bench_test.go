package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// BenchmarkUpdateAlone is one durable change at a time.
func BenchmarkUpdateAlone(b *testing.B) { benchUpdate(b, 1) }

// BenchmarkUpdateGrouped is 64 callers at once.
func BenchmarkUpdateGrouped(b *testing.B) { benchUpdate(b, 64) }

func benchUpdate(b *testing.B, callers int) {
	s := openSample(b, Options{Data: filepath.Join(b.TempDir(), "b.db")})
	ctx := context.Background()
	who, what := people(b, 100), people(b, 10)
	rows := make([]*entitlement.Request, callers)
	for i := range rows {
		rows[i] = waitingRequest(b, who, what)
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, rows[i]) }))
	}
	before := s.writers[0].commits.Load()
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	for i := range callers {
		go func() {
			defer func() { done <- struct{}{} }()
			for left.Add(-1) >= 0 {
				err := s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Update(ctx, rows[i]) })
				if err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	for range callers {
		<-done
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
	b.ReportMetric(float64(s.writers[0].commits.Load()-before)/b.Elapsed().Seconds(), "commits/s")
}

// The statements themselves, without commits.
func BenchmarkInsert(b *testing.B) {
	benchIn(b, func(ctx context.Context, tx *store.Tx, rows []*entitlement.Request) error {
		for _, r := range rows {
			if err := tx.Requests.Insert(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}, false)
}

func BenchmarkUpdate(b *testing.B) {
	benchIn(b, func(ctx context.Context, tx *store.Tx, rows []*entitlement.Request) error {
		for _, r := range rows {
			if err := tx.Requests.Update(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}, true)
}

func BenchmarkGet(b *testing.B) {
	benchIn(b, func(ctx context.Context, tx *store.Tx, rows []*entitlement.Request) error {
		for _, r := range rows {
			if _, err := tx.Requests.Get(ctx, r.ID); err != nil {
				return err
			}
		}
		return nil
	}, true)
}

// BenchmarkView is Get in a snapshot of its own.
func BenchmarkView(b *testing.B) {
	s := openSample(b, Options{})
	ctx := b.Context()
	r := waitingRequest(b, people(b, 1), people(b, 1))
	must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, r) }))
	b.ReportAllocs()
	for b.Loop() {
		must(b, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
			_, err := tx.Requests.Get(ctx, r.ID)
			return err
		}))
	}
}

// BenchmarkStep makes a waiting request with its jobs and history, one at a time.
func BenchmarkStep(b *testing.B) {
	s := openSample(b, Options{})
	ctx := b.Context()
	who, what := people(b, 1000), people(b, 10)
	b.ReportAllocs()
	for b.Loop() {
		r := waitingRequest(b, who, what)
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return insertWaiting(ctx, tx, r) }))
	}
}

func benchIn(b *testing.B, fn func(context.Context, *store.Tx, []*entitlement.Request) error, stored bool) {
	s := openSample(b, Options{})
	ctx := context.Background()
	who, what := people(b, 1000), people(b, 10)
	rows := make([]*entitlement.Request, b.N)
	for i := range rows {
		rows[i] = waitingRequest(b, who, what)
	}
	if stored {
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
			for _, r := range rows {
				if err := tx.Requests.Insert(ctx, r); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.ReportAllocs()
	b.ResetTimer()
	must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
		defer b.StopTimer() // the commit is not counted
		return fn(ctx, tx, rows)
	}))
}

// TestSpace holds the disk space of one waiting request, with its jobs, its history
// and all indexes, below 3 KB.
func TestSpace(t *testing.T) {
	n := 20_000
	if testing.Short() || underRace {
		n = 2000
	}
	if os.Getenv("SPACE_ROWS") != "" {
		n = 100_000
	}
	s := openSample(t, Options{})
	ctx := t.Context()
	who, what := people(t, 10_000), people(t, 50)
	pages := func() (size int64) {
		must(t, s.readers.use(ctx, func(c *conn) error {
			count, _, err := c.number(ctx, "PRAGMA page_count")
			if err != nil {
				return err
			}
			each, _, err := c.number(ctx, "PRAGMA page_size")
			size = count * each
			return err
		}))
		return size
	}
	body, err := encode(waitingRequest(t, who, what))
	must(t, err)
	before := pages()
	for i := 0; i < n; i += 100 {
		must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
			for range 100 {
				if err := insertWaiting(ctx, tx, waitingRequest(t, who, what)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	each := (pages() - before) / int64(n)
	t.Logf("%d bytes for each of %d waiting requests, whose body has %d", each, n, len(body))
	if each > 3*1024 {
		t.Errorf("one waiting request takes %d bytes; the most is 3 KB", each)
	}
}
