package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// blocking blocks guests when their last access ends.
func (w *world) blocking() {
	w.t.Helper()
	_, err := w.UpdateSettings(w.t.Context(), app, func(s *entitlement.Settings) error {
		s.ExternalUserLifecycle = entitlement.LifecycleBlock
		return nil
	})
	must(w.t, err)
}

func (w *world) mayGuestSignIn() bool {
	w.t.Helper()
	enabled := false
	w.view(func(tx *store.Tx) error {
		u, err := tx.Users.Get(w.t.Context(), guest)
		enabled = err == nil && u.AccountEnabled
		return err
	})
	return enabled
}

// TestACanceledRenewalMakesNoLeaver: a renewal of access that is over by then gives
// nothing and takes nothing, so that it does not make a leaver of a guest.
func TestACanceledRenewalMakesNoLeaver(t *testing.T) {
	w := newWorld(t)
	w.blocking()
	w.assign(guest)
	w.renewable()
	w.bind(time.Hour, created)
	r := w.askAs(guest)
	if !r.Progress.Plan.Updates {
		t.Fatalf("the request renews nothing: %+v", r.Progress.Plan)
	}
	must(t, w.Cancel(t.Context(), person(guest), r.ID))
	w.run()
	if !w.mayGuestSignIn() {
		t.Error("the guest is blocked, and has access")
	}
}

// TestFromRuleToRuleIsNoLeaving: whoever comes to have access by one policy as they lose
// it by another was never without.
func TestFromRuleToRuleIsNoLeaving(t *testing.T) {
	w := newWorld(t)
	w.blocking()
	for _, department := range []string{"Sales", "Marketing"} {
		w.departmentPackage(department)
	}
	for _, department := range []string{"Sales", "Marketing", "Sales"} {
		_, err := w.UpdateUser(t.Context(), app, guest, func(u *entitlement.User) error {
			u.SetAttribute("department", &department)
			return nil
		})
		must(t, err)
		w.run()
		w.membership(guest, "2")
		if !w.mayGuestSignIn() {
			t.Fatalf("the guest is blocked, and has come to %s", department)
		}
	}
	_, err := w.UpdateUser(t.Context(), app, guest, func(u *entitlement.User) error {
		u.SetAttribute("department", nil)
		return nil
	})
	must(t, err)
	w.run()
	if w.mayGuestSignIn() {
		t.Error("the guest has left both and is not blocked")
	}
}

// TestJoinerWithAnotherRequestIsLookedAtAgain: what the rule gives comes once the other
// request has come to nothing, although neither the person nor the policy changed since.
func TestJoinerWithAnotherRequestIsLookedAtAgain(t *testing.T) {
	w := newWorld(t)
	pkg := w.departmentPackage("Sales")
	w.pkg, w.policy = pkg, w.addPolicy(pkg)
	w.bind(time.Hour*24, created)
	r := w.add(bob)
	_, err := w.UpdateUser(t.Context(), app, bob, inSales)
	must(t, err)
	w.run()
	w.membership(bob, "")
	must(t, w.Cancel(t.Context(), app, r.ID))
	w.run()
	w.membership(bob, "")
	w.advance(time.Hour)
	w.run()
	w.membership(bob, "2")
	if jobs := w.jobs(bob); len(jobs) != 0 {
		t.Errorf("jobs are left: %v", jobs)
	}
}

// TestDisabledAdministratorReprocessesNothing: a token outlives the account.
func TestDisabledAdministratorReprocessesNothing(t *testing.T) {
	w := newWorld(t)
	r := w.assign(alice)
	must(t, w.RemoveMember(t.Context(), app, group, alice))
	_, err := w.UpdateUser(t.Context(), app, bob, func(u *entitlement.User) error {
		u.AccountEnabled = false
		return nil
	})
	must(t, err)
	admin := person(bob)
	admin.Administrator, admin.Permissions = true, []string{entitlement.PermissionReadWrite}
	err = w.ReprocessAssignment(t.Context(), admin, r.AssignmentID)
	var refusal *entitlement.Error
	if !errors.As(err, &refusal) || refusal.Code != entitlement.CodeForbidden {
		t.Errorf("a disabled administrator is answered %v", err)
	}
	w.membership(alice, "")
}

// TestAChangeOfRolesHidesNoFailure: a role that could not be given again stays a failure
// when another role is added.
func TestAChangeOfRolesHidesNoFailure(t *testing.T) {
	w := newWorld(t)
	r := w.assign(alice)
	must(t, w.DeleteGroup(t.Context(), app, group))
	must(t, w.ReprocessAssignment(t.Context(), app, r.AssignmentID))
	w.addRole(w.pkg, group2)
	w.run()
	w.membership(alice, "2")
	a := w.holding(r.AssignmentID)
	if a.State != entitlement.AssignmentPartiallyDelivered || len(a.Failures) != 1 {
		t.Errorf("the assignment is %s with failures %v", a.State, a.Failures)
	}
}

// TestWhoLeavesTheRuleWhileTheirRequestWaitsIsNotLetIn: neither after the server has seen
// that they left, nor when the answer comes before it has.
func TestWhoLeavesTheRuleWhileTheirRequestWaitsIsNotLetIn(t *testing.T) {
	for _, seen := range []bool{true, false} {
		t.Run(fmt.Sprintf("seen %t", seen), func(t *testing.T) {
			w := newWorld(t)
			p := w.automaticOf(w.addPackage("Sales"))
			w.addRole(p.PackageID, group2)
			must(t, w.CreatePolicy(t.Context(), app, p))
			w.policy = p.ID
			w.bind(time.Hour, created)
			_, err := w.UpdateUser(t.Context(), app, bob, inSales)
			must(t, err)
			w.run()
			made := w.requestsFor(bob)
			if len(made) != 1 || made[0].Progress.Phase.Finished() {
				t.Fatalf("the policy made %d requests", len(made))
			}
			_, err = w.UpdateUser(t.Context(), app, bob, func(u *entitlement.User) error {
				u.SetAttribute("department", nil)
				return nil
			})
			must(t, err)
			want := "deliveryFailed RequirementsNotMet"
			if seen {
				want = "canceled Canceled"
				w.run()
			} else {
				w.goOn(made[0])
			}
			w.run()
			w.is(made[0], want)
			w.membership(bob, "")
		})
	}
}
