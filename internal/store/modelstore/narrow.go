package modelstore

import (
	"slices"

	"anteroom/internal/query"
)

// narrow lists by means of indexes, in order, ids among which are those of all objects that
// the filter holds for, unless they would be more than most, which is -1 for any number. It
// reports false where no index helps.
func (t *table[T]) narrow(e query.Expr, most int) (ids []string, ok bool) {
	switch e := e.(type) {
	case *query.Compare:
		if e.Op == query.Eq {
			return t.lookup(nil, e.Path, e.Value, most)
		}
	case *query.In:
		ok = true
		for _, v := range e.Values {
			if ids, ok = t.lookup(ids, e.Path, v, most); !ok {
				return nil, false
			}
		}
		return ordered(ids), ok
	case *query.And: // the part that leaves the fewest
		for _, p := range e.Parts {
			if few, is := t.narrow(p, most); is {
				ids, ok, most = few, true, len(few)
			}
		}
		return ids, ok
	case *query.Or: // all parts together
		ok = true
		for _, p := range e.Parts {
			more, is := t.narrow(p, most)
			if ids = append(ids, more...); !is || most >= 0 && len(ids) > most {
				return nil, false
			}
		}
		return ordered(ids), ok
	}
	return nil, false
}

// lookup appends the ids that an index has for a value.
func (t *table[T]) lookup(ids []string, path string, v query.Value, most int) ([]string, bool) {
	s, _ := v.(string)
	if s == "" {
		return nil, false
	}
	p := t.e.paths[path]
	key := keyOf(p.kind, s)
	if path == "id" {
		return append(ids, key), true
	}
	if p.index == none {
		return nil, false
	}
	for at := range t.rows.indexes[p.index].from(pair{value: key}) {
		if at.value != key {
			break
		}
		if most >= 0 && len(ids) >= most {
			return nil, false
		}
		ids = append(ids, at.id)
	}
	return ids, true
}

func ordered(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
