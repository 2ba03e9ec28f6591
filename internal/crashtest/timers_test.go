package crashtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestTimersWhileDown lets many timers come while no server runs: three of them work them
// off afterwards, each timer once and none before its time (P14 of the promises).
func TestTimersWhileDown(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onPostgres)
	timersWhileDown(f, times(1500, 10_000))
}

// TestTimersWhileDownOnFile does the same with one server on a file.
func TestTimersWhileDownOnFile(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, onSQLite)
	timersWhileDown(f, times(1500, 10_000))
}

func timersWhileDown(f *fleet, timers int) {
	t := f.t
	t.Helper()
	f.start()
	c := newCrowd(f, 2)
	c.silence()
	begun := time.Now()
	c.park(timers)
	// The first falls due right after the servers are gone, and so do most; some do when they
	// are there again.
	span := time.Since(begun)
	for _, at := range c.tenants {
		ctx, cancel := context.WithTimeout(context.Background(), hangLimit)
		ahead := 30*time.Minute - time.Since(begun) - 2*time.Second
		if err := c.advance(ctx, at, fmt.Sprintf("PT%dS", int(ahead.Seconds()))); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	for _, p := range f.replicas {
		p.kill()
	}
	pause(3*time.Second + span*4/5)
	ups := make(chan bool)
	begun = time.Now()
	for _, p := range f.replicas {
		go func() { p.start(""); ups <- true }()
	}
	for range f.replicas {
		<-ups
	}
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

// silence makes everybody do what they do once, and nobody answer callouts.
func (c *crowd) silence() {
	c.wild = false
	for _, r := range c.receivers {
		r.onCall = nil
	}
}

// park makes requests that wait for an answer to their callout.
func (c *crowd) park(n int) {
	c.t.Helper()
	var all sync.WaitGroup
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
		})
	}
	all.Wait()
}
