package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

func TestARefusedOrderLeavesNothing(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 4001)
	w.unchanged("a refusal", func() {
		for name, tt := range map[string]struct {
			by   entitlement.Actor
			o    engine.Order
			code entitlement.Code
		}{
			"for somebody else":  {person(alice), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg, TargetID: bob}, entitlement.CodeForbidden},
			"by an application":  {app, engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg, TargetID: bob}, entitlement.CodeForbidden},
			"adminAdd by a user": {person(alice), engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: alice}, entitlement.CodeForbidden},
			"a stranger":         {person(w.pkg), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}, entitlement.CodePolicyRequirements},
			"no target":          {app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg}, entitlement.CodeInvalidModel},
			"no such target":     {app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: group}, entitlement.CodeInvalidModel},
			"no package":         {app, engine.Order{Type: entitlement.TypeAdminAdd, TargetID: bob}, entitlement.CodeInvalidModel},
			"no such package":    {app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: bob, TargetID: bob}, entitlement.CodeNotFound},
			"no such policy":     {app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, PolicyID: bob, TargetID: bob}, entitlement.CodeNotFound},
			"no such assignment": {app, engine.Order{Type: entitlement.TypeAdminRemove, AssignmentID: bob}, entitlement.CodeNotFound},
			"a long reason":      {app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: bob, Justification: &long}, entitlement.CodeInvalidModel},
			"a type not served":  {app, engine.Order{Type: entitlement.TypeSystemAdd, PackageID: w.pkg, TargetID: bob}, entitlement.CodeInvalidModel},
		} {
			_, err := w.Submit(t.Context(), tt.by, tt.o)
			t.Run(name, func(t *testing.T) { refused(t, err, tt.code) })
		}
	})
}

func TestAFailedTransactionLeavesNothingAndTellsOfNoJob(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created, approved) // so that an answer leaves jobs
	r := w.add(alice)
	ev := w.answer(r.ID, entitlement.OutcomeContinue)
	fail := func(what string, do func() error) {
		t.Helper()
		w.store.fail = fmt.Errorf("the disk is full: %w", store.ErrUnavailable)
		w.unchanged(what, func() {
			if err := do(); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: %v", what, err)
			}
		})
		w.store.fail = nil
	}
	fail("resume", func() error { return w.Resume(t.Context(), answers, r.ID, ev) })
	fail("cancel", func() error { return w.Cancel(t.Context(), app, r.ID) })
	fail("the callout", func() error { return w.RunDue(t.Context(), tenant) })
	fail("submit", func() error {
		_, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: bob})
		refused(t, err, entitlement.CodeUnavailable)
		return err
	})
	fail("a role", func() error {
		_, err := w.AddRoleScope(t.Context(), app, engine.RoleScopeOrder{PackageID: w.pkg, RoleOriginID: "Member_" + string(group2), ScopeOriginID: string(group2)})
		return err
	})
	w.run()
	must(t, w.Resume(t.Context(), answers, r.ID, ev))
	w.goOn(r)
	w.is(r, "delivered Delivered")
	if got := w.dump().History[len(w.dump().History)-1].Kind; got != string(rules.Assignments) {
		t.Errorf("the last record is of kind %s", got)
	}
}

// TestRemovalsDoNotGiveWay: under overload a request for access is refused before one that
// ends it.
func TestRemovalsDoNotGiveWay(t *testing.T) {
	w := newWorld(t)
	given := w.assign(bob)
	if !w.store.gaveWay.Load() {
		t.Error("a request for access does not give way")
	}
	w.removal(given.AssignmentID)
	if w.store.gaveWay.Load() {
		t.Error("a removal gives way")
	}
}
