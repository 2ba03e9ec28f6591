package sqlstore

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// TestAheadIsNeverStale lets changes of one group ask for the same, ahead and then, while
// each writes what changes the answers: each sees what those before it did.
func TestAheadIsNeverStale(t *testing.T) {
	s := openSample(t, onPostgres(t))
	who := people(t, 3)
	policy, target := who[0], who[1]
	ctx := t.Context()
	opened := query.Query{Limit: 1, Filter: query.Equal("openKey", "key")}
	live := query.Query{Limit: 1, Filter: query.Both(query.Both(
		query.Equal("assignmentPolicy/id", string(policy)), query.Equal("target/objectId", string(target))), query.Equal("live", true))}
	r := waitingRequest(t, who[:1], who[:1])
	a := &entitlement.Assignment{PolicyID: policy, TargetID: target, State: entitlement.AssignmentDelivered}
	a.ID = newID(t)
	asked := store.AsksAhead(ctx, store.Ahead{
		Requests: []entitlement.ID{r.ID}, Assignments: []entitlement.ID{a.ID},
		RequestLists: []query.Query{opened}, AssignmentLists: []query.Query{live},
	})
	step := 0
	// sees compares what a change sees with whether there is the request, whether it is open,
	// whether there is the assignment, and whether it is live.
	sees := func(tx *store.Tx, there, open, given, lives bool) {
		t.Helper()
		step++
		_, gerr := tx.Requests.Get(ctx, r.ID)
		list, lerr := tx.Requests.List(ctx, opened)
		_, aerr := tx.Assignments.Get(ctx, a.ID)
		alive, llerr := tx.Assignments.List(ctx, live)
		must(t, errors.Join(lerr, llerr))
		if (gerr == nil) != there || len(list) == 1 != open || (aerr == nil) != given || len(alive) == 1 != lives {
			t.Errorf("step %d: request %v, open %d, assignment %v, live %d", step, gerr, len(list), aerr, len(alive))
		}
	}
	undone := errors.New("undone")
	changes := []func(*store.Tx) error{
		func(tx *store.Tx) error {
			sees(tx, false, false, false, false)
			r.OpenKey = "key"
			return tx.Requests.Add(ctx, r)
		},
		func(tx *store.Tx) error {
			sees(tx, true, true, false, false)
			return tx.Assignments.Add(ctx, a)
		},
		func(tx *store.Tx) error {
			sees(tx, true, true, true, true)
			found, err := tx.Requests.Get(ctx, r.ID)
			must(t, err)
			found.OpenKey = ""
			return tx.Requests.Update(ctx, found)
		},
		func(tx *store.Tx) error {
			sees(tx, true, false, true, true)
			found, err := tx.Assignments.Get(ctx, a.ID)
			must(t, err)
			found.State = entitlement.AssignmentExpired
			return tx.Assignments.Update(ctx, found)
		},
		func(tx *store.Tx) error {
			sees(tx, true, false, true, false)
			must(t, tx.Requests.Delete(ctx, r.ID))
			sees(tx, false, false, true, false)
			return undone
		},
		func(tx *store.Tx) error {
			sees(tx, true, false, true, false)
			return tx.Assignments.Delete(ctx, a.ID)
		},
		func(tx *store.Tx) error {
			sees(tx, true, false, false, false)
			return nil
		},
	}
	results := make([]error, len(changes))
	var wg sync.WaitGroup
	must(t, s.Update(ctx, sampleTenant, func(*store.Tx) error {
		for i, fn := range changes {
			wg.Go(func() { results[i] = s.Update(asked, sampleTenant, fn) })
			for len(s.writers[0].queue) <= i {
				runtime.Gosched()
			}
		}
		return nil
	}))
	wg.Wait()
	for i, err := range results {
		if i == 4 && !errors.Is(err, undone) || i != 4 && err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// TestMayHold: only what surely does not hold is ruled out.
func TestMayHold(t *testing.T) {
	r := &entitlement.Request{TargetID: "a", OpenKey: "k"}
	yes, no := query.Equal("target/objectId", "A"), query.Equal("target/objectId", "b")
	for _, test := range []struct {
		filter query.Expr
		want   bool
	}{
		{yes, true},
		{no, false},
		{query.Equal("openKey", "other"), false},
		{query.Equal("policy/unknown", "x"), true},
		{query.Equal("open", false), true},
		{query.Equal("assignmentPolicy/id", "x"), false}, // it has none
		{query.Equal("status", "x"), true},               // is compared by its folded form
		{&query.Compare{Path: "target/objectId", Op: query.Ne, Value: "b"}, true},
		{&query.Not{Part: yes}, true},
		{query.Both(yes, no), false},
		{&query.Or{Parts: []query.Expr{no, yes}}, true},
		{&query.Or{Parts: []query.Expr{no, query.Equal("id", "x")}}, false},
		{nil, true},
	} {
		r.ID = "self"
		if got := mayHold(requests, test.filter, r); got != test.want {
			t.Errorf("%v: %v, want %v", test.filter, got, test.want)
		}
	}
}

// TestLinksAreNotAskedAhead: an answer that rows of other tables decide is not asked ahead.
func TestLinksAreNotAskedAhead(t *testing.T) {
	link := query.Equal("approver/objectId", "x")
	for _, f := range []query.Expr{link, query.Both(query.Equal("open", true), link), &query.Not{Part: &query.Or{Parts: []query.Expr{link}}}} {
		a := make(ahead)
		asksList(a, &conn{database: &database{dialect: &postgresDialect}}, requests, 1, []query.Query{{Filter: f}})
		if len(a) != 0 {
			t.Errorf("%v is asked ahead", f)
		}
	}
}
