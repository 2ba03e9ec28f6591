package sqlstore

import (
	"context"
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

// TestPostgresReplica runs the suite on a process that holds jobs.
func TestPostgresReplica(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return opened(t, Options{Data: postgres(t), MaxGroup: 1, Postgres: PostgresOptions{Performs: true, Statements: "unnamed"}})
	})
}

// TestPostgresSimple runs it with statements that are text alone.
func TestPostgresSimple(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return opened(t, Options{Data: postgres(t), Postgres: PostgresOptions{Statements: "simple"}})
	})
}
