package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// testAudits compares what queries of the history say with what they mean in memory.
func testAudits(t *testing.T, s store.Store) {
	ctx := t.Context()
	r := rand.New(rand.NewPCG(3, 4))
	var all, audits []*entitlement.Record
	for n := range 60 {
		rec := randomRecord(r, n)
		all = append(all, rec)
		if rec.Activity != "" {
			audits = append(audits, rec)
		}
	}
	update(t, s, func(tx *store.Tx) error { return tx.History.Append(ctx, all...) })
	t.Run("apart", func(t *testing.T) { testAuditsApart(t, s) })
	t.Run("errors", func(t *testing.T) { testAuditErrors(t, s) })
	t.Run("newest first", func(t *testing.T) { testAuditsNewestFirst(t, s, audits) })

	columns := auditColumns()
	values := func(o *entitlement.Record, path string) query.Value {
		for _, c := range columns {
			if c.path == path {
				return c.get(o)
			}
		}
		t.Fatalf("no column %s", path)
		return nil
	}
	for range 400 {
		q := query.Query{Filter: randomExpr(r, columns, 3), Order: randomOrder(r, columns), Limit: 1 + r.IntN(20)}
		want := query.Page(audits, query.Query{Filter: q.Filter, Order: q.Order}, values, auditID)
		got, count := auditPages(t, s, q)
		if d := cmp.Diff(idsOf(want), idsOf(got)); d != "" || count != len(want) {
			t.Fatalf("filter %s, order %v, pages of %d: count %d, want %d (-want +got):\n%s",
				show(q.Filter), q.Order, q.Limit, count, len(want), d)
		}
		if len(want) > 0 && len(got) > 0 {
			if d := cmp.Diff(want[0], got[0]); d != "" {
				t.Fatalf("the record came back changed (-want +got):\n%s", d)
			}
		}
	}
}

// testAuditsApart: another tenant sees nothing of it, and counts its own from the beginning.
func testAuditsApart(t *testing.T, s store.Store) {
	ctx := t.Context()
	for _, want := range []int{0, 1} {
		must(t, s.View(ctx, tenantB, func(tx *store.Tx) error {
			for _, filter := range []query.Expr{nil, &query.Not{Part: query.Equal("id", "x")}, query.Equal("id", store.RecordID(1))} {
				list, err := tx.History.Audits(ctx, query.Query{Filter: filter})
				must(t, err)
				n, err := tx.History.CountAudits(ctx, filter)
				must(t, err)
				if len(list) != want || n != want {
					t.Errorf("filter %s: a tenant with %d audits sees %d and counts %d", show(filter), want, len(list), n)
				}
			}
			return nil
		}))
		must(t, s.Update(ctx, tenantB, func(tx *store.Tx) error {
			return tx.History.Append(ctx, &entitlement.Record{At: moment, Kind: "catalog", Ref: ID("ref", 1), Activity: "a"})
		}))
	}
}

func testAuditErrors(t *testing.T, s store.Store) {
	ctx := t.Context()
	view(t, s, func(tx *store.Tx) error {
		var pe *store.PathError
		for _, e := range []query.Expr{
			query.Equal("nonsense", "x"), query.Equal("seq", int64(1)), query.Equal("id", int64(1)),
			query.Equal("activityDateTime", "yesterday"),
			&query.Match{Path: "activityDateTime", Kind: query.Contains, Text: "x"},
		} {
			_, err := tx.History.Audits(ctx, query.Query{Filter: e})
			_, cerr := tx.History.CountAudits(ctx, e)
			if !errors.As(err, &pe) || !errors.As(cerr, &pe) {
				t.Errorf("filter %s: Audits says %v, CountAudits says %v; want a PathError", show(e), err, cerr)
			}
		}
		if _, err := tx.History.Audits(ctx, query.Query{Order: []query.Order{{Path: "nonsense"}}}); !errors.As(err, &pe) {
			t.Errorf("order by nonsense: %v, want a PathError", err)
		}
		return nil
	})
}

// testAuditsNewestFirst pages through what is shown by default: the newest first, also
// among those of one moment.
func testAuditsNewestFirst(t *testing.T, s store.Store, audits []*entitlement.Record) {
	q := query.Query{Limit: 7, Order: []query.Order{{Path: "activityDateTime", Descending: true}, {Path: "id", Descending: true}}}
	got, _ := auditPages(t, s, q)
	if len(got) != len(audits) {
		t.Errorf("%d audits, want %d", len(got), len(audits))
	}
	for i := 1; i < len(got); i++ {
		if a, b := got[i-1], got[i]; b.At.After(a.At) || (b.At.Equal(a.At) && b.Seq >= a.Seq) {
			t.Errorf("record %d of %v comes behind record %d of %v", b.Seq, b.At, a.Seq, a.At)
		}
	}
}

// auditPages reads all pages of a query.
func auditPages(t *testing.T, s store.Store, q query.Query) (all []*entitlement.Record, count int) {
	t.Helper()
	ctx := t.Context()
	view(t, s, func(tx *store.Tx) (err error) {
		if count, err = tx.History.CountAudits(ctx, q.Filter); err != nil {
			return err
		}
		for {
			page, err := tx.History.Audits(ctx, q)
			if err != nil {
				t.Fatalf("filter %s, order %v: %v", show(q.Filter), q.Order, err)
			}
			if all = append(all, page...); len(page) < q.Limit {
				return nil
			}
			last := page[len(page)-1]
			at := query.Position(q.Order, func(path string) query.Value {
				v, ok := store.AuditValue(last, path)
				if !ok {
					t.Fatalf("there is no value at %s", path)
				}
				return v
			}, auditID(last))
			q.After = &at
		}
	})
	return all, count
}

func auditID(r *entitlement.Record) string { return store.RecordID(r.Seq) }

func idsOf(list []*entitlement.Record) (ids []string) {
	for _, r := range list {
		ids = append(ids, auditID(r))
	}
	return ids
}

func randomRecord(r *rand.Rand, n int) *entitlement.Record {
	rec := &entitlement.Record{
		At: moment.Add(time.Duration(r.IntN(5)) * time.Microsecond), Kind: "catalog", Ref: ID("ref", r.IntN(5)), Action: "create",
		Activity: entitlement.Activity(oneOf(r, words...).(string)), CorrelationID: string(maybe(r, "correlation")),
		Targets: []entitlement.RecordTarget{{ID: ID("ref", n), Kind: "AccessPackageCatalog", Name: fmt.Sprint("Catalog ", n)}},
		Details: []entitlement.RecordDetail{{Key: "Number", Value: fmt.Sprint(n)}},
		By:      entitlement.RecordActor{ObjectID: maybe(r, "user"), AppID: string(maybe(r, "app")), User: r.IntN(2) == 0},
	}
	if r.IntN(4) > 0 {
		rec.Result = oneOf(r, entitlement.AuditSuccess, entitlement.AuditFailure)
	}
	return rec
}

func auditColumns() []column[entitlement.Record] {
	type R = entitlement.Record
	ids := []query.Value{store.RecordID(99), "x", "0", "9", "0000000000000000001"}
	for n := range 60 {
		ids = append(ids, store.RecordID(int64(n)))
	}
	return []column[R]{
		{path: "id", get: func(o *R) query.Value { return auditID(o) }, values: ids, text: true},
		{path: "activityDateTime", get: func(o *R) query.Value { return o.At }, values: times()},
		{path: "activityDisplayName", get: func(o *R) query.Value { return string(o.Activity) }, values: words, text: true},
		{path: "result", get: func(o *R) query.Value { return orNull(o.Result) },
			values: enum([]entitlement.AuditResult{entitlement.AuditSuccess, entitlement.AuditFailure, entitlement.AuditTimeout})},
		{path: "correlationId", get: func(o *R) query.Value { return orNull(o.CorrelationID) }, values: idValues("correlation", 4), text: true},
		{path: "initiatedBy/user/id", values: idValues("user", 4), text: true, get: func(o *R) query.Value {
			if !o.By.User {
				return nil
			}
			return orNull(o.By.ObjectID)
		}},
		{path: "initiatedBy/app/appId", values: idValues("app", 4), text: true, get: func(o *R) query.Value {
			if o.By.User {
				return nil
			}
			return orNull(o.By.AppID)
		}},
	}
}
