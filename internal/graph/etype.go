package graph

import (
	"context"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// entityType is the table of one entity: what it is called, its properties, its
// navigations, and what lists of it can be filtered by.
type entityType[T any] struct {
	name  string // without the namespace
	props []property[T]
	navs  []navigation[T]
	// filters are paths that lists can be filtered by beside the properties that say so
	// themselves: those of what the entity hangs on.
	filters []filterPath
	// derived names the derived type of an object, where the declared type has any.
	derived func(*T) string

	whole      view[T]          // what is written where nothing was selected or expanded
	filterable odata.Properties // paths of $filter
	sortable   odata.Properties // paths of $orderby
}

// property is one typed property of an entity.
type property[T any] struct {
	name  string
	write func(*encoder, *T)
	// read takes the property over from a body. It is nil where the property is
	// read-only: a body may hold it, and it is ignored.
	read   func(node, *T) error
	filter filterKind
	words  []string // of an enum that can be filtered by
	sort   bool
}

// filterPath is a path of $filter and what it is called in a query.
type filterPath struct {
	path  string
	query string
	kind  filterKind
	words []string
	sort  bool
}

// filterKind says what a path is compared with.
type filterKind byte

const (
	noFilter filterKind = iota
	byText
	byID
	byWord
	byTime
)

// finish makes the type ready for use; it is called once its tables are filled.
func (t *entityType[T]) finish() {
	t.whole = view[T]{typ: t}
	t.filterable, t.sortable = odata.Properties{}, odata.Properties{}
	for i := range t.props {
		p := &t.props[i]
		t.whole.props = append(t.whole.props, p)
		t.index(filterPath{path: p.name, kind: p.filter, words: p.words, sort: p.sort})
	}
	for _, f := range t.filters {
		t.index(f)
	}
}

func (t *entityType[T]) index(f filterPath) {
	if f.query == "" {
		f.query = f.path
	}
	p := odata.Property{Path: f.query, Members: f.words}
	switch f.kind {
	case noFilter:
		return
	case byText:
		p.Type = odata.Text
	case byID:
		p.Type = odata.ID
	case byWord:
		p.Type = odata.Enum
	case byTime:
		p.Type = odata.Time
	}
	t.filterable[f.path] = p
	if f.sort {
		t.sortable[f.path] = p
	}
}

// read takes a body over into an object: for each property what its table says.
// Navigations are read by fn, which says whether it knows one; it may be nil.
func (t *entityType[T]) read(n node, o *T, fn func(name string, n node) (bool, error)) error {
	if given, err := n.typeName(); err != nil {
		return err
	} else if t.derived == nil && given != "" && !strings.EqualFold(given, t.name) {
		return entitlement.Invalid("@odata.type", "The body is of type '%s'; it must be microsoft.graph.%s.", clip(given, maxMember), t.name)
	}
	return n.fields(t.name, func(name string, n node) (bool, error) {
		for i := range t.props {
			if p := &t.props[i]; p.name == name {
				if p.read == nil {
					return true, nil
				}
				return true, p.read(n, o)
			}
		}
		if fn == nil {
			return false, nil
		}
		return fn(name, n)
	})
}

// knows reports whether the type has a property or a navigation of that name.
func (t *entityType[T]) knows(name string) bool {
	for i := range t.props {
		if t.props[i].name == name {
			return true
		}
	}
	return t.navigation(name) != nil
}

func (t *entityType[T]) navigation(name string) *navigation[T] {
	for i := range t.navs {
		if t.navs[i].name == name {
			return &t.navs[i]
		}
	}
	return nil
}

// reference reads an object that stands for another: its id is read, all else that the
// type has is ignored, as clients send back whole objects that they have read.
func (t *entityType[T]) reference(n node) (entitlement.ID, error) {
	var id entitlement.ID
	err := n.fields(t.name, func(name string, n node) (_ bool, err error) {
		if name == "id" {
			id, err = n.optionalID()
			return true, err
		}
		return t.knows(name), nil
	})
	return id, err
}

// view is what of an entity is written: the selected properties and what is expanded.
type view[T any] struct {
	typ     *entityType[T]
	props   []*property[T]
	expands []expansion[T]
	suffix  string // of @odata.context: "(id,displayName,catalog())"
}

// rows are objects about to be written, with all that hangs on them.
type rows[T any] struct {
	view    *view[T]
	attach  []func(*encoder, *T)
	objects []*T
}

// load fetches what a view expands for a page of objects.
func (v *view[T]) load(ctx context.Context, c *call, page []*T) (rows[T], error) {
	r := rows[T]{view: v, objects: page}
	for i := range v.expands {
		attach, err := v.expands[i].load(ctx, c, page)
		if err != nil {
			return rows[T]{}, err
		}
		r.attach = append(r.attach, attach)
	}
	return r, nil
}

// writeTo writes one of the objects.
func (r *rows[T]) writeTo(e *encoder, o *T) {
	e.open()
	r.members(e, o)
	e.close()
}

// members writes what stands between the braces of an object.
func (r *rows[T]) members(e *encoder, o *T) {
	if r.view.typ.derived != nil {
		e.odataType(r.view.typ.derived(o))
	}
	for _, p := range r.view.props {
		e.key(p.name)
		p.write(e, o)
	}
	for i, attach := range r.attach {
		e.key(r.view.expands[i].name)
		attach(e, o)
	}
}

// text is a property that must hold text.
func text[T any](name string, ref func(*T) *string) property[T] {
	return property[T]{
		name:  name,
		write: func(e *encoder, o *T) { e.text(*ref(o)) },
		read: func(n node, o *T) (err error) {
			if n.kind == isNull {
				*ref(o) = ""
				return nil
			}
			*ref(o), err = n.string()
			return err
		},
	}
}

// optionalText is a property that holds text or null.
func optionalText[T any](name string, ref func(*T) **string) property[T] {
	return property[T]{
		name:  name,
		write: func(e *encoder, o *T) { e.optionalText(*ref(o)) },
		read: func(n node, o *T) (err error) {
			*ref(o), err = n.optionalString()
			return err
		},
	}
}

// boolean is a property that is true or false; null in a body means false.
func boolean[T any](name string, ref func(*T) *bool) property[T] {
	return property[T]{
		name:  name,
		write: func(e *encoder, o *T) { e.boolean(*ref(o)) },
		read: func(n node, o *T) (err error) {
			if n.kind == isNull {
				*ref(o) = false
				return nil
			}
			*ref(o), err = n.boolean()
			return err
		},
	}
}

// word is a property that holds a member of an enum.
func word[T any, S ~string](name string, members []S, ref func(*T) *S) property[T] {
	return property[T]{
		name:  name,
		write: func(e *encoder, o *T) { e.textOrNull(string(*ref(o))) },
		read: func(n node, o *T) (err error) {
			*ref(o), err = enum(n, members)
			return err
		},
		words: words(members),
	}
}

// readOnly marks a property that a body cannot change.
func readOnly[T any](p property[T]) property[T] {
	p.read = nil
	return p
}

// shown is a read-only property that is written by a function.
func shown[T any](name string, write func(*encoder, *T)) property[T] {
	return property[T]{name: name, write: write}
}

// instant is a read-only time.
func instant[T any](name string, get func(*T) time.Time) property[T] {
	return shown(name, func(e *encoder, o *T) { e.instant(get(o)) })
}

// filtered lets lists be filtered by a property.
func filtered[T any](k filterKind, p property[T]) property[T] {
	p.filter = k
	return p
}

// sorted lets lists be filtered and ordered by a property.
func sorted[T any](k filterKind, p property[T]) property[T] {
	p.filter, p.sort = k, true
	return p
}

// object is a stored object.
type object[T any] interface {
	*T
	Meta() *entitlement.Object
}

// identity is the property id of a stored object.
func identity[T any, P object[T]]() property[T] {
	return sorted(byID, shown("id", func(e *encoder, o *T) { e.text(string(P(o).Meta().ID)) }))
}

// created and modified are the times of a stored object.
func created[T any, P object[T]]() property[T] {
	return sorted(byTime, instant("createdDateTime", func(o *T) time.Time { return P(o).Meta().CreatedAt }))
}

func modified[T any, P object[T]](name string) property[T] {
	return instant(name, func(o *T) time.Time { return P(o).Meta().ModifiedAt })
}

// idOf is the id of a stored object.
func idOf[T any, P object[T]](o *T) entitlement.ID { return P(o).Meta().ID }

func words[S ~string](members []S) []string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = string(m)
	}
	return list
}
