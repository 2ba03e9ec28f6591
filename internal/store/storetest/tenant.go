package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

func testTenants(t *testing.T, s store.Store) {
	ctx := t.Context()
	full := Filled[entitlement.Tenant](1)
	full.ID, full.CalloutKey, full.TokenKey = "cccccccc-0000-7000-8000-000000000003", []byte{0, 1, 255}, []byte("key")
	must(t, s.CreateTenant(ctx, full))
	wantErr(t, "CreateTenant again", s.CreateTenant(ctx, full), store.ErrDuplicate)
	list, err := s.Tenants(ctx)
	must(t, err)
	if len(list) != 3 {
		t.Fatalf("there are %d tenants, want 3", len(list))
	}
	if d := cmp.Diff(*full, list[2]); d != "" {
		t.Errorf("the tenant came back changed (-want +got):\n%s", d)
	}
	must(t, s.View(ctx, full.ID, func(tx *store.Tx) error {
		got, err := tx.Tenant.Get(ctx)
		if d := cmp.Diff(full, got); d != "" {
			t.Errorf("the tenant came back changed (-want +got):\n%s", d)
		}
		return err
	}))
	never := func(*store.Tx) error { t.Error("there is a transaction of a tenant that does not exist"); return nil }
	wantErr(t, "View", s.View(ctx, "none", never), store.ErrNotFound)
	wantErr(t, "Update", s.Update(ctx, "none", never), store.ErrNotFound)
}

// testTenantsApart stores the same ids in two tenants; neither sees the other's.
func testTenantsApart(t *testing.T, s store.Store) {
	for _, f := range fixtures() {
		t.Run(f.name(), func(t *testing.T) { f.testTenantsApart(t, s) })
	}
	t.Run("jobs", func(t *testing.T) { testJobsApart(t, s) })
	t.Run("history", func(t *testing.T) { testHistoryApart(t, s) })
}

func (f of[T]) testTenantsApart(t *testing.T, s store.Store) {
	ctx := t.Context()
	a, b := Filled[T](1), Filled[T](1)
	f.change(b)
	f.meta(b).ModifiedAt = moment.Add(time.Hour)
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Insert(ctx, a) })
	_, err := f.get(ctx, s, tenantB, f.meta(a).ID)
	wantErr(t, "Get of another tenant's object", err, store.ErrNotFound)
	inB := func(fn func(store.Table[T]) error) error {
		return s.Update(ctx, tenantB, func(tx *store.Tx) error { return fn(f.table(tx)) })
	}
	wantErr(t, "Update of another tenant's", inB(func(tt store.Table[T]) error { return tt.Update(ctx, a) }), store.ErrNotFound)
	wantErr(t, "Delete of another tenant's", inB(func(tt store.Table[T]) error { return tt.Delete(ctx, f.meta(a).ID) }), store.ErrNotFound)
	for _, filter := range []query.Expr{
		nil, query.Equal("id", string(f.meta(a).ID)), &query.Not{Part: query.Equal("id", "x")},
		&query.Or{Parts: []query.Expr{query.Equal("id", "x"), &query.And{}}},
	} {
		must(t, s.View(ctx, tenantB, func(tx *store.Tx) error {
			list, err := f.table(tx).List(ctx, query.Query{Filter: filter})
			must(t, err)
			n, err := f.table(tx).Count(ctx, filter)
			if len(list) != 0 || n != 0 {
				t.Errorf("one tenant sees %d objects of another, counts %d", len(list), n)
			}
			return err
		}))
	}
	must(t, inB(func(tt store.Table[T]) error { return tt.Insert(ctx, b) }))
	f.wantSame(t, s, tenantA, a)
	f.wantSame(t, s, tenantB, b)
	must(t, inB(func(tt store.Table[T]) error { return tt.Update(ctx, b) }))
	must(t, inB(func(tt store.Table[T]) error { return tt.Delete(ctx, f.meta(b).ID) }))
	f.wantSame(t, s, tenantA, a)
}

func testJobsApart(t *testing.T, s store.Store) {
	ctx := t.Context()
	a := job(tenantA, store.JobTimeout, 1, 1, 0, "")
	update(t, s, func(tx *store.Tx) error { return tx.Jobs.Put(ctx, a) })
	must(t, s.Update(ctx, tenantB, func(tx *store.Tx) error {
		_, err := tx.Jobs.Get(ctx, a.JobKey)
		wantErr(t, "Get of another tenant's job", err, store.ErrNotFound)
		if there, err := tx.Jobs.Delete(ctx, a.JobKey); there || err != nil {
			t.Errorf("Delete of another tenant's job: %v, %v", there, err)
		}
		list, err := tx.Jobs.Of(ctx, a.Ref)
		wantJobs(t, "Of another tenant's ref", list, err)
		must(t, tx.Tenant.SetClockOffset(ctx, time.Hour))
		return tx.Jobs.DeleteOf(ctx, a.Ref)
	}))
	list, err := s.DueJobsOf(ctx, tenantA, moment, 10)
	wantJobs(t, "DueJobsOf", list, err, a)
	list, err = s.DueJobsOf(ctx, tenantB, moment, 10)
	wantJobs(t, "DueJobsOf another tenant", list, err)
}

func testHistoryApart(t *testing.T, s store.Store) {
	ctx := t.Context()
	r := Filled[entitlement.Record](1)
	update(t, s, func(tx *store.Tx) error { return tx.History.Append(ctx, r) })
	must(t, s.View(ctx, tenantB, func(tx *store.Tx) error {
		of, err := tx.History.Of(ctx, r.Ref)
		must(t, err)
		list, err := tx.History.List(ctx, 0, 10)
		if len(of)+len(list) != 0 {
			t.Errorf("one tenant sees %d and %d records of another", len(of), len(list))
		}
		return err
	}))
}
