package modelstore

import (
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// entity describes the objects of one type: what a query may name and what is unique.
type entity[T any] struct {
	meta   func(*T) *entitlement.Object
	fields []field[T]
	links  []link
	unique []func(*T) (string, bool)

	// The rest is made by build.
	copier  copier[T]
	paths   map[string]path
	values  map[string]func(*T) query.Value // at the paths that are no links
	indexed []func(*T) string               // the keys of the indexes
}

// field is a value of an object that a query may name.
type field[T any] struct {
	kind  kind
	paths []string
	value func(*T) query.Value
	key   func(*T) string // in the index; nil where there is none
}

// kind is what the values of a path are and how they can be compared.
type kind int

const (
	kindID   kind = iota // text; null where it is empty
	kindWord             // a word that cannot be searched; null where it is empty
	kindText             // text; never null
	kindTime             // null where it is zero
	kindFlag             // true or false, and no order
	kindLink             // objects elsewhere
)

// path is what a query may name.
type path struct {
	kind  kind
	index int // number of the index, or none
	link  link
}

const none = -1

// link is a path that is equal to the id v when there is an object in another table, named
// as in store.Tx, that has v at the path by, for which only holds, and that has at give what
// this object has at on.
type link struct {
	path     string
	table    string
	by, give string
	only     query.Expr
	on       string
}

// id is the id of something. There is an index of it, whose keys are the ids as literals are
// compared with them: in lower case.
func id[T any](get func(*T) entitlement.ID, paths ...string) field[T] {
	return field[T]{
		kind: kindID, paths: paths, value: func(o *T) query.Value { return orNull(get(o)) },
		key: func(o *T) string { return strings.ToLower(string(get(o))) },
	}
}

// word is a word of an enum.
func word[T any, S ~string](get func(*T) S, paths ...string) field[T] {
	return field[T]{kind: kindWord, paths: paths, value: func(o *T) query.Value { return orNull(get(o)) }}
}

// name is text for people.
func name[T any, S ~string](get func(*T) S, paths ...string) field[T] {
	return field[T]{kind: kindText, paths: paths, value: func(o *T) query.Value { return string(get(o)) }}
}

// indexed gives an index to text.
func indexed[T any](f field[T]) field[T] {
	f.key = func(o *T) string {
		s, _ := f.value(o).(string)
		return query.Fold(s)
	}
	return f
}

// instant is a time.
func instant[T any](get func(*T) time.Time, paths ...string) field[T] {
	return field[T]{kind: kindTime, paths: paths, value: func(o *T) query.Value {
		if t := get(o); !t.IsZero() {
			return t
		}
		return nil
	}}
}

// flag is a condition.
func flag[T any](holds func(*T) bool, paths ...string) field[T] {
	return field[T]{kind: kindFlag, paths: paths, value: func(o *T) query.Value { return holds(o) }}
}

func orNull[S ~string](s S) query.Value {
	if s == "" {
		return nil
	}
	return string(s)
}

// join is a unique value of several ids; where one is empty there is none.
func join(ids ...entitlement.ID) (string, bool) {
	var b strings.Builder
	for _, id := range ids {
		if id == "" {
			return "", false
		}
		b.WriteString(string(id))
		b.WriteByte(0)
	}
	return b.String(), true
}

// describe makes an entity whose objects have the part that all share.
func describe[T any](e entity[T]) *entity[T] {
	e.fields = append([]field[T]{
		{kind: kindID, paths: []string{"id"}, value: func(o *T) query.Value { return string(e.meta(o).ID) }},
		{kind: kindTime, paths: []string{"createdDateTime"}, value: func(o *T) query.Value { return e.meta(o).CreatedAt }},
	}, e.fields...)
	return build(e)
}

// build completes an entity.
func build[T any](e entity[T]) *entity[T] {
	e.copier = copierOf[T]()
	e.paths, e.values = make(map[string]path), make(map[string]func(*T) query.Value)
	for _, f := range e.fields {
		p := path{kind: f.kind, index: none}
		if f.key != nil {
			p.index = len(e.indexed)
			e.indexed = append(e.indexed, f.key)
		}
		for _, name := range f.paths {
			e.paths[name], e.values[name] = p, f.value
		}
	}
	for _, l := range e.links {
		e.paths[l.path] = path{kind: kindLink, index: none, link: l}
	}
	return &e
}

// value is an object's value at a path that is no link.
func (e *entity[T]) value(o *T, path string) query.Value { return e.values[path](o) }
