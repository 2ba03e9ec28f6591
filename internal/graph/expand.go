package graph

import (
	"context"
	"slices"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// navigation is a way from an entity to others that $expand can go.
type navigation[T any] struct {
	name   string
	target func() string // the type it leads to, without the namespace
	many   bool
	// bind checks what is selected and expanded of the target, and returns what loads it.
	bind func(o *odata.Options) (expansion[T], error)
}

// expansion is a navigation about to be gone, for a whole page of objects at once.
type expansion[T any] struct {
	name   string
	suffix string // of @odata.context
	// load fetches what hangs on the objects of a page, with one query, and returns what
	// writes it for each of them.
	load func(ctx context.Context, c *call, page []*T) (func(*encoder, *T), error)
}

// fetch finds what hangs on the objects of a page.
type fetch[T, U any] func(ctx context.Context, c *call, page []*T) (map[*T][]*U, error)

// link makes a navigation of what finds its targets.
func link[T, U any](name string, many bool, target *entityType[U], find fetch[T, U]) navigation[T] {
	return navigation[T]{
		name: name, target: func() string { return target.name }, many: many,
		bind: func(o *odata.Options) (expansion[T], error) {
			v, err := target.view(o)
			if err != nil {
				return expansion[T]{}, err
			}
			suffix := v.suffix
			if suffix == "" {
				suffix = "()"
			}
			return expansion[T]{name: name, suffix: name + suffix, load: load(v, many, find)}, nil
		},
	}
}

// load finds the targets of a page and all that hangs on them.
func load[T, U any](v *view[U], many bool, find fetch[T, U]) func(context.Context, *call, []*T) (func(*encoder, *T), error) {
	return func(ctx context.Context, c *call, page []*T) (func(*encoder, *T), error) {
		found, err := find(ctx, c, page)
		if err != nil {
			return nil, err
		}
		var all []*U
		for _, o := range page {
			all = append(all, found[o]...)
		}
		r, err := v.load(ctx, c, all)
		if err != nil {
			return nil, err
		}
		return func(e *encoder, o *T) { writeLinked(e, &r, found[o], many) }, nil
	}
}

func writeLinked[U any](e *encoder, r *rows[U], targets []*U, many bool) {
	if many {
		e.openList()
		for _, u := range targets {
			r.writeTo(e, u)
		}
		e.closeList()
		return
	}
	if len(targets) == 0 {
		e.null()
		return
	}
	r.writeTo(e, targets[0])
}

// table is how a reader shows the objects of one type.
type table[T any] func(engine.Reader) engine.Visible[T]

// one is a navigation to the object whose id ref returns.
func one[T, U any, P object[U]](name string, target *entityType[U], from table[U], ref func(*T) entitlement.ID) navigation[T] {
	return link(name, false, target, func(ctx context.Context, c *call, page []*T) (map[*T][]*U, error) {
		list, err := from(c.reader()).Linked(ctx, "id", distinct(page, ref))
		if err != nil {
			return nil, err
		}
		byID := make(map[entitlement.ID]*U, len(list))
		for _, u := range list {
			byID[P(u).Meta().ID] = u
		}
		found := make(map[*T][]*U, len(page))
		for _, o := range page {
			if u := byID[ref(o)]; u != nil {
				found[o] = []*U{u}
			}
		}
		return found, nil
	})
}

// many is a navigation to the objects that link back along a path of queries.
func many[T, U any, P object[T]](name string, target *entityType[U], from table[U], path string, back func(*U) entitlement.ID) navigation[T] {
	return link(name, true, target, func(ctx context.Context, c *call, page []*T) (map[*T][]*U, error) {
		list, err := from(c.reader()).Linked(ctx, path, distinct(page, idOf[T, P]))
		if err != nil {
			return nil, err
		}
		byID := make(map[entitlement.ID][]*U, len(page))
		for _, u := range list {
			byID[back(u)] = append(byID[back(u)], u)
		}
		found := make(map[*T][]*U, len(page))
		for _, o := range page {
			found[o] = byID[P(o).Meta().ID]
		}
		return found, nil
	})
}

// inside is a navigation to what an object holds itself: nothing has to be fetched.
func inside[T, U any](name string, many bool, target *entityType[U], get func(*T) []*U) navigation[T] {
	return link(name, many, target, func(_ context.Context, _ *call, page []*T) (map[*T][]*U, error) {
		found := make(map[*T][]*U, len(page))
		for _, o := range page {
			found[o] = get(o)
		}
		return found, nil
	})
}

// distinct returns the ids that the objects refer to, each once.
func distinct[T any](page []*T, ref func(*T) entitlement.ID) []entitlement.ID {
	ids := make([]entitlement.ID, 0, len(page))
	for _, o := range page {
		if id := ref(o); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
