package crashtest

import (
	"context"
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
	killUnderLoad(f, l, times(30, 1000))
	l.verify()
}

func killUnderLoad(f *fleet, l *load, kills int) {
	f.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	wait, clocks := l.run(ctx, 8), l.moveClocks(ctx)
	for n := range kills {
		pause(time.Duration(20+rand.IntN(250)) * time.Millisecond)
		p := f.replicas[rand.IntN(len(f.replicas))]
		p.kill()
		p.launch("")
		if n%3 == 0 {
			p.awaitReady()
		}
	}
	f.awaitReady()
	stop()
	wait()
	clocks()
}
