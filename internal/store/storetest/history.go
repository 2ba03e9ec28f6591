package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

func testHistory(t *testing.T, s store.Store) {
	ctx := t.Context()
	record := func(n, ref int) *entitlement.Record {
		r := Filled[entitlement.Record](n)
		r.Seq, r.Ref = 0, ID("ref", ref)
		return r
	}
	bare := &entitlement.Record{At: moment, Kind: "catalog", Ref: ID("ref", 1), Action: "create"}
	all := []*entitlement.Record{record(1, 1), record(2, 2), bare, record(3, 1)}
	for n := range 20 {
		all = append(all, record(4+n, 3))
	}
	update(t, s, func(tx *store.Tx) error { return tx.History.Append(ctx, all[0], all[1]) })
	update(t, s, func(tx *store.Tx) error { return tx.History.Append(ctx, all[2:]...) })
	for i := 1; i < len(all); i++ {
		if all[i].Seq <= all[i-1].Seq {
			t.Errorf("record %d has Seq %d after %d", i, all[i].Seq, all[i-1].Seq)
		}
	}
	same := func(what string, got []*entitlement.Record, err error, want ...*entitlement.Record) {
		t.Helper()
		must(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	view(t, s, func(tx *store.Tx) error {
		got, err := tx.History.Of(ctx, ID("ref", 1))
		same("Of", got, err, all[0], all[2], all[3])
		got, err = tx.History.Of(ctx, ID("ref", 9))
		same("Of another", got, err)
		got, err = tx.History.List(ctx, 0, 100)
		same("List", got, err, all...)
		got, err = tx.History.List(ctx, all[0].Seq, 2)
		same("a page of List", got, err, all[1], all[2])
		if tx.History.Append(ctx, record(5, 1)) == nil {
			t.Error("a View can write history")
		}
		return nil
	})
}
