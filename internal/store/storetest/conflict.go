package storetest

import (
	"context"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

func testConflict(t *testing.T, s store.Store) {
	for _, f := range fixtures() {
		t.Run(f.name(), func(t *testing.T) { f.testConflict(t, s) })
	}
}

func (f of[T]) testConflict(t *testing.T, s store.Store) {
	ctx := t.Context()
	o := Filled[T](1)
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Insert(ctx, o) })
	again := Filled[T](2)
	f.meta(again).ID = f.meta(o).ID
	err := s.Update(ctx, tenantA, func(tx *store.Tx) error { return f.table(tx).Insert(ctx, again) })
	wantErr(t, "Insert of an id that exists", err, store.ErrDuplicate)

	one, err := f.get(ctx, s, tenantA, f.meta(o).ID)
	must(t, err)
	two, err := f.get(ctx, s, tenantA, f.meta(o).ID)
	must(t, err)
	f.change(one)
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Update(ctx, one) })
	err = s.Update(ctx, tenantA, func(tx *store.Tx) error { return f.table(tx).Update(ctx, two) })
	wantErr(t, "Update of an older version", err, store.ErrConflict)
	if v := f.meta(two).Version; v != 1 {
		t.Errorf("a failed Update set the version to %d", v)
	}
	f.wantSame(t, s, tenantA, one)
}

// unique is a rule: b may not be stored beside a; c may.
type unique struct {
	name    string
	a, b, c func(context.Context, *store.Tx) error
}

func testUnique(t *testing.T, s store.Store) {
	for _, u := range uniques() {
		t.Run(u.name, func(t *testing.T) { u.test(t, s) })
	}
	t.Run("by an update", func(t *testing.T) {
		ctx := t.Context()
		err := s.Update(ctx, tenantA, func(tx *store.Tx) error {
			o, err := tx.Users.Get(ctx, ID("id", 3))
			if err != nil {
				return err
			}
			o.UserPrincipalName = "ADA@x.example"
			return tx.Users.Update(ctx, o)
		})
		wantErr(t, "Update to a value that exists", err, store.ErrDuplicate)
	})
}

func uniques() []unique {
	user := func(n int, upn string) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			o := Filled[entitlement.User](n)
			o.UserPrincipalName = upn
			return tx.Users.Insert(ctx, o)
		}
	}
	resource := func(n, catalog int, system, origin string) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			o := Filled[entitlement.Resource](n)
			o.CatalogID, o.OriginSystem, o.OriginID = ID("catalog", catalog), system, origin
			return tx.Resources.Insert(ctx, o)
		}
	}
	membership := func(n, group, member int) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			o := Filled[entitlement.Membership](n)
			o.GroupID, o.MemberID = ID("group", group), ID("member", member)
			return tx.Memberships.Insert(ctx, o)
		}
	}
	grant := func(n, assignment, scope int) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			o := Filled[entitlement.Grant](n)
			o.AssignmentID, o.RoleScopeID = ID("assignment", assignment), ID("scope", scope)
			return tx.Grants.Insert(ctx, o)
		}
	}
	assignment := func(n, policy, target int, state entitlement.AssignmentState) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			o := Filled[entitlement.Assignment](n)
			o.PolicyID, o.TargetID, o.State = ID("policy", policy), ID("target", target), state
			return tx.Assignments.Insert(ctx, o)
		}
	}
	catalog := func(n int) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			o := Filled[entitlement.Catalog](n)
			o.DisplayName = "the same name"
			return tx.Catalogs.Insert(ctx, o)
		}
	}
	return []unique{
		{"user principal name", user(1, "Ada@x.example"), user(2, "aDA@X.EXAMPLE"), user(3, "bea@x.example")},
		{"origin of a resource", resource(1, 1, "AadGroup", "g"), resource(2, 1, "AadGroup", "g"), resource(3, 2, "AadGroup", "g")},
		{"member of a group", membership(1, 1, 1), membership(2, 1, 1), membership(3, 2, 1)},
		{"grant of an assignment", grant(1, 1, 1), grant(2, 1, 1), grant(3, 1, 2)},
		{"live assignment", assignment(1, 1, 1, entitlement.AssignmentDelivered), assignment(2, 1, 1, entitlement.AssignmentDelivering),
			assignment(3, 1, 1, entitlement.AssignmentExpired)},
		{"names are free", catalog(1), nil, catalog(2)},
	}
}

func (u unique) test(t *testing.T, s store.Store) {
	ctx := t.Context()
	update(t, s, func(tx *store.Tx) error { return u.a(ctx, tx) })
	if u.b != nil {
		err := s.Update(ctx, tenantA, func(tx *store.Tx) error { return u.b(ctx, tx) })
		wantErr(t, "a second one", err, store.ErrDuplicate)
	}
	update(t, s, func(tx *store.Tx) error { return u.c(ctx, tx) })
	must(t, s.Update(ctx, tenantB, func(tx *store.Tx) error { return u.a(ctx, tx) }))
}
