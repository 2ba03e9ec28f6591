package sqlstore

import (
	"fmt"

	"anteroom/internal/query"
	"anteroom/internal/store"
)

// sortKey is one key of a total order: the last one is always the id, ascending.
type sortKey struct {
	path
	name string
	desc bool
}

func (c *compiler) keys(order []query.Order) ([]sortKey, error) {
	keys := make([]sortKey, 0, len(order)+1)
	for _, o := range order {
		p, err := c.path(o.Path)
		if err != nil {
			return nil, err
		}
		if p.kind == kindFlag || p.kind == kindLink {
			return nil, &store.PathError{Path: o.Path, Reason: "it cannot be sorted by"}
		}
		keys = append(keys, sortKey{path: p, name: o.Path, desc: o.Descending})
	}
	return append(keys, sortKey{path: c.paths["id"], name: "id"}), nil
}

// order writes the ORDER BY. Null comes before all else, so last when descending.
func (c *compiler) order(keys []sortKey) {
	c.b.WriteString(" ORDER BY ")
	for i, k := range keys {
		if i > 0 {
			c.b.WriteString(", ")
		}
		c.b.WriteString(k.column)
		switch {
		case k.desc && k.nullable:
			c.b.WriteString(" DESC NULLS LAST")
		case k.desc:
			c.b.WriteString(" DESC")
		case k.nullable:
			c.b.WriteString(" NULLS FIRST")
		}
	}
}

// after writes the condition that a row comes behind a position: its first key does,
// or that is equal and the second does, and so on.
func (c *compiler) after(keys []sortKey, at *query.Cursor) error {
	if len(at.Keys) != len(keys)-1 {
		return fmt.Errorf("sqlstore: the position has %d keys, the order %d", len(at.Keys), len(keys)-1)
	}
	for i, k := range keys {
		var v query.Value = at.ID
		if i < len(at.Keys) {
			v = at.Keys[i]
		}
		if i == len(keys)-1 {
			if err := c.behind(k, v); err != nil {
				return err
			}
			break
		}
		// The first part repeats what follows from the others, for the index.
		c.b.WriteByte('(')
		if i == 0 && v != nil && !k.desc {
			if err := c.compare(&query.Compare{Path: k.name, Op: query.Ge, Value: v}, false); err != nil {
				return err
			}
			c.b.WriteString(" AND (")
		} else {
			c.b.WriteString("1 = 1 AND (")
		}
		if err := c.behind(k, v); err != nil {
			return err
		}
		c.b.WriteString(" OR (")
		if err := c.compare(&query.Compare{Path: k.name, Op: query.Eq, Value: v}, false); err != nil {
			return err
		}
		c.b.WriteString(" AND ")
	}
	for range keys[1:] {
		c.b.WriteString(")))")
	}
	return nil
}

// behind writes the condition that one key of a row is behind the value v.
func (c *compiler) behind(k sortKey, v query.Value) error {
	switch {
	case v == nil && k.desc:
		c.always(false)
	case v == nil:
		c.isNull(k.path, false)
	case k.desc && k.nullable:
		c.b.WriteString("(" + k.column + " IS NULL OR ")
		if err := c.compare(&query.Compare{Path: k.name, Op: query.Lt, Value: v}, false); err != nil {
			return err
		}
		c.b.WriteByte(')')
	case k.desc:
		return c.compare(&query.Compare{Path: k.name, Op: query.Lt, Value: v}, false)
	default:
		return c.compare(&query.Compare{Path: k.name, Op: query.Gt, Value: v}, false)
	}
	return nil
}
