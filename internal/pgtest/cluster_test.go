package pgtest

import (
	"context"
	"os"
	"strings"
	"testing"

	"anteroom/internal/faultproxy"

	"github.com/jackc/pgx/v5"
)

func TestDurable(t *testing.T) {
	c := started(t, Options{Durable: true, Settings: map[string]string{"application_name": "o'clock", mark: "off"}})
	checkSettings(t, c)
	if got := ask(t, c.DSN("postgres"), "SHOW application_name"); got != "o'clock" {
		t.Errorf("application_name = %q, want o'clock", got)
	}
	if err := checkForTests(c.DSN("postgres")); err == nil || !strings.Contains(err.Error(), "not one for tests") {
		t.Errorf("error %v, want a refusal of a server that may be somebody's", err)
	}
}

func TestRestart(t *testing.T) {
	c := started(t, Options{})
	checkSettings(t, c)
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

// checkSettings holds what the product insists on.
func checkSettings(t *testing.T, c *Cluster) {
	t.Helper()
	for name, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "server_encoding": "UTF8",
		"max_connections": "200", "listen_addresses": "",
	} {
		if got := ask(t, c.DSN("postgres"), "SHOW "+name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestStandbyHasWhatWasAcknowledged(t *testing.T) {
	first := started(t, Options{})
	c := first
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
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(first.home.path); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
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
