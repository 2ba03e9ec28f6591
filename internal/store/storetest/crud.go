package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

func testCRUD(t *testing.T, s store.Store) {
	for _, f := range fixtures() {
		t.Run(f.name(), func(t *testing.T) { f.testCRUD(t, s) })
	}
}

func (f of[T]) testCRUD(t *testing.T, s store.Store) {
	ctx := t.Context()
	first, second, bare := Filled[T](1), Filled[T](2), new(T)
	*f.meta(bare) = entitlement.Object{ID: ID("id", 3), CreatedAt: moment, ModifiedAt: moment}
	all := []*T{first, second, bare}
	update(t, s, func(tx *store.Tx) error {
		for _, o := range all {
			if err := f.table(tx).Insert(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
	for _, o := range all {
		if v := f.meta(o).Version; v != 1 {
			t.Errorf("after Insert the version is %d, want 1", v)
		}
		f.wantSame(t, s, tenantA, o)
	}
	list, count, err := f.list(ctx, s, tenantA)
	must(t, err)
	if d := cmp.Diff(all, list); d != "" || count != len(all) {
		t.Errorf("count %d, list (-want +got):\n%s", count, d)
	}

	f.change(first)
	f.meta(first).ModifiedAt = moment.Add(time.Hour)
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Update(ctx, first) })
	if v := f.meta(first).Version; v != 2 {
		t.Errorf("after Update the version is %d, want 2", v)
	}
	f.wantSame(t, s, tenantA, first)
	f.wantSame(t, s, tenantA, second)

	// Every member can change.
	other := Filled[T](7)
	*f.meta(other) = *f.meta(first)
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Update(ctx, other) })
	f.wantSame(t, s, tenantA, other)
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Update(ctx, other) })
	f.wantSame(t, s, tenantA, other)

	id := f.meta(first).ID
	update(t, s, func(tx *store.Tx) error { return f.table(tx).Delete(ctx, id) })
	_, err = f.get(ctx, s, tenantA, id)
	wantErr(t, "Get of what is gone", err, store.ErrNotFound)
	err = s.Update(ctx, tenantA, func(tx *store.Tx) error { return f.table(tx).Update(ctx, first) })
	wantErr(t, "Update of what is gone", err, store.ErrNotFound)
	err = s.Update(ctx, tenantA, func(tx *store.Tx) error { return f.table(tx).Delete(ctx, id) })
	wantErr(t, "Delete of what is gone", err, store.ErrNotFound)
	f.wantSame(t, s, tenantA, second)
}

func testView(t *testing.T, s store.Store) {
	for _, f := range fixtures() {
		t.Run(f.name(), func(t *testing.T) { f.testReadOnly(t, s) })
	}
	ctx := t.Context()
	count := func(tx *store.Tx) int {
		n, err := tx.Users.Count(ctx, nil)
		must(t, err)
		return n
	}
	view(t, s, func(tx *store.Tx) error {
		if n := count(tx); n != 0 {
			t.Errorf("there are %d users, want none", n)
		}
		update(t, s, func(tx *store.Tx) error { return tx.Users.Insert(ctx, Filled[entitlement.User](1)) })
		if n := count(tx); n != 0 {
			t.Errorf("a View sees %d users that were made after it began", n)
		}
		return nil
	})
	view(t, s, func(tx *store.Tx) error {
		if n := count(tx); n != 1 {
			t.Errorf("a View sees %d users after the Update returned, want 1", n)
		}
		return nil
	})
	var kept *store.Tx
	view(t, s, func(tx *store.Tx) error { kept = tx; return nil })
	if _, err := kept.Users.Get(ctx, ID("id", 1)); err == nil {
		t.Error("a Tx can be used after its View has ended")
	}
	update(t, s, func(tx *store.Tx) error { kept = tx; return nil })
	if err := kept.Users.Delete(ctx, ID("id", 1)); err == nil {
		t.Error("a Tx can be used after its Update has ended")
	}
}

func (f of[T]) testReadOnly(t *testing.T, s store.Store) {
	ctx := t.Context()
	view(t, s, func(tx *store.Tx) error {
		o := Filled[T](1)
		if f.table(tx).Insert(ctx, o) == nil || f.table(tx).Update(ctx, o) == nil || f.table(tx).Delete(ctx, f.meta(o).ID) == nil {
			t.Error("a View can write")
		}
		return nil
	})
}

func testReady(t *testing.T, s store.Store) {
	must(t, s.Ready(t.Context()))
	must(t, s.Close())
	wantErr(t, "Ready of a closed store", s.Ready(t.Context()), store.ErrUnavailable)
	wantErr(t, "View of a closed store", s.View(t.Context(), tenantA, func(*store.Tx) error { return nil }), store.ErrUnavailable)
	wantErr(t, "Update of a closed store", s.Update(t.Context(), tenantA, func(*store.Tx) error { return nil }), store.ErrUnavailable)
	must(t, s.Close())
}
