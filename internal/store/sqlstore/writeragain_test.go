package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"anteroom/internal/faultproxy"
	"anteroom/internal/pgtest"
	"anteroom/internal/store"
)

// proxied returns the options of a store that reaches its database through a proxy, and
// sends its statements as text.
func proxied(t testing.TB) (Options, *faultproxy.Proxy) {
	t.Helper()
	o := onPostgres(t)
	socket, err := pgtest.Socket(o.Data)
	must(t, err)
	p, err := faultproxy.New("unix", socket)
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	o.Data, err = pgtest.Via(o.Data, p.Addr())
	must(t, err)
	o.Postgres.Statements = "unnamed"
	return o, p
}

// TestCommitInDoubt loses commits, and the answers to commits: each change happens once and
// is acknowledged.
func TestCommitInDoubt(t *testing.T) {
	o, p := proxied(t)
	s := openSample(t, o)
	users := 0
	for range 3 {
		for _, c := range []struct {
			direction faultproxy.Direction
			word      string
			runs      int
		}{
			{faultproxy.ToServer, "COMMIT\x00", 2},
			{faultproxy.ToClient, "COMMIT\x00", 1},
		} {
			happened := p.CutAt(c.direction, c.word)
			runs := 0
			users++
			must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
				runs++
				return insertUser(t, users)(tx)
			}))
			<-happened
			if n := userCount(t, s); runs != c.runs || n != users {
				t.Errorf("%q: the change ran %d times, want %d; there are %d users, want %d", c.word, runs, c.runs, n, users)
			}
		}
	}
}

// TestLateCommit: a commit that was found not to have happened cannot happen later, when the
// database gets to read it.
func TestLateCommit(t *testing.T) {
	s := openSample(t, onPostgres(t))
	ctx := t.Context()
	count := func() int64 {
		n := int64(0)
		must(t, s.readers.use(ctx, func(c *conn) (err error) {
			n, _, err = c.number(ctx, "SELECT count FROM probe WHERE number = 1")
			return err
		}))
		return n
	}
	for _, late := range []bool{false, true} {
		c, err := s.readers.db.connect(ctx)
		must(t, err)
		m := &mark{db: s.readers.db, writer: newNumber()}
		must(t, m.begin(ctx, c))
		before := count()
		must(t, c.begin(c.beginWrite))
		_, err = c.exec(ctx, "UPDATE probe SET count = count + 1 WHERE number = 1")
		must(t, err)
		asked := *m
		if late {
			if yes, err := asked.happened(1); yes || err != nil {
				t.Errorf("before the commit: happened %v, error %v", yes, err)
			}
		}
		if err := m.commit(c); (err != nil) != late {
			t.Errorf("the commit (late: %v) says %v", late, err)
		}
		must(t, c.close())
		for range 2 {
			if yes, err := asked.happened(1); yes == late || err != nil {
				t.Errorf("after the commit (late: %v): happened %v, error %v", late, yes, err)
			}
		}
		if n := count() - before; (n == 0) != late {
			t.Errorf("the commit (late: %v) was made %d times", late, n)
		}
	}
}

// TestLostTransactions loses the transaction of a group in all ways in which nothing of it
// happened: its changes are made again, each once.
func TestLostTransactions(t *testing.T) {
	o := onPostgres(t)
	o.Postgres.Lease = 300 * time.Millisecond // and how long a transaction may be idle
	s := openSample(t, o)
	failing := "CREATE SEQUENCE failures; CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS" +
		" $$BEGIN IF nextval('failures') <= 2 THEN RAISE EXCEPTION 'planted' USING ERRCODE = TG_ARGV[0]; END IF; RETURN NEW; END$$"
	rawBatch(t, s, failing)
	for i, way := range []string{"40001", "40P01", "55P03", "57P01", "terminated", "idle"} {
		t.Run(way, func(t *testing.T) {
			rawBatch(t, s, "DELETE FROM directory_user; ALTER SEQUENCE failures RESTART")
			runs := make([]int, 3)
			change := func(n int) func(*store.Tx) error {
				return func(tx *store.Tx) error {
					runs[n]++
					if err := insertUser(t, 10*i+n)(tx); err != nil || n != 1 || runs[1] > 1 {
						return err
					}
					return endSession(t, s, way)
				}
			}
			if i < 4 {
				rawBatch(t, s, "CREATE TRIGGER fails BEFORE INSERT ON directory_user FOR EACH ROW EXECUTE FUNCTION fails('"+way+"')")
				defer rawBatch(t, s, "DROP TRIGGER fails ON directory_user")
			}
			for i, err := range behind(t, s, change(0), change(1), change(2)) {
				if err != nil {
					t.Errorf("change %d: %v", i, err)
				}
			}
			if n := userCount(t, s); n != 3 || runs[0] < 2 {
				t.Errorf("there are %d users, want 3; the changes ran %v times", n, runs)
			}
		})
	}
}

// endSession has the database end the session of the writer, whose change is under way.
func endSession(t *testing.T, s *Store, way string) error {
	pid := int64(s.writers[0].conn.session.(*postgresSession).raw.PgConn().PID())
	if way != "idle" && way != "terminated" {
		return nil
	}
	return s.readers.use(t.Context(), func(c *conn) error {
		if way == "terminated" {
			if _, err := c.exec(t.Context(), "SELECT pg_terminate_backend($1::int)", pid); err != nil {
				return err
			}
		}
		hangs, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for alive := int64(1); alive > 0; { // each look is a round trip
			var err error
			if alive, _, err = c.number(hangs, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int", pid); err != nil {
				return fmt.Errorf("the session did not end: %w", err)
			}
		}
		return nil
	})
}

// TestLostWhileWithdrawn: whose caller has gone is not run again.
func TestLostWhileWithdrawn(t *testing.T) {
	s := openSample(t, onPostgres(t))
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	err := s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
		runs++
		cancel()
		if err := endSession(t, s, "terminated"); err != nil {
			return err
		}
		return insertUser(t, 1)(tx)
	})
	if n := userCount(t, s); !errors.Is(err, context.Canceled) || runs != 1 || n != 0 {
		t.Errorf("error %v, want that of the context; it ran %d times, and there are %d users", err, runs, n)
	}
}

// TestSessionsEndedWhileIdle: the sessions of readers and writer end while nobody uses them; nobody notices.
func TestSessionsEndedWhileIdle(t *testing.T) {
	o, p := proxied(t)
	s := openSample(t, o)
	must(t, s.Update(t.Context(), sampleTenant, insertUser(t, 1)))
	if p.Cut() == 0 {
		t.Fatal("there was no connection")
	}
	if n := userCount(t, s); n != 1 {
		t.Errorf("there are %d users, want 1", n)
	}
	must(t, s.Update(t.Context(), sampleTenant, insertUser(t, 2)))
	p.Cut()
	_, err := s.DueJobs(t.Context(), sampleTime, nil, 1)
	must(t, err)
}

// rawBatch runs statements without arguments outside the store.
func rawBatch(t testing.TB, s *Store, text string) {
	t.Helper()
	must(t, s.readers.use(t.Context(), func(c *conn) error {
		_, err := c.session.(*postgresSession).raw.PgConn().Exec(t.Context(), text).ReadAll()
		return err
	}))
}

// viaSame is the URL of a database through a proxy to its server.
func viaSame(t testing.TB, data string, p *faultproxy.Proxy) string {
	t.Helper()
	via, err := pgtest.Via(data, p.Addr())
	must(t, err)
	return via
}
