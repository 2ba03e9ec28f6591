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

// column is a path of a table with what it may be compared with, and what an object
// has there.
type column[T any] struct {
	path   string
	get    func(*T) query.Value
	values []query.Value // that random objects have and random filters ask for
	text   bool          // startswith and contains apply
	flag   bool          // it is a condition: only equality, and no order
}

// testQuery compares random filters, orders and pages over random objects with what
// they mean in memory.
func testQuery(t *testing.T, s store.Store) {
	r := rand.New(rand.NewPCG(1, 2))
	t.Run("Requests", func(t *testing.T) {
		differ(t, s, r, randomRequest, requestColumns(), (*entitlement.Request).Meta,
			func(tx *store.Tx) store.Table[entitlement.Request] { return tx.Requests })
	})
	t.Run("Assignments", func(t *testing.T) {
		differ(t, s, r, randomAssignment, assignmentColumns(), (*entitlement.Assignment).Meta,
			func(tx *store.Tx) store.Table[entitlement.Assignment] { return tx.Assignments })
	})
	t.Run("Users", func(t *testing.T) {
		differ(t, s, r, randomUser, userColumns(), (*entitlement.User).Meta,
			func(tx *store.Tx) store.Table[entitlement.User] { return tx.Users })
	})
}

func differ[T any](t *testing.T, s store.Store, r *rand.Rand, random func(*rand.Rand, int) *T, columns []column[T],
	meta func(*T) *entitlement.Object, table func(*store.Tx) store.Table[T]) {
	ctx := t.Context()
	all := make([]*T, 60)
	update(t, s, func(tx *store.Tx) error {
		for i := range all {
			all[i] = random(r, i)
			if err := table(tx).Insert(ctx, all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	byPath := make(map[string]column[T])
	for _, c := range columns {
		byPath[c.path] = c
	}
	value := func(o *T, path string) query.Value { return byPath[path].get(o) }
	for range 300 {
		q := query.Query{Filter: randomExpr(r, columns, 3), Order: randomOrder(r, columns), Limit: 1 + r.IntN(20)}
		var want []string
		for _, o := range query.Page(all, query.Query{Filter: q.Filter, Order: q.Order}, value, func(o *T) string { return string(meta(o).ID) }) {
			want = append(want, string(meta(o).ID))
		}
		view(t, s, func(tx *store.Tx) error {
			got, count := pages(t, table(tx), q, meta)
			if d := cmp.Diff(want, got); d != "" || count != len(want) {
				t.Fatalf("filter %s, order %v, pages of %d: count %d, want %d (-want +got):\n%s",
					show(q.Filter), q.Order, q.Limit, count, len(want), d)
			}
			return nil
		})
	}
}

// pages reads all pages of a query.
func pages[T any](t *testing.T, table store.Table[T], q query.Query, meta func(*T) *entitlement.Object) (ids []string, count int) {
	t.Helper()
	ctx := t.Context()
	count, err := table.Count(ctx, q.Filter)
	must(t, err)
	for {
		list, err := table.List(ctx, q)
		if err != nil {
			t.Fatalf("filter %s, order %v: %v", show(q.Filter), q.Order, err)
		}
		for _, o := range list {
			ids = append(ids, string(meta(o).ID))
		}
		if len(list) > q.Limit {
			t.Fatalf("a page of %d has %d objects", q.Limit, len(list))
		}
		if len(list) < q.Limit {
			return ids, count
		}
		at, err := table.Cursor(list[len(list)-1], q.Order)
		must(t, err)
		q.After = &at
	}
}

func randomExpr[T any](r *rand.Rand, columns []column[T], depth int) query.Expr {
	if depth > 0 {
		switch r.IntN(5) {
		case 0, 1:
			parts := make([]query.Expr, r.IntN(4))
			for i := range parts {
				parts[i] = randomExpr(r, columns, depth-1)
			}
			if r.IntN(2) == 0 {
				return &query.And{Parts: parts}
			}
			return &query.Or{Parts: parts}
		case 2:
			return &query.Not{Part: randomExpr(r, columns, depth-1)}
		}
	}
	c := columns[r.IntN(len(columns))]
	value := func() query.Value {
		if r.IntN(6) == 0 {
			return nil
		}
		return c.values[r.IntN(len(c.values))]
	}
	switch n := r.IntN(6); {
	case n == 0:
		in := &query.In{Path: c.path}
		for range r.IntN(4) {
			in.Values = append(in.Values, value())
		}
		return in
	case n == 1 && c.text:
		text := []rune(c.values[r.IntN(len(c.values))].(string))
		from := r.IntN(len(text) + 1)
		kind := []query.MatchKind{query.StartsWith, query.Contains}[r.IntN(2)]
		if kind == query.StartsWith {
			return &query.Match{Path: c.path, Kind: kind, Text: string(text[:from])}
		}
		return &query.Match{Path: c.path, Kind: kind, Text: string(text[from:])}
	}
	ops := []query.Op{query.Eq, query.Ne, query.Lt, query.Le, query.Gt, query.Ge}
	if c.flag {
		ops = ops[:2]
	}
	return &query.Compare{Path: c.path, Op: ops[r.IntN(len(ops))], Value: value()}
}

func randomOrder[T any](r *rand.Rand, columns []column[T]) (keys []query.Order) {
	for range r.IntN(3) {
		if c := columns[r.IntN(len(columns))]; !c.flag {
			keys = append(keys, query.Order{Path: c.path, Descending: r.IntN(2) == 0})
		}
	}
	return keys
}

func show(e query.Expr) string {
	switch e := e.(type) {
	case nil:
		return "all"
	case *query.And:
		return showAll("and", e.Parts)
	case *query.Or:
		return showAll("or", e.Parts)
	case *query.Not:
		return "not " + show(e.Part)
	default:
		return fmt.Sprintf("%+v", e)
	}
}

func showAll(word string, parts []query.Expr) string {
	s := "(" + word
	for _, p := range parts {
		s += " " + show(p)
	}
	return s + ")"
}

func testQueryErrors(t *testing.T, s store.Store) {
	ctx := t.Context()
	view(t, s, func(tx *store.Tx) error {
		for _, e := range []query.Expr{
			query.Equal("nonsense", "x"),
			query.Equal("DisplayName", "x"),
			query.Equal("display_name", "x"),
			query.Equal("displayName", int64(1)),
			query.Equal("createdDateTime", "yesterday"),
			&query.Compare{Path: "displayName", Op: "like", Value: "x"},
			&query.Match{Path: "displayName", Kind: "endswith", Text: "x"},
			&query.Match{Path: "createdDateTime", Kind: query.Contains, Text: "x"},
			&query.Not{Part: &query.Or{Parts: []query.Expr{&query.And{}, &query.In{Path: "nonsense"}}}},
		} {
			_, err := tx.Catalogs.List(ctx, query.Query{Filter: e})
			_, cerr := tx.Catalogs.Count(ctx, e)
			var pe *store.PathError
			if !errors.As(err, &pe) || pe.Path == "" || !errors.As(cerr, &pe) {
				t.Errorf("filter %s: List says %v, Count says %v; want a PathError", show(e), err, cerr)
			}
		}
		var pe *store.PathError
		if _, err := tx.Requests.List(ctx, query.Query{Filter: &query.Compare{Path: "open", Op: query.Gt, Value: true}}); !errors.As(err, &pe) {
			t.Errorf("open gt true: %v, want a PathError", err)
		}
		for _, path := range []string{"nonsense", "open"} {
			by := []query.Order{{Path: path}}
			if _, err := tx.Requests.List(ctx, query.Query{Order: by}); !errors.As(err, &pe) {
				t.Errorf("order by %s: %v, want a PathError", path, err)
			}
			if _, err := tx.Requests.Cursor(Filled[entitlement.Request](1), by); !errors.As(err, &pe) {
				t.Errorf("Cursor by %s: %v, want a PathError", path, err)
			}
		}
		return nil
	})
}

func idValues(name string, n int) (values []query.Value) {
	for i := range n {
		values = append(values, string(ID(name, i)))
	}
	return values
}

func times() (values []query.Value) {
	for i := range 5 {
		values = append(values, moment.Add(time.Duration(i)*time.Microsecond))
	}
	return values
}

// orNull is a value as a query sees it: what is empty is null.
func orNull[S ~string](s S) query.Value {
	if s == "" {
		return nil
	}
	return string(s)
}
