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
	f := newFleet(t, 3, onPostgres)
	f.start()
	l := newLoad(f, 3)
	l.during(func() { killAll(f, l, times(30, 1000)) })
	l.verify()
}

// TestKill does the same with one server on a file, and kills it at named places as well.
func TestKill(t *testing.T) {
	f := newFleet(t, 1, onSQLite)
	f.start()
	l := newLoad(f, 2)
	l.during(func() {
		killAll(f, l, times(30, 1000))
		killAtPlaces(f)
	})
	l.verify()
}

// TestKillReplicasAtPlaces kills one of three servers at named places.
func TestKillReplicasAtPlaces(t *testing.T) {
	f := newFleet(t, 3, onPostgres)
	f.start()
	l := newLoad(f, 3)
	l.during(func() {
		for range times(1, 20) {
			killAtPlaces(f)
		}
	})
	l.verify()
}

// during keeps the load up while something is done to the servers.
func (l *load) during(does func()) {
	ctx, stop := context.WithCancel(context.Background())
	wait, clocks := l.run(ctx, 8), l.moveClocks(ctx)
	defer func() { // also when does ends the test
		stop()
		wait()
		clocks()
	}()
	does()
}

// killAll kills servers at random moments.
func killAll(f *fleet, l *load, kills int) {
	f.t.Helper()
	for range kills {
		pause(time.Duration(rand.IntN(150)) * time.Millisecond)
		p := f.replicas[rand.IntN(len(f.replicas))]
		p.kill()
		p.launch("")
		l.progress(5 + rand.IntN(20))
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
