package crashtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/testenv"
)

// TestTimersWhileDown lets many timers come while no server runs: three of them work them
// off afterwards, each timer once and none before its time (P14 of the promises).
func TestTimersWhileDown(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onPostgres)
	timersWhileDown(f, times(500, 10_000))
}

// TestTimersWhileDownOnFile does the same with one server on a file.
func TestTimersWhileDownOnFile(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, onSQLite)
	timersWhileDown(f, times(500, 10_000))
}

func timersWhileDown(f *fleet, timers int) {
	t := f.t
	t.Helper()
	f.start()
	c := newCrowd(f, 1)
	c.silence()
	c.client.http.Timeout = hangLimit
	c.fallDue(f, c.park(timers))
	begun := time.Now()
	for _, p := range f.replicas {
		p.launch("")
	}
	f.awaitReady()
	done := until(func() bool {
		for _, at := range c.tenants {
			if open, err := c.open(at); err != nil || open != "" {
				return false
			}
		}
		return true
	})
	if !done {
		t.Errorf("not all timers have come within %s", hangLimit)
	}
	took := time.Since(begun)
	k := check(c.gather())
	c.report(k)
	for _, r := range k.requests {
		if r.state != "deliveryFailed" || len(r.recordsOf("timedOut")) != 1 {
			t.Errorf("request %s is %s after %d timers", r.id, r.state, len(r.recordsOf("timedOut")))
		}
	}
	t.Logf("%d timers were worked off within %s of the start", len(k.requests), took.Round(time.Millisecond))
}

// fallDue moves the clock, while no server runs, so that at least the first half of the timers
// is due, all if they are some seconds old, and the others soon: the server that is there to
// move the clock dies at the first timer. half is when the first half of them had been set.
func (c *crowd) fallDue(f *fleet, half time.Time) {
	c.t.Helper()
	const soon = 5 * time.Second
	due := time.Now().Add(-soon)
	if due.Before(half) {
		due = half
	}
	for _, p := range f.replicas {
		p.kill()
	}
	one := f.replicas[0]
	one.start("timer:1")
	c.client.pick = func() *testenv.Server { return f.servers[0] }
	ctx, cancel := context.WithTimeout(context.Background(), hangLimit)
	defer cancel()
	f.servers[0].ForgetTokens()
	if err := c.setClock(ctx, c.tenants[0], due.Add(parkedFor)); err == nil {
		c.t.Error("the server lived past the first timer")
	}
	one.awaitEnd()
}

// silence makes everybody do what they do once, and nobody answer callouts.
func (c *crowd) silence() {
	c.wild = false
	for _, r := range c.receivers {
		r.onCall = nil
	}
}

// parkedFor is how long the first package of newTenant waits for an answer.
const parkedFor = 30 * time.Minute

// park makes requests that wait for an answer to their callout, and returns when the first
// half of them had been made.
func (c *crowd) park(n int) (half time.Time) {
	c.t.Helper()
	var all sync.WaitGroup
	var made atomic.Int64
	few := make(chan bool, 16)
	for i := range n {
		few <- true
		all.Go(func() {
			defer func() { <-few }()
			t := c.tenants[i%len(c.tenants)]
			who := uuid.NewString()
			c.client.do(call{kind: opPerson, tenant: t.id, target: who}, "app", "POST", "/v1.0/users", person(who))
			if k := c.create(call{kind: opCreate, tenant: t.id, key: uuid.NewString(), target: who}, t.packages[0]); !k.did() {
				c.t.Errorf("create: %d %s", k.status, k.text)
			}
			if made.Add(1) == int64(n+1)/2 {
				half = time.Now()
			}
		})
	}
	all.Wait()
	return half
}
