package crashtest

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// drain is how long a server may take to end in these tests. For the first third it says
// that it is not ready and answers as before.
const drain = 4500 * time.Millisecond

// TestTerminate ends servers under load as an operator does, two of three at a time: no call
// fails, what is under way is finished, and they end in good order (P22 of the promises).
func TestTerminate(t *testing.T) {
	t.Parallel()
	f := newProduction(t, 3, 2, drain, onPostgres)
	f.start()
	c := newQuiet(f)
	c.underLoad(func() {
		for range times(3, 50) {
			rand.Shuffle(3, func(i, j int) { f.replicas[i], f.replicas[j] = f.replicas[j], f.replicas[i] })
			two := f.replicas[:2]
			for _, p := range two {
				p.signal(syscall.SIGTERM)
			}
			for _, p := range two {
				p.endsWell()
				p.start("")
			}
			c.progress(20)
		}
	})
	c.checkQuiet()
}

// TestTerminateOnFile ends a single server in good order, which its callers notice, but not
// the calls that it has accepted.
func TestTerminateOnFile(t *testing.T) {
	t.Parallel()
	f := newProduction(t, 1, 2, drain, onSQLite)
	f.start()
	c := newQuiet(f)
	c.underLoad(func() {
		for range times(2, 50) {
			f.replicas[0].signal(syscall.SIGTERM)
			f.replicas[0].endsWell()
			f.replicas[0].start("")
			c.progress(20)
		}
	})
	c.checkQuiet()
}

// newQuiet makes a crowd behind a balancer, at endpoints that do not fail.
func newQuiet(f *fleet) *crowd {
	f.t.Helper()
	c := newCrowd(f, 2)
	c.client.http.Timeout = hangLimit
	for _, r := range c.receivers {
		r.flaky = false
	}
	f.balance(c.client)
	return c
}

// endsWell waits for a process that was told to end, and holds that it does so in good
// order.
func (p *process) endsWell() {
	p.t.Helper()
	begun := time.Now()
	if state := p.awaitEnd(); !state.Success() {
		p.t.Errorf("SIGTERM ended it with %s:\n%s", state, p.out.tail(30))
	}
	if took := time.Since(begun); took > 15*time.Second {
		p.t.Errorf("it took %s to end", took)
	}
}

// checkQuiet looks at everything, with the servers at rest, where no call may have failed.
// Their clock cannot be moved, so that what still waits stays so.
func (c *crowd) checkQuiet() {
	c.t.Helper()
	e := c.gather()
	e.waiting = true
	k := check(e)
	failed := 0
	for _, one := range e.calls {
		if one.status == 0 || one.status >= 500 {
			if failed++; failed < 10 {
				c.t.Errorf("%s at %s failed: %d %s", one.kind, one.at, one.status, one.text)
			}
		}
	}
	c.report(k)
	if k.repeats > 0 {
		c.t.Errorf("%d callouts were made again after their receiver had taken them", k.repeats)
	}
	c.t.Logf("%d of %d calls failed", failed, len(e.calls))
}
