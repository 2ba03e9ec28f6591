package modelstore

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"anteroom/internal/query"
)

// List implements store.Table.
func (t *table[T]) List(ctx context.Context, q query.Query) ([]*T, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	if err := t.check(&q); err != nil {
		return nil, err
	}
	var list []*T
	for _, o := range t.page(q) {
		list = append(list, t.e.copier.give(o))
	}
	return list, nil
}

// Count implements store.Table.
func (t *table[T]) Count(ctx context.Context, filter query.Expr) (int, error) {
	if err := t.reads(ctx); err != nil {
		return 0, err
	}
	q := query.Query{Filter: filter}
	if err := t.check(&q); err != nil {
		return 0, err
	}
	if q.Filter == nil {
		return t.rows.byID.size, nil
	}
	return len(t.page(q)), nil
}

// find implements finder.
func (t *table[T]) find(filter query.Expr, give string) ([]query.Value, error) {
	q := query.Query{Filter: filter}
	if err := t.check(&q); err != nil {
		return nil, err
	}
	var list []query.Value
	for _, o := range t.page(q) {
		if v := t.e.value(o, give); v != nil {
			list = append(list, v)
		}
	}
	return list, nil
}

// check checks a query and replaces its filter by what checker makes of it.
func (t *table[T]) check(q *query.Query) (err error) {
	c := checker{paths: t.e.paths, linked: t.linked}
	if q.Filter, err = c.filter(q.Filter); err != nil {
		return err
	}
	return checkPage(t.e.paths, *q)
}

// checkPage checks the order of a query and the position that it begins behind.
func checkPage(paths map[string]path, q query.Query) error {
	if err := checkOrder(paths, q.Order); err != nil || q.After == nil {
		return err
	}
	if len(q.After.Keys) != len(q.Order) {
		return fmt.Errorf("modelstore: the position has %d keys, the order %d", len(q.After.Keys), len(q.Order))
	}
	for i, v := range q.After.Keys {
		if v == nil {
			continue
		}
		if _, err := literal(q.Order[i].Path, paths[q.Order[i].Path].kind, v); err != nil {
			return err
		}
	}
	return nil
}

// linked lists the values that objects have at l.on when the link is equal to id.
func (x *txn) linked(l link, id string) ([]query.Value, error) {
	number := slices.IndexFunc(nouns, func(n noun) bool { return n.name() == l.table })
	return x.tables[number].find(query.Both(query.Equal(l.by, id), l.only), l.give)
}

// page lists the stored objects that a query which was checked asks for.
func (t *table[T]) page(q query.Query) []*T {
	var at *T
	get := func(path string) query.Value { return t.e.value(at, path) }
	if len(q.Order) > 0 {
		id := func(o *T) string { return string(t.e.meta(o).ID) }
		return query.Page(t.candidates(q.Filter), q, t.e.value, id)
	}
	// Candidates are in the order of their ids already.
	list := t.candidates(q.Filter)
	if q.After != nil {
		after := strings.ToLower(q.After.ID)
		list = list[sort.Search(len(list), func(i int) bool { return string(t.e.meta(list[i]).ID) > after }):]
	}
	var found []*T
	for _, at = range list {
		if !query.Holds(q.Filter, get) {
			continue
		}
		if found = append(found, at); len(found) == q.Limit {
			break
		}
	}
	return found
}

// candidates lists, in the order of their ids, objects among which are all that the filter
// holds for.
func (t *table[T]) candidates(filter query.Expr) []*T {
	ids, narrowed := t.narrow(filter, -1)
	if !narrowed {
		list := make([]*T, 0, t.rows.byID.size)
		for _, o := range t.rows.byID.from("") {
			list = append(list, o)
		}
		return list
	}
	list := make([]*T, 0, len(ids))
	for _, id := range ids {
		if o, there := t.rows.byID.get(text(id)); there {
			list = append(list, o)
		}
	}
	return list
}
