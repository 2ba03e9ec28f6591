package modelstore

import (
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// state is everything that is stored at one moment.
type state struct {
	tenants []*tenant // in the order in which they were made
	due     sorted[dueKey, *store.Job]
	jobs    sorted[jobKey, *store.Job]
}

// tenant is what one tenant has.
type tenant struct {
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

// writable returns a copy of the state, and of one tenant in it, that can be changed.
func (s *state) writable(t *tenant) (*state, *tenant) {
	next, own := new(*s), new(*t)
	next.tenants = slices.Clone(s.tenants)
	own.tables = slices.Clone(t.tables)
	next.tenants[t.number] = own
	return next, own
}
