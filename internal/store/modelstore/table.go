package modelstore

import (
	"context"
	"errors"
	"fmt"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// table is a transaction's view of the objects of one type: the store.Table of all.
type table[T any] struct {
	*txn
	e      *entity[T]
	label  string // the member of store.Tx
	number int    // in nouns
	rows   *rows[T]
}

// Get implements store.Table.
func (t *table[T]) Get(ctx context.Context, id entitlement.ID) (*T, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	o, found := t.rows.byID.get(text(id))
	if !found {
		return nil, t.missing(id)
	}
	return t.e.copier.give(o), nil
}

// Insert implements store.Table.
func (t *table[T]) Insert(_ context.Context, o *T) error {
	if err := t.writes(); err != nil {
		return err
	}
	m := t.e.meta(o)
	if m.ID == "" {
		return t.nameless()
	}
	if _, there := t.rows.byID.get(text(m.ID)); there || !t.rows.free(t.e, o) {
		return t.duplicate(m.ID)
	}
	n := t.e.copier.keep(o)
	t.e.meta(n).Version = 1
	t.replace(nil, n)
	m.Version = 1
	return nil
}

// Add implements store.Table.
func (t *table[T]) Add(ctx context.Context, o *T) error {
	err := t.Insert(ctx, o)
	if t.failure == nil {
		t.failure = err
	}
	return err
}

// Ensure implements store.Table.
func (t *table[T]) Ensure(ctx context.Context, o *T) error {
	err := t.Insert(ctx, o)
	if errors.Is(err, store.ErrDuplicate) {
		t.e.meta(o).Version = 1
		return nil
	}
	return err
}

// Update implements store.Table.
func (t *table[T]) Update(_ context.Context, o *T) error {
	if err := t.writes(); err != nil {
		return err
	}
	m := t.e.meta(o)
	if m.ID == "" {
		return t.nameless()
	}
	was, there := t.rows.byID.get(text(m.ID))
	if !there {
		return t.missing(m.ID)
	}
	if stored := t.e.meta(was).Version; stored != m.Version {
		return fmt.Errorf("%w: %s %s has version %d, not %d", store.ErrConflict, t.label, m.ID, stored, m.Version)
	}
	if !t.rows.free(t.e, o) {
		return t.duplicate(m.ID)
	}
	n := t.e.copier.keep(o)
	t.e.meta(n).Version++
	t.replace(was, n)
	m.Version++
	return nil
}

// Delete implements store.Table.
func (t *table[T]) Delete(_ context.Context, id entitlement.ID) error {
	if err := t.writes(); err != nil {
		return err
	}
	was, there := t.rows.byID.get(text(id))
	if !there {
		return t.missing(id)
	}
	t.replace(was, nil)
	return nil
}

// Cursor implements store.Table.
func (t *table[T]) Cursor(o *T, order []query.Order) (query.Cursor, error) {
	if o == nil {
		return query.Cursor{}, errors.New("modelstore: there is no position of a nil object")
	}
	if err := checkOrder(t.e.paths, order); err != nil {
		return query.Cursor{}, err
	}
	at := query.Cursor{ID: string(t.e.meta(o).ID)}
	for _, key := range order {
		at.Keys = append(at.Keys, t.e.value(o, key.Path))
	}
	return at, nil
}

// replace stores an object, or removes one.
func (t *table[T]) replace(was, now *T) {
	if t.rows.owner != t.owner {
		t.rows = t.rows.copyFor(t.owner)
		t.tenant.tables[t.number] = t.rows
	}
	t.rows.replace(t.e, was, now)
	t.undo = append(t.undo, func() { t.rows.replace(t.e, now, was) })
}

func (t *table[T]) missing(id entitlement.ID) error {
	return fmt.Errorf("%w: %s %s", store.ErrNotFound, t.label, id)
}

func (t *table[T]) duplicate(id entitlement.ID) error {
	return fmt.Errorf("%w: %s %s", store.ErrDuplicate, t.label, id)
}

func (t *table[T]) nameless() error {
	return fmt.Errorf("modelstore: an object for %s has no id", t.label)
}
