package pgtest

import (
	"context"
	"os"
	"testing"

	"anteroom/internal/faultproxy"

	"github.com/jackc/pgx/v5"
)

func TestSettings(t *testing.T) {
	for _, durable := range []bool{false, true} {
		c := started(t, Options{Durable: durable, Settings: map[string]string{"application_name": "o'clock"}})
		for name, want := range map[string]string{
			"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "server_encoding": "UTF8",
			"max_connections": "200", "listen_addresses": "", "application_name": "o'clock",
		} {
			if got := ask(t, c.DSN("postgres"), "SELECT current_setting('"+name+"')"); got != want {
				t.Errorf("durable %v: %s = %q, want %q", durable, name, got, want)
			}
		}
	}
}

func TestRestart(t *testing.T) {
	c := started(t, Options{})
	dsn := c.DSN("postgres")
	do(t, dsn, "CREATE TABLE kept (n int)")
	for _, mode := range []StopMode{Fast, Immediate} {
		do(t, dsn, "INSERT INTO kept VALUES (1)")
		if err := c.Restart(t.Context(), mode); err != nil {
			t.Fatal(err)
		}
	}
	if n := ask(t, dsn, "SELECT count(*)::text FROM kept"); n != "2" {
		t.Errorf("%s rows after restarts, want 2", n)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	c := started(t, Options{})
	if _, err := c.NewStandby(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.home.path); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestStandbyHasWhatWasAcknowledged(t *testing.T) {
	c := started(t, Options{})
	do(t, c.DSN("postgres"), "CREATE TABLE kept (n int)")
	for range 2 { // the second standby follows the first, by then the primary
		s, err := c.NewStandby(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.ShowLog(t)
		do(t, c.DSN("postgres"), "INSERT INTO kept VALUES (1)")
		if err := c.Stop(Immediate); err != nil {
			t.Fatal(err)
		}
		if err := s.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		c = s
	}
	do(t, c.DSN("postgres"), "INSERT INTO kept VALUES (1)")
	if n := ask(t, c.DSN("postgres"), "SELECT count(*)::text FROM kept"); n != "3" {
		t.Errorf("%s rows after two failovers, want 3", n)
	}
}

// TestCommitCut loses a commit, and then the answer to one.
func TestCommitCut(t *testing.T) {
	dsn := Database(t, "", nil)
	do(t, dsn, "CREATE TABLE kept (n int)")
	socket, err := Socket(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p, err := faultproxy.New("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	via, err := Via(dsn, p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		direction faultproxy.Direction
		word      string
		rows      string
	}{
		{faultproxy.ToServer, "commit", "0"},
		{faultproxy.ToClient, "COMMIT\x00", "1"},
	} {
		happened := p.CutAt(c.direction, c.word)
		conn, err := pgx.Connect(t.Context(), via)
		if err != nil {
			t.Fatal(err)
		}
		err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO kept VALUES ($1)", 1)
			return err
		})
		if err == nil {
			t.Errorf("%q: the commit was acknowledged", c.word)
		}
		<-happened
		if n := ask(t, dsn, "SELECT count(*)::text FROM kept"); n != c.rows {
			t.Errorf("%q: %s rows, want %s", c.word, n, c.rows)
		}
	}
}

func started(t *testing.T, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	c.ShowLog(t)
	return c
}

func do(t *testing.T, dsn, sql string) {
	t.Helper()
	err := with(t.Context(), dsn, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ask returns the one value that the query selects.
func ask(t *testing.T, dsn, sql string) (value string) {
	t.Helper()
	err := with(t.Context(), dsn, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, sql).Scan(&value)
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}
