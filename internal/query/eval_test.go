package query

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type object map[string]Value

func (o object) get(path string) Value { return o[path] }

var noon = time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)

func TestHolds(t *testing.T) {
	o := object{
		"name": "Sales Team", "hidden": false, "count": int64(3), "created": noon, "owner": nil,
	}
	compare := func(path string, op Op, v Value) Expr { return &Compare{Path: path, Op: op, Value: v} }
	match := func(path string, kind MatchKind, text string) Expr {
		return &Match{Path: path, Kind: kind, Text: text}
	}
	yes, no := &And{}, &Or{}
	for _, tc := range []struct {
		name string
		e    Expr
		want bool
	}{
		{"no filter", nil, true},
		{"text in another case", compare("name", Eq, "SALES team"), true},
		{"other text", compare("name", Eq, "Sales"), false},
		{"ne", compare("name", Ne, "Sales"), true},
		{"text is greater", compare("name", Gt, "sales"), true},
		{"text is not less", compare("name", Lt, "sales"), false},
		{"bool", compare("hidden", Eq, false), true},
		{"int ge", compare("count", Ge, int64(3)), true},
		{"int gt", compare("count", Gt, int64(3)), false},
		{"int le", compare("count", Le, int64(3)), true},
		{"time in another zone", compare("created", Eq, noon.In(time.FixedZone("", 3600))), true},
		{"time lt", compare("created", Lt, noon.Add(1)), true},
		{"null eq null", compare("owner", Eq, nil), true},
		{"null ne null", compare("owner", Ne, nil), false},
		{"value eq null", compare("name", Eq, nil), false},
		{"value ne null", compare("name", Ne, nil), true},
		{"null eq value", compare("owner", Eq, "x"), false},
		{"null ne value", compare("owner", Ne, "x"), true},
		{"null lt value", compare("owner", Lt, "x"), false},
		{"null ge null", compare("owner", Ge, nil), false},
		{"value gt null", compare("name", Gt, nil), false},
		{"opposite of a comparison with null", &Not{Part: compare("owner", Lt, "x")}, true},
		{"another type is unequal", compare("count", Eq, "3"), false},
		{"another type is neither less", compare("count", Lt, "4"), false},
		{"another type is ne", compare("count", Ne, "3"), true},
		{"in", &In{Path: "name", Values: []Value{"x", "sales TEAM"}}, true},
		{"not in", &In{Path: "name", Values: []Value{"x"}}, false},
		{"in nothing", &In{Path: "name"}, false},
		{"null in a list", &In{Path: "owner", Values: []Value{"x"}}, false},
		{"null in a list with null", &In{Path: "owner", Values: []Value{"x", nil}}, true},
		{"startswith", match("name", StartsWith, "sALES"), true},
		{"startswith inside", match("name", StartsWith, "team"), false},
		{"startswith nothing", match("name", StartsWith, ""), true},
		{"contains", match("name", Contains, "S t"), true},
		{"contains in null", match("owner", Contains, ""), false},
		{"contains in a number", match("count", Contains, "3"), false},
		{"and", &And{Parts: []Expr{yes, no}}, false},
		{"or", &Or{Parts: []Expr{no, yes}}, true},
		{"not", &Not{Part: no}, true},
	} {
		if got := Holds(tc.e, o.get); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestHoldsPanicsOnTheUnknown(t *testing.T) {
	for _, e := range []Expr{
		&Compare{Path: "a", Op: "has", Value: "x"},
		&Match{Path: "a", Kind: "endswith"},
		&Compare{Path: "a", Op: Eq, Value: 3}, // int, not int64
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%#v: no panic", e)
				}
			}()
			Holds(e, object{"a": "x"}.get)
		}()
	}
}

func TestPage(t *testing.T) {
	items := []object{
		{"id": "4", "name": "b"}, {"id": "2", "name": nil}, {"id": "3", "name": "A"}, {"id": "1", "name": "B"},
	}
	for _, tc := range []struct {
		name string
		q    Query
		want string
	}{
		{"by id", Query{}, "[1 2 3 4]"},
		{"null first, case apart, id last", Query{Order: []Order{{Path: "name"}}}, "[2 3 1 4]"},
		{"descending: null last, id still ascending", Query{Order: []Order{{Path: "name", Descending: true}}}, "[1 4 3 2]"},
		{"limit", Query{Limit: 2}, "[1 2]"},
		{"after", Query{After: &Cursor{ID: "2"}}, "[3 4]"},
		{"after one that is gone", Query{After: &Cursor{ID: "25"}}, "[3 4]"},
		{"after null", Query{Order: []Order{{Path: "name"}}, After: &Cursor{Keys: []Value{nil}, ID: "2"}}, "[3 1 4]"},
		{"after an equal key", Query{Order: []Order{{Path: "name"}}, After: &Cursor{Keys: []Value{"b"}, ID: "1"}}, "[4]"},
		{"filter", Query{Filter: Equal("name", "b"), Limit: 5}, "[1 4]"},
	} {
		if got := ids(Page(items, tc.q, object.get, objectID)); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
	if got := ids(items); got != "[4 2 3 1]" {
		t.Errorf("the items were moved: %s", got)
	}
}

func objectID(o object) string { return o["id"].(string) }

func ids(items []object) string {
	var list []string
	for _, o := range items {
		list = append(list, objectID(o))
	}
	return fmt.Sprint(list)
}

// TestPagesMakeTheWhole pages through random lists in random orders: page after page
// gives the same as one page without limit.
func TestPagesMakeTheWhole(t *testing.T) {
	value := rapid.SampledFrom([]Value{nil, "a", "A", "b", false, true, int64(1), noon})
	rapid.Check(t, func(t *rapid.T) {
		var items []object
		for i := range rapid.IntRange(0, 12).Draw(t, "items") {
			items = append(items, object{
				"id": fmt.Sprintf("%02d", i), "p": value.Draw(t, "p"), "q": value.Draw(t, "q"),
			})
		}
		q := Query{Order: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Order {
			return Order{Path: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "path"), Descending: rapid.Bool().Draw(t, "desc")}
		}), 0, 3).Draw(t, "order")}
		whole := Page(items, q, object.get, objectID)

		q.Limit = rapid.IntRange(1, 4).Draw(t, "limit")
		var paged []object
		for {
			page := Page(items, q, object.get, objectID)
			paged = append(paged, page...)
			if len(page) < q.Limit {
				break
			}
			last := page[len(page)-1]
			at := Position(q.Order, last.get, objectID(last))
			q.After = &at
		}
		if diff := cmp.Diff(ids(whole), ids(paged)); diff != "" {
			t.Errorf("pages differ from the whole (-whole +pages):\n%s", diff)
		}
	})
}
