package crashtest

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"anteroom/internal/faultproxy"
	"anteroom/internal/pgtest"
	"anteroom/internal/testenv"
)

// lease is that of the servers: a test of what they do without one need not be long.
const lease = 500 * time.Millisecond

// fleet is some servers on one database, and what the clients know of them.
type fleet struct {
	t        testing.TB
	replicas []*process
	servers  []*testenv.Server // the same, as clients see them
	// data is the address of the database, or the path of the SQLite file; url says at
	// which address each server has it.
	data    string
	proxies []*faultproxy.Proxy // of each server, where it has one
	cluster *pgtest.Cluster     // the test's own, where it has one
	issuer  *issuer             // where the servers are those of production
}

// newFleet makes development servers, which are not started, on what open made.
func newFleet(t testing.TB, n int, open func(*fleet)) *fleet {
	t.Helper()
	f := &fleet{t: t}
	open(f)
	for i := range n {
		p := newProcess(t)
		p.data = f.dataOf(i)
		f.add(p, testenv.Attach(p.url()))
	}
	return f
}

func (f *fleet) add(p *process, s *testenv.Server) {
	f.replicas, f.servers = append(f.replicas, p), append(f.servers, s)
}

// onSQLite is a file.
func onSQLite(f *fleet) { f.data = filepath.Join(f.t.TempDir(), "anteroom.db") }

// onPostgres is a database in the cluster that all tests share.
func onPostgres(f *fleet) { f.data = testenv.PostgresURL(f.t) }

// onPostgresWithoutSchema is a database in that cluster in which there is nothing yet.
func onPostgresWithoutSchema(f *fleet) { f.data = pgtest.Database(f.t, "", nil) }

// onCluster is a cluster that the test may stop.
func onCluster(f *fleet) {
	c, err := pgtest.Start(context.Background(), pgtest.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			f.t.Error(err)
		}
	})
	c.ShowLog(f.t)
	f.cluster, f.data = c, c.DSN("postgres")
}

// throughProxies puts a proxy before the database for each of three servers.
func throughProxies(open func(*fleet)) func(*fleet) {
	return func(f *fleet) {
		open(f)
		for range 3 {
			p, err := faultproxy.New("unix", f.socket(f.data))
			if err != nil {
				f.t.Fatal(err)
			}
			f.t.Cleanup(func() { _ = p.Close() })
			f.proxies = append(f.proxies, p)
		}
	}
}

func (f *fleet) socket(dsn string) string {
	f.t.Helper()
	socket, err := pgtest.Socket(dsn)
	if err != nil {
		f.t.Fatal(err)
	}
	return socket
}

// dataOf is the address of the database for one server.
func (f *fleet) dataOf(i int) string {
	f.t.Helper()
	if i >= len(f.proxies) {
		return f.data
	}
	dsn, err := pgtest.Via(f.data, f.proxies[i].Addr())
	if err != nil {
		f.t.Fatal(err)
	}
	return dsn
}

// start starts all servers: the first makes the schema.
func (f *fleet) start() {
	f.t.Helper()
	for _, p := range f.replicas {
		p.start("")
	}
}

// awaitReady waits until all are ready.
func (f *fleet) awaitReady() {
	f.t.Helper()
	for _, p := range f.replicas {
		p.awaitReady()
		if p.ended() {
			f.t.Fatalf("%s has ended:\n%s", p.addr, p.out.tail(60))
		}
	}
}

// newTenant is the id of a tenant that nobody has used yet, with those in it who approve.
func (f *fleet) newTenant() string {
	f.t.Helper()
	if f.issuer == nil {
		return testenv.NewTenant()
	}
	id := f.issuer.tenants[f.issuer.used]
	f.issuer.used++
	for _, name := range []string{"bob", "carol"} {
		r, err := f.servers[0].CallAt(id, "app", "POST", "/v1.0/users", person(testenv.SampleIDs[name]))
		if err != nil || r.Status != http.StatusCreated {
			f.t.Fatalf("making %s: %v %d %s", name, err, r.Status, r.Body)
		}
	}
	return id
}
