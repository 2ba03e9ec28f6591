package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestKillReplicas kills three servers on one PostgreSQL under load, one after another at
// random, and holds that nothing acknowledged is lost and nothing is done twice (P1, P3, P5,
// P18 of the promises).
func TestKillReplicas(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onPostgres)
	f.start()
	c := newCrowd(f, 3)
	c.during(func() { killAll(f, c, times(30, 1000)) })
	c.verify()
}

// TestKill does the same with one server on a file, and kills it at named places as well.
func TestKill(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, onSQLite)
	f.start()
	c := newCrowd(f, 2)
	c.during(func() {
		killAll(f, c, times(30, 1000))
		killAtPlaces(f)
	})
	c.verify()
}

// TestKillReplicasAtPlaces kills one of three servers at named places.
func TestKillReplicasAtPlaces(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onPostgres)
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for range times(1, 20) {
			killAtPlaces(f)
		}
	})
	c.verify()
}

// during keeps the load up while something is done to development servers, and moves the
// clocks so that timers fire.
func (c *crowd) during(does func()) {
	c.underLoad(func() {
		ctx, stop := context.WithCancel(context.Background())
		clocks := c.moveClocks(ctx)
		defer func() { // also when does ends the test
			stop()
			clocks()
		}()
		does()
	})
}

// underLoad keeps the load up while something is done to the servers.
func (c *crowd) underLoad(does func()) {
	ctx, stop := context.WithCancel(context.Background())
	wait := c.run(ctx, 8)
	defer func() {
		stop()
		wait()
	}()
	does()
}

// killAll kills servers at random moments.
func killAll(f *fleet, c *crowd, kills int) {
	f.t.Helper()
	for range kills {
		pause(time.Duration(rand.IntN(150)) * time.Millisecond)
		p := f.replicas[rand.IntN(len(f.replicas))]
		p.kill()
		p.launch("")
		c.progress(3 + rand.IntN(10))
	}
	f.awaitReady()
}

// killAtPlaces lets servers kill themselves at named places, each at an early visit and at
// a later one.
func killAtPlaces(f *fleet) {
	f.t.Helper()
	for _, place := range []string{"before-commit", "after-commit", "before-reply", "after-callout"} {
		for _, visit := range []int{1 + rand.IntN(4), 10 + rand.IntN(30)} {
			p := f.replicas[rand.IntN(len(f.replicas))]
			p.kill()
			p.start(fmt.Sprintf("%s:%d", place, visit))
			p.awaitEnd() // it kills itself
			p.start("")
		}
	}
	f.awaitReady()
}

// TestKillInTimer kills the server while timers fire.
func TestKillInTimer(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	p.start("")
	l := newLoad(t, p.url())
	for n := range 30 {
		l.job(context.Background(), 3*n)
	}
	p.kill()
	for _, place := range []string{"timer:1", "timer:9"} {
		p.start(place)
		l.server.ForgetTokens()
		if err := l.server.Advance(l.tenant, "P2D"); err == nil {
			t.Errorf("the process lived past %s", place)
		}
		<-p.done
	}
	p.start("")
	l.server.ForgetTokens()
	l.checkTimers()
}
