package engine_test

import (
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

func TestARenewalKeepsTheAssignmentThatThereIs(t *testing.T) {
	for name, end := range map[string]func(*world, *entitlement.Request){
		"delivered": func(w *world, r *entitlement.Request) { w.goOn(r); w.is(r, "delivered Delivered") },
		"canceled":  func(w *world, r *entitlement.Request) { must(w.t, w.Cancel(w.t.Context(), app, r.ID)) },
		"timed out": func(w *world, r *entitlement.Request) { w.advance(time.Hour); w.run() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.assign(alice)
			w.bind(time.Hour, granted)
			r := w.add(alice)
			if got := w.request(r.ID).AssignmentID; got != first.AssignmentID {
				t.Errorf("the renewal is about %s, not %s", got, first.AssignmentID)
			}
			end(w, r)
			if got := w.assignment(first.AssignmentID); got != entitlement.AssignmentDelivered || len(w.dump().Assignments) != 1 {
				t.Errorf("the assignment is %s, of %d", got, len(w.dump().Assignments))
			}
			w.membership(alice, "1")
		})
	}
}

func TestARenewalWhoseAssignmentEndedOpensAnother(t *testing.T) {
	w := newWorld(t)
	first := w.assign(alice)
	w.bind(time.Hour, granted)
	r := w.add(alice)
	w.removal(first.AssignmentID)
	w.membership(alice, "")
	w.goOn(r)
	w.is(r, "delivered Delivered")
	w.membership(alice, "1")
	second := w.request(r.ID).AssignmentID
	if second == first.AssignmentID || w.assignment(second) != entitlement.AssignmentDelivered || w.assignment(first.AssignmentID) != entitlement.AssignmentExpired {
		t.Errorf("the assignments are %s %s and %s %s", first.AssignmentID, w.assignment(first.AssignmentID), second, w.assignment(second))
	}
}

// TestTwoRequestsShareAnAssignment: the one that is left decides what becomes of it.
func TestTwoRequestsShareAnAssignment(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*world, *entitlement.Request)
		want entitlement.AssignmentState
	}{
		{"the second is delivered", func(w *world, r *entitlement.Request) { w.goOn(r) }, entitlement.AssignmentDelivered},
		{"the second is canceled", func(w *world, r *entitlement.Request) { must(w.t, w.Cancel(w.t.Context(), app, r.ID)) }, ""},
		{"the second times out", func(w *world, r *entitlement.Request) { w.advance(time.Hour); w.run() }, entitlement.AssignmentDeliveryFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.bind(time.Hour, granted)
			first, second := w.add(alice), w.add(alice)
			id := w.request(first.ID).AssignmentID
			if got := w.request(second.ID).AssignmentID; got != id {
				t.Fatalf("they have assignments %s and %s", id, got)
			}
			must(t, w.Cancel(t.Context(), app, first.ID))
			if got := w.assignment(id); got != entitlement.AssignmentDelivering {
				t.Errorf("the first was canceled, and the assignment is %q", got)
			}
			tt.end(w, second)
			if got := w.assignment(id); got != tt.want {
				t.Errorf("in the end the assignment is %q, want %q", got, tt.want)
			}
			if want := tt.want == entitlement.AssignmentDelivered; w.member(group, alice) != want {
				t.Errorf("the target is a member: %v", !want)
			}
		})
	}
}
