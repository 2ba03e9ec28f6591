package server

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const (
	backlogHangs = 60 * time.Second // a limit for hangs only
	newcomers    = 200              // requests that are made while the backlog is worked off
)

// TestABacklogIsWorkedOff lets timers of all kinds fall due while the server is down, some
// of them beside callouts that were not made yet, and starts it again: each comes once,
// those that are not due do not come, and what is asked meanwhile is done as well.
func TestABacklogIsWorkedOff(t *testing.T) {
	b := newBacklog(t)
	b.up()
	kinds := b.packages()
	b.submitAll(kinds, true)
	b.drain()
	b.down()
	b.submitAll(kinds, false)
	b.wait(5 * time.Hour)
	before, due := b.read(), len(b.dueTimers())
	if due != backlogSize {
		t.Fatalf("%d timers are due, want %d", due, backlogSize)
	}
	calls := b.calls.Load()
	began := time.Now()
	b.up()
	b.newcomers()
	b.drain()
	t.Logf("%d timers and %d new requests took %s; when the new ones were done %d timers were left", due, newcomers, time.Since(began).Round(time.Millisecond), b.left)
	b.down()
	after := b.read()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { k.check(t, before, after) })
	}
	if left := b.dueTimers(); len(left) > 0 {
		t.Errorf("%d timers are left", len(left))
	}
	if n := b.calls.Load() - calls; n != newcomers {
		t.Errorf("%d calls were made, want those of the %d new requests: nothing is sent past a deadline", n, newcomers)
	}
}

// backlogKind is one kind of timer, or one whose time has not come.
type backlogKind struct {
	name   string
	late   bool // half of them are made when the server is down already
	policy entitlement.Policy
	start  time.Duration // from when access is wanted
	wait   time.Duration // for an answer
	// What becomes of each: the state of the request, or that its assignment expired;
	// empty: nothing.
	state   entitlement.RequestState
	expires bool

	pkg entitlement.ID
}

func (b *backlog) packages() []*backlogKind {
	yes := true
	approved := func(within time.Duration) entitlement.Policy {
		return entitlement.Policy{ApprovalSettings: &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: &yes, Stages: []entitlement.ApprovalStage{{
			AutomaticDenial: within, Primary: []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: backlogPerson(0)}},
		}}}}
	}
	lasting := func(d time.Duration) entitlement.Policy {
		return entitlement.Policy{Expiration: &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: d}}
	}
	const second, week = time.Second, 7 * 24 * time.Hour
	kinds := []*backlogKind{
		{name: "callback timeout", late: true, wait: time.Hour, state: entitlement.RequestDeliveryFailed},
		{name: "approval", policy: approved(4 * time.Hour), state: entitlement.RequestDenied},
		{name: "scheduled start", start: 5 * time.Hour, state: entitlement.RequestDelivered},
		{name: "expiry", policy: lasting(3 * time.Hour), expires: true},
		{name: "callback timeout that is not due", wait: 5*time.Hour + second},
		{name: "approval that is not due", policy: approved(10*time.Hour + 2*second)}, // the reminder comes halfway
		{name: "scheduled start that is not due", start: 5*time.Hour + second},
		{name: "expiry that is not due", policy: lasting(2*week + 5*time.Hour + second)}, // the 14-day notice
	}
	for i, k := range kinds {
		k.pkg = b.addPackage(fmt.Sprint("package", i), k.wait, k.wait > 0, k.policy)
	}
	return kinds
}

// submitAll makes the requests of all kinds, in the first or second part of the process.
func (b *backlog) submitAll(kinds []*backlogKind, first bool) {
	const each = backlogSize / 4
	var orders []engine.Order
	for n := range each {
		for _, k := range kinds {
			if (k.late && n%2 == 1) == first {
				continue
			}
			o := engine.Order{Type: entitlement.TypeAdminAdd, PackageID: k.pkg, TargetID: backlogPerson(n + 1)}
			if k.start > 0 {
				o.Schedule.StartAt = b.began.Add(k.start)
			}
			orders = append(orders, o)
		}
	}
	b.submit(orders)
}

// newcomers ask while the backlog is worked off.
func (b *backlog) newcomers() {
	pkg := b.addPackage("new", 0, true, entitlement.Policy{})
	orders := make([]engine.Order, newcomers)
	for n := range orders {
		orders[n] = engine.Order{Type: entitlement.TypeAdminAdd, PackageID: pkg, TargetID: backlogPerson(n + 1)}
	}
	b.submit(orders)
	hangs := time.After(backlogHangs)
	for done := 0; done < newcomers; {
		select {
		case <-b.called:
			done++
		case <-hangs:
			b.t.Fatalf("%d of %d new requests were called for", done, newcomers)
		}
	}
	b.left = len(b.dueTimers())
	b.drain()
	for _, r := range b.read().requests {
		if r.PackageID == pkg && r.State != entitlement.RequestDelivered {
			b.t.Errorf("a new request is %s", r.State)
		}
	}
}

// check holds what became of the requests of the kind.
func (k *backlogKind) check(t *testing.T, before, after *backlogState) {
	n := 0
	for id, was := range before.requests {
		if was.PackageID != k.pkg {
			continue
		}
		n++
		now, a := after.requests[id], after.assignments[was.AssignmentID]
		fired, removals := after.timedOut[id], after.removals[was.AssignmentID]
		switch {
		case k.state != "":
			if now.State != k.state || fired != 1 || removals != 0 {
				t.Errorf("request %s is %s, its timer came %d times; want %s, once", id, now.State, fired, k.state)
			}
		case k.expires:
			if now.Version != was.Version || fired != 0 || removals != 1 || a.State != entitlement.AssignmentExpired || after.woken[a.ID] != 1 || after.expired[a.ID] != 1 {
				t.Errorf("assignment %s is %s, was woken %d times, taken away %d times, with %d requests", a.ID, a.State, after.woken[a.ID], after.expired[a.ID], removals)
			}
		default:
			old := before.assignments[was.AssignmentID]
			if now.Version != was.Version || fired != 0 || removals != 0 || (a == nil) != (old == nil) || (a != nil && a.Version != old.Version) {
				t.Errorf("request %s, whose time has not come, was %s and is %s", id, was.Status, now.Status)
			}
		}
	}
	if n != backlogSize/4 {
		t.Errorf("there are %d requests, want %d", n, backlogSize/4)
	}
}

// submit makes the requests, some at a time.
func (b *backlog) submit(orders []engine.Order) {
	b.t.Helper()
	next := make(chan engine.Order, len(orders))
	for _, o := range orders {
		next <- o
	}
	close(next)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for o := range next {
				if _, err := b.engine.Submit(context.Background(), backlogApp, o); err != nil {
					b.t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if b.t.Failed() {
		b.t.FailNow()
	}
}

func (b *backlog) dueTimers() (due []store.Job) {
	jobs, err := b.store.DueJobs(context.Background(), b.clock(), nil, 10*backlogSize)
	b.must(err)
	for _, j := range jobs {
		if j.Kind == store.JobTimeout || j.Kind == store.JobWake {
			due = append(due, j)
		}
	}
	return due
}
