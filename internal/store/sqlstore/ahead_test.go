package sqlstore

import (
	"errors"
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
	for i, err := range behindWithin(t, s, asked, func() {}, changes...) {
		if i == 4 && !errors.Is(err, undone) || i != 4 && err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// TestWhatIsWrittenIsNotKnownAhead asks ahead for what is there before the group, and lets the
// first of its changes write that: the one behind it sees what was written.
func TestWhatIsWrittenIsNotKnownAhead(t *testing.T) {
	s := openSample(t, onPostgres(t))
	ctx := t.Context()
	who := people(t, 2)
	openWith := func(key string) query.Query { return query.Query{Limit: 1, Filter: query.Equal("openKey", key)} }
	read := func(tx *store.Tx, id entitlement.ID) *entitlement.Request {
		r, err := tx.Requests.Get(ctx, id)
		must(t, err)
		return r
	}
	for name, write := range map[string]func(tx *store.Tx, r *entitlement.Request) error{
		"of what was read": func(tx *store.Tx, r *entitlement.Request) error {
			r = read(tx, r.ID)
			r.OpenKey = ""
			return tx.Requests.Update(ctx, r)
		},
		"of what was read elsewhere": func(tx *store.Tx, r *entitlement.Request) error {
			r.OpenKey = ""
			return tx.Requests.Update(ctx, r)
		},
		"a deletion": func(tx *store.Tx, r *entitlement.Request) error { return tx.Requests.Delete(ctx, r.ID) },
		"another that is inserted": func(tx *store.Tx, _ *entitlement.Request) error {
			other := waitingRequest(t, who[:1], who[:1])
			other.OpenKey = "second"
			return tx.Requests.Insert(ctx, other)
		},
		"another that is added": func(tx *store.Tx, _ *entitlement.Request) error {
			other := waitingRequest(t, who[:1], who[:1])
			other.OpenKey = "second"
			return tx.Requests.Add(ctx, other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			raw(t, s, "DELETE FROM request")
			r := waitingRequest(t, who[:1], who[:1])
			r.OpenKey = "key"
			must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, r) }))
			asked := store.AsksAhead(ctx, store.Ahead{Requests: []entitlement.ID{r.ID}, RequestLists: []query.Query{openWith("key"), openWith("second")}})
			results := behindWithin(t, s, asked, func() {}, func(tx *store.Tx) error { return write(tx, r) }, func(tx *store.Tx) error {
				for _, key := range []string{"key", "second"} {
					list, err := tx.Requests.List(ctx, openWith(key))
					must(t, err)
					if stored := rowsWhere(t, tx, "open_key = '"+key+"'"); len(list) != stored {
						t.Errorf("of %q %d open requests are seen, and %d are there", key, len(list), stored)
					}
				}
				_, err := tx.Requests.Get(ctx, r.ID)
				if there := rowsWhere(t, tx, "id = '"+string(r.ID)+"'"); (err == nil) != (there == 1) {
					t.Errorf("the request: %v, and %d are there", err, there)
				}
				return nil
			})
			must(t, errors.Join(results...))
		})
	}
}

// rowsWhere counts requests as the transaction has stored them.
func rowsWhere(t *testing.T, tx *store.Tx, where string) int {
	t.Helper()
	n, _, err := tx.Requests.(*table[entitlement.Request]).conn.number(t.Context(), "SELECT count(*) FROM request WHERE "+where)
	must(t, err)
	return int(n)
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
