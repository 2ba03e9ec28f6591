package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// table is a transaction's view of one entity's table: the store.Table of all.
type table[T any] struct {
	*txn
	e *entity[T]
	// was is a shallow copy of the object that was read or written last, as it is stored, where
	// the transaction can write.
	was *T
}

// Get implements store.Table.
func (t *table[T]) Get(ctx context.Context, id entitlement.ID) (*T, error) {
	ctx, err := t.reads(ctx, false)
	if err != nil {
		return nil, err
	}
	var o *T
	err = t.rows(ctx, t.e.selectSQL, []driver.Value{t.number, string(id)}, func(v []driver.Value) (err error) {
		o, err = t.e.scan(v)
		return err
	})
	if err == nil && o == nil {
		err = fmt.Errorf("%w: %s %s", store.ErrNotFound, t.e.table, id)
	}
	if err != nil {
		return nil, err
	}
	t.saw(o)
	return o, nil
}

// saw remembers an object as it is stored.
func (t *table[T]) saw(o *T) {
	if t.writable {
		t.was = new(*o)
	}
}

// seen reports whether the object is stored with that version: it was read, or written, in
// this transaction.
func (t *table[T]) seen(m *entitlement.Object) bool {
	if t.was == nil {
		return false
	}
	w := t.e.meta(t.was)
	return w.ID == m.ID && w.Version == m.Version
}

// rows calls row for each row that a statement finds, or that is kept of an earlier one.
func (t *table[T]) rows(ctx context.Context, text string, args []driver.Value, row func([]driver.Value) error) error {
	if !t.e.keeps && len(t.home.ahead) == 0 {
		return t.conn.query(ctx, text, args, row)
	}
	q := questionOf(text, args)
	ans := t.home.ahead[q]
	if !t.e.keeps {
		if ans == nil {
			return t.conn.query(ctx, text, args, row)
		}
		return each(ans.rows, row)
	}
	if err := t.atHome(ctx); err != nil {
		return err
	}
	if t.home.altered {
		return t.conn.query(ctx, text, args, row)
	}
	k := t.conn.kept
	found, ok := k.find(t.number, t.home.revision, q)
	if !ok && ans != nil {
		found, ok = ans.rows, true
		k.keep(t.number, t.home.revision, q, found)
	}
	if !ok {
		err := t.conn.query(ctx, text, args, func(v []driver.Value) error {
			found = append(found, slices.Clone(v))
			return nil
		})
		if err != nil {
			return err
		}
		k.keep(t.number, t.home.revision, q, found)
	}
	return each(found, row)
}

// each calls row for each of the rows.
func each(rows [][]driver.Value, row func([]driver.Value) error) error {
	for _, v := range rows {
		if err := row(v); err != nil {
			return err
		}
	}
	return nil
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
	err = t.rows(ctx, text, args, func(v []driver.Value) error {
		o, err := t.e.scan(v)
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		t.saw(list[0])
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

// change checks that the table may be changed and returns the context for it.
func (t *table[T]) change() (context.Context, error) {
	ctx, err := t.writes()
	if err == nil && t.e.keeps {
		t.home.altered = true
	}
	return ctx, err
}

// Insert implements store.Table.
func (t *table[T]) Insert(_ context.Context, o *T) error {
	ctx, err := t.change()
	if err != nil {
		return err
	}
	args, err := t.e.values(t.number, o)
	if err != nil {
		return err
	}
	args[2] = int64(1)
	forget(t.home.ahead, t.e, true, o)
	n, err := t.conn.exec(ctx, t.e.insertSQL, args...)
	switch m := t.e.meta(o); {
	case err != nil:
		return err
	case n == 0:
		return t.duplicate(m)
	default:
		m.Version = 1
	}
	return nil
}

// Add implements store.Table.
func (t *table[T]) Add(_ context.Context, o *T) error { return t.add(o, t.e.addSQL) }

// Ensure implements store.Table.
func (t *table[T]) Ensure(_ context.Context, o *T) error { return t.add(o, t.e.insertSQL) }

func (t *table[T]) add(o *T, text string) error {
	if _, err := t.change(); err != nil {
		return err
	}
	args, err := t.e.values(t.number, o)
	if err != nil {
		return err
	}
	args[2] = int64(1)
	forget(t.home.ahead, t.e, true, o)
	t.conn.later(text, args...)
	t.e.meta(o).Version = 1
	return nil
}

// Update implements store.Table.
func (t *table[T]) Update(_ context.Context, o *T) error {
	ctx, err := t.change()
	if err != nil {
		return err
	}
	args, err := t.e.values(t.number, o)
	if err != nil {
		return err
	}
	m := t.e.meta(o)
	// What is kept changes seldom, and who changes it is told at once what is wrong with it.
	if t.seen(m) && !t.e.keeps {
		forget(t.home.ahead, t.e, true, t.was, o)
		version := m.Version
		t.conn.add(&statement{text: t.e.updatesFor(t.was, o)[0].text, args: args, check: func(changed int64) error {
			if changed == 0 {
				return fmt.Errorf("%w: %s %s does not have version %d any more", store.ErrConflict, t.e.table, m.ID, version)
			}
			return nil
		}})
		m.Version++
		t.saw(o)
		return nil
	}
	forget(t.home.ahead, t.e, false)
	var n int64
	for _, u := range t.e.updates {
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
	t.saw(o)
	return nil
}

func (t *table[T]) duplicate(m *entitlement.Object) error {
	return fmt.Errorf("%w: %s %s", store.ErrDuplicate, t.e.table, m.ID)
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
	ctx, err := t.change()
	if err != nil {
		return err
	}
	t.was = nil
	forget(t.home.ahead, t.e, false)
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
