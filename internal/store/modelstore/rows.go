package modelstore

import (
	"anteroom/internal/entitlement"
)

// rows are the objects of one type in one tenant.
type rows[T any] struct {
	owner   uint64
	byID    sorted[text, *T]
	indexes []sorted[pair, struct{}]       // of e.indexed; there are no entries for empty keys
	unique  []sorted[text, entitlement.ID] // of e.unique
}

func noRows[T any](e *entity[T]) *rows[T] {
	return &rows[T]{
		indexes: make([]sorted[pair, struct{}], len(e.indexed)),
		unique:  make([]sorted[text, entitlement.ID], len(e.unique)),
	}
}

// copyFor returns a copy that the owner may change.
func (r *rows[T]) copyFor(owner uint64) *rows[T] {
	return &rows[T]{
		owner: owner, byID: r.byID,
		indexes: append([]sorted[pair, struct{}](nil), r.indexes...),
		unique:  append([]sorted[text, entitlement.ID](nil), r.unique...),
	}
}

// free reports whether no other object has a unique value of o.
func (r *rows[T]) free(e *entity[T], o *T) bool {
	for i, key := range e.unique {
		if k, ok := key(o); ok {
			if holder, taken := r.unique[i].get(text(k)); taken && holder != e.meta(o).ID {
				return false
			}
		}
	}
	return true
}

// replace stores now in the place of was, which has the same id. One of the two may be nil:
// then an object is added or removed.
func (r *rows[T]) replace(e *entity[T], was, now *T) {
	var id entitlement.ID
	if now != nil {
		id = e.meta(now).ID
		r.byID.put(r.owner, text(id), now)
	} else {
		id = e.meta(was).ID
		r.byID.remove(r.owner, text(id))
	}
	keyOf := func(key func(*T) string, o *T) string {
		if o == nil {
			return ""
		}
		return key(o)
	}
	for i, key := range e.indexed {
		before, after := keyOf(key, was), keyOf(key, now)
		if before == after {
			continue
		}
		if before != "" {
			r.indexes[i].remove(r.owner, pair{before, string(id)})
		}
		if after != "" {
			r.indexes[i].put(r.owner, pair{after, string(id)}, struct{}{})
		}
	}
	r.replaceUnique(e, id, was, now)
}

func (r *rows[T]) replaceUnique(e *entity[T], id entitlement.ID, was, now *T) {
	keyOf := func(key func(*T) (string, bool), o *T) (string, bool) {
		if o == nil {
			return "", false
		}
		return key(o)
	}
	for i, key := range e.unique {
		before, had := keyOf(key, was)
		after, has := keyOf(key, now)
		if had == has && before == after {
			continue
		}
		if had {
			r.unique[i].remove(r.owner, text(before))
		}
		if has {
			r.unique[i].put(r.owner, text(after), id)
		}
	}
}
