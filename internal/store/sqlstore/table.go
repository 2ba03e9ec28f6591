package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// table is a transaction's view of one entity's table: the store.Table of all.
type table[T any] struct {
	*txn
	e *entity[T]
	// was is a shallow copy of the object that Get returned last, where the transaction can
	// write: a hint for Update.
	was *T
}

// Get implements store.Table.
func (t *table[T]) Get(ctx context.Context, id entitlement.ID) (*T, error) {
	ctx, err := t.reads(ctx, false)
	if err != nil {
		return nil, err
	}
	var o *T
	err = t.conn.query(ctx, t.e.selectSQL, []driver.Value{t.number, string(id)}, func(v []driver.Value) (err error) {
		o, err = t.e.scan(v)
		return err
	})
	if err == nil && o == nil {
		err = fmt.Errorf("%w: %s %s", store.ErrNotFound, t.e.table, id)
	}
	if err != nil {
		return nil, err
	}
	if t.writable && len(t.e.updates) > 1 {
		t.was = new(*o)
	}
	return o, nil
}

// List implements store.Table.
func (t *table[T]) List(ctx context.Context, q query.Query) ([]*T, error) {
	ctx, err := t.reads(ctx, true)
	if err != nil {
		return nil, err
	}
	text, args, err := compileList(t.conn.dialect, "SELECT "+t.e.names+" FROM "+t.e.table, t.e.paths, t.number, q)
	if err != nil {
		return nil, err
	}
	var list []*T
	err = t.conn.query(ctx, text, args, func(v []driver.Value) error {
		o, err := t.e.scan(v)
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Count implements store.Table.
func (t *table[T]) Count(ctx context.Context, filter query.Expr) (int, error) {
	ctx, err := t.reads(ctx, true)
	if err != nil {
		return 0, err
	}
	text, args, err := compileList(t.conn.dialect, "SELECT count(*) FROM "+t.e.table, t.e.paths, t.number, query.Query{Filter: filter, Limit: -1})
	if err != nil {
		return 0, err
	}
	n, _, err := t.conn.number(ctx, text, args...)
	return int(n), err
}

// Insert implements store.Table.
func (t *table[T]) Insert(_ context.Context, o *T) error {
	ctx, err := t.writes()
	if err != nil {
		return err
	}
	args, err := t.e.values(t.number, o)
	if err != nil {
		return err
	}
	args[2] = int64(1)
	n, err := t.conn.exec(ctx, t.e.insertSQL, args...)
	switch m := t.e.meta(o); {
	case err != nil:
		return err
	case n == 0:
		return fmt.Errorf("%w: %s %s", store.ErrDuplicate, t.e.table, m.ID)
	default:
		m.Version = 1
	}
	return nil
}

// Update implements store.Table.
func (t *table[T]) Update(_ context.Context, o *T) error {
	ctx, err := t.writes()
	if err != nil {
		return err
	}
	args, err := t.e.values(t.number, o)
	if err != nil {
		return err
	}
	m := t.e.meta(o)
	updates := t.e.updates
	if t.was != nil && t.e.meta(t.was).ID == m.ID {
		updates = t.e.updatesFor(t.was, o)
	}
	var n int64
	for _, u := range updates {
		if n, err = t.conn.exec(ctx, u.text, args...); err != nil {
			return err
		}
		if n > 0 {
			break
		}
	}
	if n == 0 {
		return t.stale(ctx, m)
	}
	m.Version++
	return nil
}

// stale says why an update found nothing to change.
func (t *table[T]) stale(ctx context.Context, m *entitlement.Object) error {
	version, found, err := t.conn.number(ctx, t.e.versionSQL, t.number, string(m.ID))
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("%w: %s %s", store.ErrNotFound, t.e.table, m.ID)
	}
	return fmt.Errorf("%w: %s %s has version %d, not %d", store.ErrConflict, t.e.table, m.ID, version, m.Version)
}

// Delete implements store.Table.
func (t *table[T]) Delete(_ context.Context, id entitlement.ID) error {
	ctx, err := t.writes()
	if err != nil {
		return err
	}
	n, err := t.conn.exec(ctx, t.e.deleteSQL, t.number, string(id))
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %s %s", store.ErrNotFound, t.e.table, id)
	}
	return err
}

// Cursor implements store.Table.
func (t *table[T]) Cursor(o *T, order []query.Order) (query.Cursor, error) {
	if o == nil {
		return query.Cursor{}, errors.New("sqlstore: there is no position of a nil object")
	}
	c := query.Cursor{ID: string(t.e.meta(o).ID)}
	for _, k := range order {
		v, ok := t.e.value(o, k.Path)
		if !ok {
			return query.Cursor{}, &store.PathError{Path: k.Path, Reason: "it cannot be sorted by"}
		}
		c.Keys = append(c.Keys, v)
	}
	return c, nil
}
