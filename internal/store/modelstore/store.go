package modelstore

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Options are the settings of a Store.
type Options struct {
	// Faults makes operations fail; nil makes none fail.
	Faults Faults
}

// Store is a store.Store in memory. Updates happen one after another; Views wait for
// nobody.
type Store struct {
	root   atomic.Pointer[state]
	writer chan struct{} // holds one element while an Update or the like is under way
	owners uint64        // how many transactions have written; the writer's
	faults faults
	closed atomic.Bool
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New(o Options) *Store {
	s := &Store{writer: make(chan struct{}, 1), faults: faults{ask: o.Faults}}
	s.root.Store(new(state))
	return s
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	now, err := s.read(ctx)
	if err != nil {
		return err
	}
	found := now.find(t)
	switch {
	case found == nil:
		return fmt.Errorf("%w: tenant %s", store.ErrNotFound, t)
	case s.faults.refuses(OpView):
		return errRefused
	}
	x := newTxn(now, found)
	defer func() { x.ended = true }()
	return fn(&x.tx)
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	if s.root.Load().find(t) == nil {
		return fmt.Errorf("%w: tenant %s", store.ErrNotFound, t)
	}
	if s.faults.refuses(OpBegin) {
		return errRefused
	}
	for {
		next, err := s.attempt(t, fn)
		if err != nil {
			return err
		}
		switch s.faults.at(OpCommit) {
		case Refuse:
			return errRefused
		case Repeat:
		case Forget:
			s.root.Store(next)
			return errUnknown
		default:
			s.root.Store(next)
			return nil
		}
	}
}

// attempt runs fn and returns the state that it makes of the present one.
func (s *Store) attempt(t entitlement.TenantID, fn func(*store.Tx) error) (*state, error) {
	now := s.root.Load()
	next, own := now.writable(now.find(t))
	x := newTxn(next, own)
	defer func() { x.ended = true }()
	s.owners++
	x.owner = s.owners
	if err := fn(&x.tx); err != nil {
		return nil, err
	}
	return next, nil
}

// read returns the present state.
func (s *Store) read(ctx context.Context) (*state, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	return s.root.Load(), ctx.Err()
}

// lock waits until nobody else writes, or ctx is done.
func (s *Store) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := ctx.Err() // both may have come about
	if s.closed.Load() {
		err = errClosed
	}
	if err != nil {
		s.unlock()
	}
	return err
}

func (s *Store) unlock() { <-s.writer }

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
	s.writer <- struct{}{}
	defer s.unlock()
	s.closed.Store(true)
	return nil
}

// Tenants implements store.Store.
func (s *Store) Tenants(ctx context.Context) ([]entitlement.Tenant, error) {
	now, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	var list []entitlement.Tenant
	for _, t := range now.tenants {
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
	now := s.root.Load()
	if now.find(t.ID) != nil {
		return fmt.Errorf("%w: tenant %s", store.ErrDuplicate, t.ID)
	}
	next, made := new(*now), &tenant{number: len(now.tenants), self: tenantCopier.keep(t)}
	for _, n := range nouns {
		made.tables = append(made.tables, n.empty())
	}
	next.tenants = append(slices.Clone(now.tenants), made)
	s.root.Store(next)
	return nil
}
