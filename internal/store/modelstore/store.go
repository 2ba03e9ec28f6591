package modelstore

import (
	"context"
	"fmt"
	"sync/atomic"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Options are the settings of a Store.
type Options struct {
	// Faults makes operations fail; nil makes none fail.
	Faults Faults
}

// Store is a store.Store in memory. One Update after another changes its state; Views do
// not stop them, but each begins between two of them.
type Store struct {
	turn   chan struct{} // holds one element while somebody uses the rest
	state  *state
	owner  uint64       // of what is made now
	views  atomic.Int64 // how many there are; it is raised in turn
	faults faults
	closed bool
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New(o Options) *Store {
	return &Store{turn: make(chan struct{}, 1), state: &state{owner: 1}, owner: 1, faults: faults{ask: o.Faults}}
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	x, err := s.look(ctx, t)
	if err != nil {
		return err
	}
	defer func() {
		x.ended = true
		s.views.Add(-1)
	}()
	return fn(&x.tx)
}

// look begins a View.
func (s *Store) look(ctx context.Context, t entitlement.TenantID) (*txn, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	found := s.state.find(t)
	switch {
	case found == nil:
		return nil, fmt.Errorf("%w: tenant %s", store.ErrNotFound, t)
	case s.faults.refuses(OpView):
		return nil, errRefused
	}
	s.views.Add(1)
	return newTxn(s.state, found), nil
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	found := s.state.find(t)
	switch {
	case found == nil:
		return fmt.Errorf("%w: tenant %s", store.ErrNotFound, t)
	case s.faults.refuses(OpBegin):
		return errRefused
	}
	s.change()
	for {
		fault, err := s.attempt(found.number, fn)
		switch {
		case err != nil:
			return err
		case fault == Refuse:
			return errRefused
		case fault == Forget:
			return errUnknown
		case fault != Repeat:
			return nil
		}
	}
}

// change prepares for a change of the state: Views keep the one that they see.
func (s *Store) change() {
	if s.views.Load() > 0 {
		s.owner++
		s.state = s.state.copyFor(s.owner)
	}
}

// attempt runs fn and undoes what it did, unless it succeeded and no fault says otherwise.
func (s *Store) attempt(tenant int, fn func(*store.Tx) error) (fault Fault, err error) {
	x := newTxn(s.state, s.state.own(tenant))
	x.owner = s.owner
	kept := false
	defer func() { // also where fn panics
		if x.ended = true; !kept {
			x.undoAll()
		}
	}()
	if err := fn(&x.tx); err != nil {
		return None, err
	}
	if x.failure != nil {
		return None, x.failure
	}
	fault = s.faults.at(OpCommit)
	kept = fault == None || fault == Forget
	return fault, nil
}

// lock waits until nobody else has the turn, or ctx is done.
func (s *Store) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := ctx.Err() // both may have come about
	if s.closed {
		err = errClosed
	}
	if err != nil {
		s.unlock()
	}
	return err
}

func (s *Store) unlock() { <-s.turn }

// Ready implements store.Store.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.lock(ctx); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	s.unlock()
	return nil
}

// Close implements store.Store. It waits for the Update under way.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer s.unlock()
	s.closed = true
	return nil
}

// Tenants implements store.Store.
func (s *Store) Tenants(ctx context.Context) ([]entitlement.Tenant, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	var list []entitlement.Tenant
	for _, t := range s.state.tenants {
		list = append(list, *tenantCopier.give(t.self))
	}
	return list, nil
}

// CreateTenant implements store.Store.
func (s *Store) CreateTenant(ctx context.Context, t *entitlement.Tenant) error {
	if t.ID == "" {
		return fmt.Errorf("modelstore: a tenant needs an id")
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	if s.state.find(t.ID) != nil {
		return fmt.Errorf("%w: tenant %s", store.ErrDuplicate, t.ID)
	}
	s.change()
	made := &tenant{owner: s.owner, number: len(s.state.tenants), self: tenantCopier.keep(t)}
	for _, n := range nouns {
		made.tables = append(made.tables, n.empty())
	}
	s.state.tenants = append(s.state.tenants, made)
	return nil
}
