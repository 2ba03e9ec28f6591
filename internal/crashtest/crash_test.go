package crashtest

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// failpoints are the places at which a process kills itself, each at its first visit under
// load and at a later one.
var failpoints = []string{
	"before-commit:3", "before-commit:40", "after-commit:3", "after-commit:40",
	"before-reply:2", "before-reply:30", "after-callout:1", "after-callout:25",
}

// TestKill kills a server under load at random moments and at named places, and holds
// that nothing acknowledged is lost and nothing is applied twice (P1, P5 of the promises).
func TestKill(t *testing.T) {
	kills := 30
	if os.Getenv("ANTEROOM_NIGHT") != "" {
		kills = 1000
	}
	p := newProcess(t)
	p.start("")
	l := newLoad(t, p.url())
	ctx, stop := context.WithCancel(context.Background())
	wait := l.run(ctx, 8)
	rng := rand.New(rand.NewPCG(1, 1))
	for range kills {
		lives(t, time.Duration(20+rng.IntN(250))*time.Millisecond)
		p.kill()
		p.start("")
	}
	for _, place := range failpoints {
		p.kill()
		p.start(place)
		select {
		case <-p.done: // it has killed itself
		case <-time.After(startWithin):
			t.Errorf("the process never came by %s", place)
		}
		p.start("")
	}
	stop()
	wait.Wait()
	l.verify()
}

// TestKillInTimer kills the server while timers fire.
func TestKillInTimer(t *testing.T) {
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

// TestTerminate stops the server under load as an operator does: calls under way are
// finished, and nothing is lost (P22 of the promises).
func TestTerminate(t *testing.T) {
	rounds := 5
	if os.Getenv("ANTEROOM_NIGHT") != "" {
		rounds = 100
	}
	p := newProcess(t)
	p.start("")
	l := newLoad(t, p.url())
	for range rounds {
		ctx, stop := context.WithCancel(context.Background())
		wait := l.run(ctx, 8)
		lives(t, 150*time.Millisecond)
		state := p.terminate()
		if !state.Success() {
			t.Errorf("SIGTERM ended it with %s: %s", state, p.out.String())
		}
		stop()
		wait.Wait()
		p.start("")
		l.server.ForgetTokens()
	}
	l.verify()
}

// lives lets the process live for a while under load.
func lives(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := afterAWhile(d)
	defer cancel()
	<-ctx.Done()
}
