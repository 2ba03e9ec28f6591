package engine_test

import (
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

// renewable lets the target renew what they have through the policy of the world, for ten
// days at a time.
func (w *world) renewable() {
	w.t.Helper()
	w.editPolicy(func(p *entitlement.Policy) {
		yes := true
		p.RequestorSettings = &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: &yes, EnableTargetsToSelfUpdateAccess: &yes}
		p.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 10 * day}
	})
}

func (w *world) ask(o engine.Order) *entitlement.Request {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), person(alice), o)
	must(w.t, err)
	return r
}

// askAs asks for the package of the world as somebody.
func (w *world) askAs(who entitlement.ID) *entitlement.Request {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), person(who), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
	must(w.t, err)
	return r
}

// TestARenewalKeepsTheAssignmentThatThereIs: asking again for what one has changes it, and
// however that ends, it stays.
func TestARenewalKeepsTheAssignmentThatThereIs(t *testing.T) {
	for name, end := range map[string]func(*world, *entitlement.Request){
		"delivered": func(w *world, r *entitlement.Request) { w.goOn(r); w.is(r, "delivered Delivered") },
		"canceled":  func(w *world, r *entitlement.Request) { must(w.t, w.Cancel(w.t.Context(), person(alice), r.ID)) },
		"timed out": func(w *world, r *entitlement.Request) { w.advance(time.Hour); w.run() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.renewable()
			order := engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}
			first := w.ask(order)
			w.is(first, "delivered Delivered")
			w.bind(time.Hour, created, granted)
			w.advance(day)
			r := w.ask(order)
			if r.Type != entitlement.TypeUserAdd || r.AssignmentID != first.AssignmentID || !r.Progress.Plan.Updates {
				t.Errorf("the renewal is a %s of %s: %+v", r.Type, r.AssignmentID, r.Progress.Plan)
			}
			end(w, r)
			a := w.holding(first.AssignmentID)
			if a.State != entitlement.AssignmentDelivered || len(w.dump().Assignments) != 1 {
				t.Errorf("the assignment is %s, of %d", a.State, len(w.dump().Assignments))
			}
			want := start.Add(10 * day)
			if name == "delivered" {
				want = want.Add(day)
			}
			if !a.EndAt.Equal(want) {
				t.Errorf("the access ends at %s, want %s", a.EndAt, want)
			}
			w.membership(alice, "1")
		})
	}
}

// TestARenewalOfWhatIsOverLetsNobodyIn: the assignment ends while the renewal waits.
func TestARenewalOfWhatIsOverLetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	w.renewable()
	order := engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}
	first := w.ask(order)
	w.bind(time.Hour, created)
	r := w.ask(order)
	w.removal(first.AssignmentID)
	w.membership(alice, "")
	w.goOn(r)
	w.is(r, "deliveryFailed RequirementsNotMet")
	w.membership(alice, "")
	if got := w.assignment(first.AssignmentID); got != entitlement.AssignmentExpired || len(w.dump().Assignments) != 1 {
		t.Errorf("the assignment is %s, of %d", got, len(w.dump().Assignments))
	}
}

func TestWhoMayNotRenewAsksInVain(t *testing.T) {
	w := newWorld(t)
	first := w.assign(alice)
	w.unchanged("a refusal", func() {
		for _, tt := range []struct {
			by entitlement.Actor
			o  engine.Order
		}{
			{person(alice), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}},
			{app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: alice}},
		} {
			_, err := w.Submit(t.Context(), tt.by, tt.o)
			refused(t, err, entitlement.CodeExistingAssignment)
		}
	})
	w.removal(first.AssignmentID)
	w.is(w.ask(engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}), "delivered Delivered")
}

// TestTwoRequestsForOneThing: the second is refused until the first is finished.
func TestTwoRequestsForOneThing(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, granted)
	first := w.add(alice)
	w.unchanged("a refusal", func() {
		for _, tt := range []struct {
			by entitlement.Actor
			o  engine.Order
		}{
			{app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, PolicyID: w.policy, TargetID: alice}},
			{person(alice), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}},
		} {
			_, err := w.Submit(t.Context(), tt.by, tt.o)
			refused(t, err, entitlement.CodeExistingOpenRequest)
		}
	})
	w.add(bob) // another target
	must(t, w.Cancel(t.Context(), app, first.ID))
	second := w.add(alice)
	w.goOn(second)
	w.is(second, "delivered Delivered")
	removal := engine.Order{Type: entitlement.TypeAdminRemove, AssignmentID: w.request(second.ID).AssignmentID}
	_, err := w.Submit(t.Context(), app, removal)
	must(t, err)
	_, err = w.Submit(t.Context(), app, removal)
	refused(t, err, entitlement.CodeInvalidModel) // it is over already
}
