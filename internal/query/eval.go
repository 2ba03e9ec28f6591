package query

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Holds says whether the filter e holds for the object whose values get returns; a nil
// filter holds for all. There are two truth values: a comparison with null either holds
// or not, as Compare says, and Not is always the opposite of its part.
//
// Text is compared by its folded form. Values of different types are unequal, and none
// is less than the other. An expression, operator or text function that this package
// does not declare is a mistake in the program: Holds panics rather than guess, since a
// filter may say who sees what.
func Holds(e Expr, get func(path string) Value) bool {
	switch e := e.(type) {
	case nil:
		return true
	case *Compare:
		return e.holds(get(e.Path))
	case *In:
		v := get(e.Path)
		return slices.ContainsFunc(e.Values, func(x Value) bool { return equal(v, x) })
	case *Match:
		return e.holds(get(e.Path))
	case *And:
		return !slices.ContainsFunc(e.Parts, func(p Expr) bool { return !Holds(p, get) })
	case *Or:
		return slices.ContainsFunc(e.Parts, func(p Expr) bool { return Holds(p, get) })
	case *Not:
		return !Holds(e.Part, get)
	}
	panic("query: an expression of an unknown kind")
}

func (e *Compare) holds(v Value) bool {
	switch e.Op {
	case Eq:
		return equal(v, e.Value)
	case Ne:
		return !equal(v, e.Value)
	case Gt, Ge, Lt, Le:
	default:
		panic("query: unknown operator " + string(e.Op))
	}
	if v == nil || rank(v) != rank(e.Value) {
		return false
	}
	c := CompareValues(v, e.Value)
	switch e.Op {
	case Gt:
		return c > 0
	case Ge:
		return c >= 0
	case Lt:
		return c < 0
	}
	return c <= 0
}

func (e *Match) holds(v Value) bool {
	s, ok := v.(string)
	switch e.Kind {
	case StartsWith:
		return ok && strings.HasPrefix(Fold(s), Fold(e.Text))
	case Contains:
		return ok && strings.Contains(Fold(s), Fold(e.Text))
	}
	panic("query: unknown text function " + string(e.Kind))
}

func equal(a, b Value) bool { return rank(a) == rank(b) && CompareValues(a, b) == 0 }

// CompareValues orders two values: it returns a number below zero where a comes first,
// above zero where b does, and zero where they are equal. Null comes before all else,
// false before true, text in the order of the bytes of its folded form. The order of
// values of different types is fixed and means nothing.
func CompareValues(a, b Value) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(Fold(a), Fold(b.(string)))
	case int64:
		return cmp.Compare(a, b.(int64))
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		switch {
		case a == b.(bool):
			return 0
		case a:
			return 1
		}
		return -1
	}
	return 0
}

// rank tells the types of values apart, null first.
func rank(v Value) int {
	switch v.(type) {
	case nil:
		return 0
	case bool:
		return 1
	case int64:
		return 2
	case time.Time:
		return 3
	case string:
		return 4
	}
	panic("query: a value of an unknown type")
}

// Position is where an object stands in the order of a query: the values of its sort
// keys, and its id.
func Position(order []Order, get func(path string) Value, id string) Cursor {
	keys := make([]Value, len(order))
	for i, o := range order {
		keys[i] = get(o.Path)
	}
	return Cursor{Keys: keys, ID: id}
}

// ComparePositions orders two positions in the same order. Descending reverses a key
// and null with it, so that null comes last; the id, which decides between objects that
// are otherwise equal, always ascends.
func ComparePositions(order []Order, a, b Cursor) int {
	for i, o := range order {
		c := CompareValues(a.Keys[i], b.Keys[i])
		switch {
		case c == 0:
		case o.Descending:
			return -c
		default:
			return c
		}
	}
	return CompareValues(a.ID, b.ID)
}

// Page returns the objects among items that q asks for, in its order. It is what a
// Query means: every store has to return the same. It leaves items as they are.
//
// The ids of two items must differ by more than case. q.After, where there is one, must
// have as many keys as q.Order.
func Page[T any](items []T, q Query, get func(item T, path string) Value, id func(item T) string) []T {
	type placed struct {
		item T
		at   Cursor
	}
	var found []placed
	for _, item := range items {
		values := func(path string) Value { return get(item, path) }
		if !Holds(q.Filter, values) {
			continue
		}
		at := Position(q.Order, values, id(item))
		if q.After == nil || ComparePositions(q.Order, at, *q.After) > 0 {
			found = append(found, placed{item, at})
		}
	}
	slices.SortFunc(found, func(a, b placed) int { return ComparePositions(q.Order, a.at, b.at) })
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	page := make([]T, len(found))
	for i, f := range found {
		page[i] = f.item
	}
	return page
}
