package sqlstore

import (
	"context"
	"fmt"
	"testing"

	"anteroom/internal/pgtest"
)

// onEach runs a test on each database, with one writer.
func onEach(t *testing.T, test func(t *testing.T, o Options)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, Options{}) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, onPostgres(t)) })
}

// onPostgres are the options of a store of the test's own, with one writer.
func onPostgres(t testing.TB) Options {
	return Options{Data: postgres(t), Postgres: PostgresOptions{Writers: 1}}
}

// plant makes changes of a kind to the tables fail, with a trigger that says planted; pull
// ends that.
func plant(t testing.TB, s *Store, change string, tables ...string) {
	t.Helper()
	text := "CREATE TRIGGER planted_%[1]s_%[2]s BEFORE %[1]s ON %[2]s BEGIN SELECT RAISE(ABORT, 'planted'); END"
	if s.readers.db.remote {
		raw(t, s, "CREATE OR REPLACE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'planted'; END$$")
		text = "CREATE TRIGGER planted_%[1]s_%[2]s BEFORE %[1]s ON %[2]s FOR EACH ROW EXECUTE FUNCTION planted()"
	}
	eachRaw(t, s, text, change, tables)
}

func pull(t testing.TB, s *Store, change string, tables ...string) {
	t.Helper()
	text := "DROP TRIGGER planted_%[1]s_%[2]s"
	if s.readers.db.remote {
		text += " ON %[2]s"
	}
	eachRaw(t, s, text, change, tables)
}

// raw runs a statement on the writer's connection.
func raw(t testing.TB, s *Store, text string) {
	t.Helper()
	eachRaw(t, s, text, "", []string{""})
}

// eachRaw runs a text for each table on the writer's connection.
func eachRaw(t testing.TB, s *Store, text, change string, tables []string) {
	t.Helper()
	must(t, s.writer(tenantKey{}).do(t.Context(), tenantKey{}, func(x *txn) error {
		for _, table := range tables {
			one := text
			if table != "" {
				one = fmt.Sprintf(text, change, table)
			}
			if _, err := x.conn.exec(context.Background(), one); err != nil {
				return err
			}
		}
		return nil
	}))
}

// emptyPostgres returns the URL of a database without a schema, which is gone after the test.
func emptyPostgres(t testing.TB) string { return pgtest.Database(t, "", nil) }
