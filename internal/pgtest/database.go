package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Variable is the environment variable with the DSN of the cluster that Database uses.
// Without it, the first call of Database starts one for this process.
const Variable = "ANTEROOM_TEST_POSTGRES"

var shared = sync.OnceValues(func() (string, error) {
	if dsn := os.Getenv(Variable); dsn != "" {
		return dsn, checkForTests(dsn)
	}
	var err error
	if own, err = Start(context.Background(), Options{}); err != nil {
		return "", err
	}
	return own.DSN("postgres"), nil
})

// own is the cluster of this process, if it has one. Its guard ends it with us, or sooner,
// should it be forgotten and collected.
var own *Cluster

// checkForTests refuses a server that somebody may need.
func checkForTests(dsn string) error {
	return with(context.Background(), dsn, func(ctx context.Context, conn *pgx.Conn) error {
		var on string
		err := conn.QueryRow(ctx, "SELECT coalesce(current_setting($1, true), 'off')", mark).Scan(&on)
		if err == nil && on != "on" {
			err = fmt.Errorf("the server that %s names is not one for tests: unset it, or put %s = on into that server's configuration", Variable, mark)
		}
		return err
	})
}

// Database returns the DSN of a database that is the test's own and is dropped after it.
// It is a copy of a template that migrate has made; schema names the template, and must
// change when what migrate makes does. A template is made once in a cluster, whatever
// the number of tests and processes that ask for it. migrate must close its connections.
// Without migrate the database is empty. Goroutines may call it at the same time.
func Database(tb testing.TB, schema string, migrate func(ctx context.Context, dsn string) error) string {
	tb.Helper()
	dsn, err := newDatabase(tb.Context(), schema, migrate)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx := context.Background() // the test's own has ended
		admin, name := maintenance(dsn)
		err := with(ctx, admin, func(ctx context.Context, conn *pgx.Conn) error {
			if tb.Failed() {
				var data string
				if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
					return err
				}
				tb.Logf("log of PostgreSQL for this database:\n%s", tail(logOf(data), name))
			}
			_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
			return err
		})
		if err != nil {
			tb.Errorf("dropping the database %s: %v", name, err)
		}
	})
	return dsn
}

func newDatabase(ctx context.Context, schema string, migrate func(context.Context, string) error) (string, error) {
	admin, err := shared()
	if err != nil {
		return "", err
	}
	template := "template0"
	if migrate != nil {
		template = fmt.Sprintf("anteroom_template_%.8x", sha256.Sum256([]byte(schema)))
	}
	name := "anteroom_test_" + strings.ToLower(rand.Text())
	err = with(ctx, admin, func(ctx context.Context, conn *pgx.Conn) error {
		if migrate != nil {
			if err := ensureTemplate(ctx, conn, admin, template, migrate); err != nil {
				return fmt.Errorf("the template of %s: %w", schema, err)
			}
		}
		return createDatabase(ctx, conn, name, template)
	})
	return inDatabase(admin, name), err
}

// ensureTemplate makes the template unless somebody has. Who comes meanwhile waits at the
// lock. It gets its name last, so that one with the name is whole.
func ensureTemplate(ctx context.Context, conn *pgx.Conn, admin, template string, migrate func(context.Context, string) error) (err error) {
	const lock = "hashtextextended($1, 0)"
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock("+lock+")", template); err != nil {
		return err
	}
	defer func() {
		_, err2 := conn.Exec(ctx, "SELECT pg_advisory_unlock("+lock+")", template)
		err = errors.Join(err, err2)
	}()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", template).Scan(&there); err != nil || there {
		return err
	}
	draft := template + "_draft"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+draft+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := createDatabase(ctx, conn, draft, "template0"); err != nil {
		return err
	}
	if err := migrate(ctx, inDatabase(admin, draft)); err != nil {
		return err
	}
	for _, sql := range []string{"ALTER DATABASE " + draft + " ALLOW_CONNECTIONS false", "ALTER DATABASE " + draft + " RENAME TO " + template} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// createDatabase copies files, where the default since version 15 is to write all of them
// to the log, too: 5 times as long in memory.
func createDatabase(ctx context.Context, conn *pgx.Conn, name, template string) error {
	sql := "CREATE DATABASE " + name + " TEMPLATE " + template
	var major int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int / 10000").Scan(&major); err != nil {
		return err
	}
	if major >= 15 {
		sql += " STRATEGY file_copy"
	}
	_, err := conn.Exec(ctx, sql)
	return err
}

// with calls f with a connection of its own.
func with(ctx context.Context, dsn string, f func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // nothing hangs on it
	if err := f(ctx, conn); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	return nil
}

// inDatabase returns the DSN of another database of the same server.
func inDatabase(dsn, name string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn // connecting will say what is wrong with it
	}
	u.Path = "/" + name
	return u.String()
}

// maintenance returns the DSN of the database from which others are made and dropped, and
// the name of the one that dsn is of.
func maintenance(dsn string) (admin, name string) {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn, ""
	}
	return inDatabase(dsn, "postgres"), strings.TrimPrefix(u.Path, "/")
}
