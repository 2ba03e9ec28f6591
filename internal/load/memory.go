package load

import (
	"context"
	"encoding/json"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// memory remembers what was read of configuration, which nobody changes meanwhile.
type memory struct {
	catalogs     *seen[entitlement.Catalog]
	packages     *seen[entitlement.Package]
	policies     *seen[entitlement.Policy]
	extensions   *seen[entitlement.Extension]
	roleScopes   *seen[entitlement.RoleScope]
	users        *seen[entitlement.User]
	groups       *seen[entitlement.Group]
	incompatible *seen[entitlement.Incompatibility]
}

func newMemory() memory {
	return memory{
		catalogs: newSeen[entitlement.Catalog](), packages: newSeen[entitlement.Package](), policies: newSeen[entitlement.Policy](),
		extensions: newSeen[entitlement.Extension](), roleScopes: newSeen[entitlement.RoleScope](), users: newSeen[entitlement.User](),
		groups: newSeen[entitlement.Group](), incompatible: newSeen[entitlement.Incompatibility](),
	}
}

// over returns a transaction that reads configuration from memory, where it can.
func (m *memory) over(tx *store.Tx) *store.Tx {
	o := *tx
	o.Catalogs, o.Packages, o.Policies = m.catalogs.of(tx.Catalogs), m.packages.of(tx.Packages), m.policies.of(tx.Policies)
	o.Extensions, o.RoleScopes, o.Users = m.extensions.of(tx.Extensions), m.roleScopes.of(tx.RoleScopes), m.users.of(tx.Users)
	o.Groups, o.Incompatible = m.groups.of(tx.Groups), m.incompatible.of(tx.Incompatible)
	return &o
}

// seen is what was read of one table.
type seen[T any] struct {
	objects map[entitlement.ID]*T
	lists   map[string][]*T
}

func newSeen[T any]() *seen[T] {
	return &seen[T]{objects: make(map[entitlement.ID]*T), lists: make(map[string][]*T)}
}

func (s *seen[T]) of(t store.Table[T]) store.Table[T] { return remembered[T]{t, s} }

// remembered is a table that reads what was not read before.
type remembered[T any] struct {
	store.Table[T]
	seen *seen[T]
}

// Get implements store.Table.
func (r remembered[T]) Get(ctx context.Context, id entitlement.ID) (*T, error) {
	if o, ok := r.seen.objects[id]; ok {
		return o, nil
	}
	o, err := r.Table.Get(ctx, id)
	if err == nil {
		r.seen.objects[id] = o
	}
	return o, err
}

// List implements store.Table.
func (r remembered[T]) List(ctx context.Context, q query.Query) ([]*T, error) {
	key, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	if list, ok := r.seen.lists[string(key)]; ok {
		return list, nil
	}
	list, err := r.Table.List(ctx, q)
	if err == nil {
		r.seen.lists[string(key)] = list
	}
	return list, err
}
