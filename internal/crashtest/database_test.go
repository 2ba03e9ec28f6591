package crashtest

import (
	"math/rand/v2"
	"testing"
	"time"

	"anteroom/internal/pgtest"
)

// TestDatabaseRestarts restarts PostgreSQL under load, in good order and by a crash.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onCluster)
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for n := range times(2, 200) {
			mode := []pgtest.StopMode{pgtest.Fast, pgtest.Immediate}[n%2]
			if err := f.cluster.Restart(t.Context(), mode); err != nil {
				t.Fatal(err)
			}
			c.progress(20)
		}
		f.awaitReady()
	})
	c.verify()
}

// TestFailover lets the primary crash under load, connections break during commits, and a
// standby that follows it synchronously take its place: nothing acknowledged is lost and
// nothing is done twice (P17 of the promises).
func TestFailover(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, throughProxies(onCluster))
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for range times(1, 100) {
			f.failOver(c)
			c.progress(20)
		}
		f.awaitReady()
	})
	c.verify()
}

// failOver makes a standby, lets the primary crash and promotes the standby.
func (f *fleet) failOver(c *crowd) {
	f.t.Helper()
	standby, err := f.cluster.NewStandby(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	standby.ShowLog(f.t)
	c.progress(5 + rand.IntN(30))
	for _, p := range f.proxies {
		<-cutAtCommit(p)
		p.Refuse(true)
	}
	if err := f.cluster.Stop(pgtest.Immediate); err != nil {
		f.t.Fatal(err)
	}
	for _, p := range f.proxies {
		p.Cut()
	}
	if err := standby.Promote(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	begun := time.Now()
	f.cluster = standby
	for _, p := range f.proxies {
		p.Forward("unix", f.socket(standby.DSN("postgres")))
		p.Refuse(false)
	}
	c.progress(1)
	f.t.Logf("the first change was acknowledged %s after the promotion", time.Since(begun).Round(time.Millisecond))
}
