package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// crowd assigns the package to n new people.
func (w *world) crowd(n int) []entitlement.ID {
	w.t.Helper()
	w.store.once = true // or it takes twice the time
	defer func() { w.store.once = false }()
	ids := make([]entitlement.ID, n)
	for i := range ids {
		u := &entitlement.User{DisplayName: "user", UserPrincipalName: fmt.Sprintf("user%d@contoso.example", i), AccountEnabled: true}
		must(w.t, w.CreateUser(w.t.Context(), app, u))
		ids[i] = u.ID
		w.assign(u.ID)
	}
	return ids
}

// members counts the members of a group.
func (w *world) members(g entitlement.ID) (n int) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		n, err = tx.Memberships.Count(context.Background(), query.Equal("group/id", string(g)))
		return err
	})
	return n
}

func TestChangedRolesReachAllWhoHaveThePackage(t *testing.T) {
	w := newWorld(t)
	people := w.crowd(450)
	must(t, w.AddMember(t.Context(), app, group2, people[440]))
	w.bind(time.Hour, granted)
	waits := w.add(alice) // has an assignment, but was not let in
	role := w.addRole(w.pkg, group2)
	if n := w.members(group2); n != 200+1 {
		t.Errorf("%d people got the role at once, want 200 and the one by hand", n)
	}
	w.run()
	if n := w.members(group2); n != 450 {
		t.Errorf("%d people have the new role, want 450", n)
	}
	if jobs := w.jobs(w.pkg); len(jobs) > 0 {
		t.Errorf("jobs are left: %v", jobs)
	}
	w.membership(alice, "")
	must(t, w.RemoveRoleScope(t.Context(), app, w.pkg, role))
	w.run()
	if n := w.members(group2); n != 1 || !w.member(group2, people[440]) {
		t.Errorf("%d people are left in the group, want the one by hand", n)
	}
	if n := w.members(group); n != 450 {
		t.Errorf("%d people have the role that did not change, want 450", n)
	}
	w.goOn(waits)
	w.membership(alice, "1")
}

// TestRolesChangedAgainMeanwhile: the last change counts for all, whoever was behind.
func TestRolesChangedAgainMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.crowd(450)
	role := w.addRole(w.pkg, group2)
	page := func() {
		t.Helper()
		jobs := w.jobs(w.pkg)
		if len(jobs) != 1 {
			t.Fatalf("jobs %v, want one", jobs)
		}
		must(t, w.Perform(t.Context(), jobs[0]))
	}
	page()
	if n := w.members(group2); n != 400 {
		t.Errorf("%d people have the role after two pages, want 400", n)
	}
	must(t, w.RemoveRoleScope(t.Context(), app, w.pkg, role))
	if n := w.members(group2); n != 200 {
		t.Errorf("%d people have the role after one page of taking it away, want 200", n)
	}
	late := w.jobs(w.pkg)[0]
	w.run()
	if n := w.members(group2); n != 0 {
		t.Errorf("%d people keep a role that the package does not have", n)
	}
	w.unchanged("a job that is done", func() { must(t, w.Perform(t.Context(), late)) })
}

func TestARoleOfAnEmptyPackageLeavesNoJob(t *testing.T) {
	w := newWorld(t)
	w.unchanged("a role that is there", func() {
		_, err := w.AddRoleScope(t.Context(), app, engine.RoleScopeOrder{PackageID: w.pkg, RoleOriginID: "Member_" + string(group), ScopeOriginID: string(group)})
		refused(t, err, entitlement.CodeDuplicateKey)
	})
	w.addRole(w.pkg, group2)
	if jobs := w.jobs(w.pkg); len(jobs) > 0 || len(w.told) > 0 {
		t.Errorf("jobs %v, told of %v", jobs, w.told)
	}
}
