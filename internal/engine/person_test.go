package engine_test

import (
	"slices"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// automatic makes a package for everybody of a department.
func (w *world) automatic() {
	w.t.Helper()
	w.departmentPackage("Sales")
}

// departmentPackage makes a package that an automatic policy gives to a department.
func (w *world) departmentPackage(department string) entitlement.ID {
	w.t.Helper()
	pkg := w.addPackage(department)
	w.addRole(pkg, group2)
	p := w.automaticOf(pkg)
	p.SpecificAllowedTargets[0].Rule = `user.department -eq "` + department + `"`
	must(w.t, w.CreatePolicy(w.t.Context(), app, p))
	w.run()
	return pkg
}

func inSales(u *entitlement.User) error {
	sales := "Sales"
	u.SetAttribute("department", &sales)
	return nil
}

func TestUserChangesLeaveAJob(t *testing.T) {
	w := newWorld(t)
	_, err := w.UpdateUser(t.Context(), app, alice, inSales)
	must(t, err)
	if jobs := w.jobs(alice); len(jobs) != 0 {
		t.Errorf("without an automatic policy there are jobs: %v", jobs)
	}
	w.automatic()
	w.membership(alice, "2")
	_, err = w.UpdateUser(t.Context(), app, bob, inSales)
	must(t, err)
	if jobs := w.jobs(bob); len(jobs) != 1 || jobs[0].Kind != store.JobPerson || !slices.Contains(w.told, jobs[0]) {
		t.Errorf("jobs %v, told %v", jobs, w.told)
	}
	w.run()
	w.membership(bob, "2")

	carol := &entitlement.User{DisplayName: "Carol", UserPrincipalName: "carol@contoso.example", AccountEnabled: true}
	must(t, inSales(carol))
	must(t, w.CreateUser(t.Context(), app, carol))
	w.run()
	w.membership(carol.ID, "2")
	_, err = w.UpdateUser(t.Context(), app, carol.ID, func(u *entitlement.User) error {
		u.SetAttribute("department", nil)
		return nil
	})
	must(t, err)
	w.run()
	w.membership(carol.ID, "")
}

func TestEnabledUserIsNotBlocked(t *testing.T) {
	w := newWorld(t)
	for _, enabled := range []bool{false, true} {
		u, err := w.UpdateUser(t.Context(), app, guest, func(u *entitlement.User) error {
			u.AccountEnabled = enabled
			if !enabled {
				u.BlockedAt = start
			}
			return nil
		})
		must(t, err)
		if u.BlockedAt.IsZero() != enabled {
			t.Errorf("enabled %t: blocked at %v", enabled, u.BlockedAt)
		}
	}
}

func TestDeletedUserLosesAllAccess(t *testing.T) {
	w := newWorld(t)
	r := w.assign(alice)
	must(t, w.DeleteUser(t.Context(), app, alice))
	w.membership(alice, "")
	w.run()
	if state := w.assignment(r.AssignmentID); state.Live() {
		t.Errorf("the assignment is %s", state)
	}
}

func TestServicePrincipalIsNotGone(t *testing.T) {
	w := newWorld(t)
	must(t, w.CreatePrincipal(t.Context(), app, &entitlement.ServicePrincipal{
		Object: entitlement.Object{ID: agent}, DisplayName: "agent", Type: entitlement.PrincipalAgentIdentity, AccountEnabled: true,
	}))
	_, err := w.ReplacePolicy(t.Context(), app, w.policy, func(p *entitlement.Policy) error {
		p.AllowedTargetScope = entitlement.ScopeAllAgentIdentities
		return nil
	})
	must(t, err)
	r := w.assign(agent)
	w.membership(agent, "1")
	must(t, w.store.Update(t.Context(), tenant, func(tx *store.Tx) error {
		return tx.Jobs.Put(t.Context(), store.Job{JobKey: store.JobKey{Kind: store.JobPerson, Ref: agent}, Due: w.clock()})
	}))
	w.run()
	w.membership(agent, "1")

	must(t, w.DeletePrincipal(t.Context(), app, agent))
	w.membership(agent, "")
	w.run()
	if state := w.assignment(r.AssignmentID); state.Live() {
		t.Errorf("the assignment is %s", state)
	}
}

func TestDeletedGroupIsAFailureOfItsRole(t *testing.T) {
	w := newWorld(t)
	r := w.assign(alice)
	must(t, w.DeleteGroup(t.Context(), app, group))
	w.membership(alice, "")
	must(t, w.ReprocessAssignment(t.Context(), app, r.AssignmentID))
	w.view(func(tx *store.Tx) error {
		a, err := tx.Assignments.Get(t.Context(), r.AssignmentID)
		if err != nil {
			return err
		}
		if a.State != entitlement.AssignmentPartiallyDelivered || len(a.Failures) != 1 || a.Failures[0].Reason != "the group is not in the directory any more" {
			t.Errorf("the assignment is %s with failures %v", a.State, a.Failures)
		}
		n, err := tx.Memberships.Count(t.Context(), query.Equal("group/id", string(group)))
		if n != 0 {
			t.Errorf("the deleted group has %d members", n)
		}
		return err
	})
	w.membership(alice, "")
}
