// Package query holds filters, order and paging as data, and an evaluator in memory
// that defines what they mean. Package odata turns text into these values, and
// store/sqlstore turns them into SQL; neither may give them another meaning.
//
// Paths are neutral ("displayName", "accessPackage/id"): which of them an entity
// supports is said by its table descriptor in store/sqlstore.
package query

// Query asks for a page of objects of one type.
type Query struct {
	Filter Expr    // nil means all
	Order  []Order // the id is always the last key, ascending, so that the order is total
	// After is the position behind which the page begins; nil means the beginning.
	After *Cursor
	// Limit is the most objects to return; zero means no limit.
	Limit int
}

// Order is one sort key.
type Order struct {
	Path       string
	Descending bool
}

// Cursor is a position in an ordered list: the values of the order's keys in the last
// object seen, and its id. It stays right while objects are added and removed.
type Cursor struct {
	Keys []Value
	ID   string
}

// Expr is a filter: one of *Compare, *In, *Match, *And, *Or, *Not.
type Expr interface{ expr() }

// Compare compares the value at a path with a literal.
//
// Null compares as OData says: "eq null" and "ne null" test for it, a null value is
// not equal to any other and makes every other comparison false.
type Compare struct {
	Path  string
	Op    Op
	Value Value
}

// Op is a comparison operator of OData.
type Op string

// Operators.
const (
	Eq Op = "eq"
	Ne Op = "ne"
	Gt Op = "gt"
	Ge Op = "ge"
	Lt Op = "lt"
	Le Op = "le"
)

// In holds for values that are equal to one of a list.
type In struct {
	Path   string
	Values []Value
}

// Match compares text: Kind says how.
type Match struct {
	Path string
	Kind MatchKind
	Text string
}

// MatchKind is a text function of OData.
type MatchKind string

// Text functions.
const (
	StartsWith MatchKind = "startswith"
	Contains   MatchKind = "contains"
)

// And holds when all of its parts hold. An empty And holds.
type And struct{ Parts []Expr }

// Or holds when one of its parts holds. An empty Or does not hold.
type Or struct{ Parts []Expr }

// Not holds when its part does not.
type Not struct{ Part Expr }

func (*Compare) expr() {}
func (*In) expr()      {}
func (*Match) expr()   {}
func (*And) expr()     {}
func (*Or) expr()      {}
func (*Not) expr()     {}

// Value is a literal: nil, string, bool, int64 or time.Time. Text is compared by its
// folded form (Fold), so without regard to case.
type Value any

// Both returns the conjunction of a and b; nil stands for "all".
func Both(a, b Expr) Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &And{Parts: []Expr{a, b}}
}

// Rewrite returns e with each part that is no And, Or or Not replaced by what leaf makes of
// it. It leaves e as it is; leaf must, too. A nil e is a leaf.
func Rewrite(e Expr, leaf func(Expr) Expr) Expr {
	all := func(parts []Expr) []Expr {
		made := make([]Expr, len(parts))
		for i, p := range parts {
			made[i] = Rewrite(p, leaf)
		}
		return made
	}
	switch e := e.(type) {
	case *And:
		return &And{Parts: all(e.Parts)}
	case *Or:
		return &Or{Parts: all(e.Parts)}
	case *Not:
		return &Not{Part: Rewrite(e.Part, leaf)}
	}
	return leaf(e)
}

// Equal is a filter for one value.
func Equal(path string, v Value) Expr { return &Compare{Path: path, Op: Eq, Value: v} }
