package modelstore

import (
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// state is everything that is stored. The owner of each part may change it in place.
type state struct {
	owner   uint64
	tenants []*tenant // in the order in which they were made
	due     sorted[dueKey, *store.Job]
	jobs    sorted[jobKey, *store.Job]
}

// tenant is what one tenant has.
type tenant struct {
	owner   uint64
	number  int
	self    *entitlement.Tenant
	tables  []any // *rows of each of nouns
	history []*entitlement.Record
	byRef   sorted[refKey, *entitlement.Record]
}

// find returns the tenant or nil.
func (s *state) find(id entitlement.TenantID) *tenant {
	for _, t := range s.tenants {
		if t.self.ID == id {
			return t
		}
	}
	return nil
}

// copyFor returns the state where the owner may change it, else a copy that it may.
func (s *state) copyFor(owner uint64) *state {
	if s.owner == owner {
		return s
	}
	n := new(*s)
	n.owner, n.tenants = owner, slices.Clone(s.tenants)
	return n
}

// own returns a tenant of the state that the owner of the state may change.
func (s *state) own(number int) *tenant {
	t := s.tenants[number]
	if t.owner != s.owner {
		t = new(*t)
		t.owner, t.tables = s.owner, slices.Clone(t.tables)
		s.tenants[number] = t
	}
	return t
}
