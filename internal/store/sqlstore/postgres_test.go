package sqlstore

import (
	"context"
	"strings"
	"sync"
	"testing"

	"anteroom/internal/pgtest"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// postgres returns the URL of a database with the schema, which is gone after the test.
func postgres(t testing.TB) string {
	return pgtest.Database(t, Fingerprint(), func(ctx context.Context, dsn string) error {
		s, err := Open(ctx, Options{Data: dsn})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return opened(t, Options{Data: postgres(t)}) })
}

// oncePerRun leaves to the run without the race detector what is about no race, or what
// TestFile and TestPostgres do with it in another way.
func oncePerRun(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("it runs without the race detector")
	}
}

// TestPostgresReplica runs the suite on a process that holds jobs.
func TestPostgresReplica(t *testing.T) {
	oncePerRun(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		return opened(t, Options{Data: postgres(t), MaxGroup: 1, Postgres: PostgresOptions{Performs: true, Statements: "unnamed"}})
	})
}

// TestManyStartAtOnce lets several processes find an empty database: one makes the schema.
func TestManyStartAtOnce(t *testing.T) {
	url := pgtest.Database(t, "empty", func(context.Context, string) error { return nil })
	stores, errs := make([]*Store, 4), make([]error, 4)
	var all sync.WaitGroup
	for i := range stores {
		all.Go(func() {
			stores[i], errs[i] = Open(t.Context(), Options{Data: url, Postgres: PostgresOptions{Writers: 1}})
		})
	}
	all.Wait()
	for i, s := range stores {
		must(t, errs[i])
		must(t, s.Close())
	}
}

// TestNotDurable refuses a server whose commits can be lost.
func TestNotDurable(t *testing.T) {
	url := postgres(t)
	_, err := Open(t.Context(), Options{Data: url + "&synchronous_commit=off"})
	if err == nil || !strings.Contains(err.Error(), "synchronous_commit is off") {
		t.Errorf("Open says %v", err)
	}
}

// TestPostgresSimple runs it with statements that are text alone.
func TestPostgresSimple(t *testing.T) {
	oncePerRun(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		return opened(t, Options{Data: postgres(t), Postgres: PostgresOptions{Statements: "simple"}})
	})
}

// TestPostgresIntact holds that looking through a database leaves PostgreSQL to its tools.
func TestPostgresIntact(t *testing.T) {
	must(t, opened(t, Options{Data: postgres(t), ReadOnly: true}).Intact(t.Context()))
}
