package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/delivery"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/store"
)

// outside delivers groups, and beside them something in a system outside.
type outside struct {
	delivery.Groups
	answer func(entitlement.Delivery) error
	made   []entitlement.Delivery
}

func (o *outside) Grant(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, roles []*entitlement.RoleScope, renew bool, now time.Time) (entitlement.Delivered, error) {
	done, err := o.Groups.Grant(ctx, tx, a, roles, renew, now)
	done.Outside = true
	return done, err
}

func (o *outside) Revoke(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, now time.Time) (entitlement.Delivered, error) {
	done, err := o.Groups.Revoke(ctx, tx, a, now)
	done.Outside = true
	return done, err
}

func (o *outside) Perform(_ context.Context, d entitlement.Delivery) error {
	o.made = append(o.made, d)
	if o.answer == nil {
		return nil
	}
	return o.answer(d)
}

func newOutside(t *testing.T) (*world, *outside) {
	o := &outside{}
	w := newWorld(t, func(opts *engine.Options) { opts.Deliverer = o })
	w.separate = true
	return w, o
}

func refuse(entitlement.Delivery) error { return errors.New("the target system is down") }

func TestWhatLiesOutsideIsDeliveredByAJob(t *testing.T) {
	w, o := newOutside(t)
	r := w.add(alice)
	w.is(r, "delivering Delivering")
	if diff := cmp.Diff([]string{"deliver 2 in 0s"}, w.due(r)); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	w.unchanged("a refusal", func() { refused(t, w.Cancel(t.Context(), app, r.ID), entitlement.CodeRequestNotCancelable) })
	w.run()
	w.is(r, "delivered Delivered")
	back := w.removal(r.AssignmentID)
	w.is(back, "delivering Delivering")
	w.membership(alice, "")
	w.run()
	w.is(back, "delivered Delivered")
	if len(o.made) != 2 || o.made[0].Revoke || !o.made[1].Revoke || o.made[0].Assignment.ID != r.AssignmentID || len(o.made[0].Roles) != 1 {
		t.Errorf("made %+v", o.made)
	}
}

// outlast fails n attempts and checks key and due time of each.
func outlast(t *testing.T, w *world, o *outside, r *entitlement.Request, n int) {
	t.Helper()
	o.answer = refuse
	before := len(o.made)
	for i := 1; i <= n; i++ {
		w.run()
		if made := len(o.made) - before; made != i {
			t.Fatalf("%d attempts were made, want %d", made, i)
		}
		if d := o.made[len(o.made)-1]; d.Key != o.made[before].Key || !strings.HasPrefix(d.Key, string(r.ID)+"/") {
			t.Errorf("attempt %d has key %s, the first had %s", i, d.Key, o.made[before].Key)
		}
		jobs := w.jobs(r.ID)
		if len(jobs) == 0 {
			return
		}
		if want := w.clock().Add(lifecycle.Backoff(i)); !jobs[0].Due.Equal(want) || jobs[0].Attempt != i {
			t.Fatalf("after attempt %d the job is %+v, want due at %s", i, jobs[0], want)
		}
		w.advance(lifecycle.Backoff(i))
	}
}

func TestADeliveryOutsideGivesUpAfterTenAttempts(t *testing.T) {
	w, o := newOutside(t)
	r := w.add(alice)
	w.membership(alice, "1") // given in the transaction that began the delivery
	outlast(t, w, o, r, 9)
	w.is(r, "delivering Delivering")
	outlast(t, w, o, r, 1)
	w.is(r, "deliveryFailed DeliveryFailed")
	w.membership(alice, "") // nobody keeps part of what was not delivered
	if got := w.assignment(r.AssignmentID); got != entitlement.AssignmentDeliveryFailed || len(w.dump().Grants) > 0 {
		t.Errorf("the assignment is %s and has grants %v", got, w.dump().Grants)
	}
	o.answer = nil
	again := w.add(alice)
	w.run()
	w.is(again, "delivered Delivered")
	w.membership(alice, "1")
}

func TestARevocationOutsideIsTriedForEver(t *testing.T) {
	w, o := newOutside(t)
	a := w.add(alice).AssignmentID
	w.run()
	r := w.removal(a)
	outlast(t, w, o, r, 50)
	w.is(r, "delivering Delivering")
	o.answer = nil
	w.run()
	w.is(r, "delivered Delivered")
}

func TestMembershipsByHandAreKept(t *testing.T) {
	w := newWorld(t)
	must(t, w.AddMember(t.Context(), app, group, alice))
	a := w.assign(alice).AssignmentID
	w.removal(a)
	w.membership(alice, "1")
	if n := len(w.dump().Grants); n > 0 {
		t.Errorf("%d grants are left", n)
	}
}

func TestAMembershipTakenAwayByHandIsNoErrorLater(t *testing.T) {
	w := newWorld(t)
	a := w.assign(alice).AssignmentID
	must(t, w.RemoveMember(t.Context(), app, group, alice))
	w.membership(alice, "")
	w.is(w.removal(a), "delivered Delivered")
	w.membership(alice, "")
	// By hand again after that: it is nobody's to take away but theirs who gave it.
	b := w.assign(alice).AssignmentID
	must(t, w.RemoveMember(t.Context(), app, group, alice))
	must(t, w.AddMember(t.Context(), app, group, alice))
	w.removal(b)
	w.membership(alice, "1")
}

// TestOverlappingAssignments: a membership goes with the last assignment that gives it.
func TestOverlappingAssignments(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			w := newWorld(t)
			first := w.assign(alice).AssignmentID
			w.pkg = w.addPackage("another")
			w.addRole(w.pkg, group)
			w.addRole(w.pkg, group2)
			w.policy = w.addPolicy(w.pkg)
			second := w.assign(alice).AssignmentID
			w.assign(bob)
			w.membership(alice, "12")
			both := [2]entitlement.ID{first, second}
			w.removal(both[order[0]])
			w.membership(alice, map[int]string{0: "12", 1: "1"}[order[0]])
			w.removal(both[order[1]])
			w.membership(alice, "")
			w.membership(bob, "12")
		})
	}
}

func TestTwoPoliciesOfOnePackageOverlap(t *testing.T) {
	w := newWorld(t)
	first := w.assign(alice).AssignmentID
	w.policy = w.addPolicy(w.pkg)
	second := w.assign(alice).AssignmentID
	if first == second {
		t.Fatal("two policies share an assignment")
	}
	w.removal(first)
	w.membership(alice, "1")
	w.removal(second)
	w.membership(alice, "")
}
