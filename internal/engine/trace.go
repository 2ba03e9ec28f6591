package engine

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Tracer follows what happens for a request from one process to another. It is safe for
// concurrent use.
type Tracer interface {
	// Start begins a part of what ctx is about, and returns the function that ends it.
	Start(ctx context.Context, name string) (context.Context, func(error))
	// Carry returns what continues ctx's trace elsewhere; empty where there is none. Join
	// continues it, Link notes that ctx's trace has to do with it.
	Carry(ctx context.Context) string
	Join(ctx context.Context, carried string) context.Context
	Link(ctx context.Context, carried string)
}

// noTracer follows nothing.
type noTracer struct{}

// Start implements Tracer.
func (noTracer) Start(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// Carry implements Tracer.
func (noTracer) Carry(context.Context) string { return "" }

// Join implements Tracer.
func (noTracer) Join(ctx context.Context, _ string) context.Context { return ctx }

// Link implements Tracer.
func (noTracer) Link(context.Context, string) {}

// tracedStore shows each transaction that writes: the wait for its turn, what it does, and
// its commit.
type tracedStore struct {
	store.Store
	tracer Tracer
}

// Update implements store.Store.
func (s tracedStore) Update(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	ctx, end := s.tracer.Start(ctx, "transaction")
	err := s.Store.Update(ctx, t, fn)
	end(err)
	return err
}

// link notes that what ctx is about has to do with the request of a change, if there is one.
func (c *change) link(ctx context.Context) {
	if c != nil {
		c.Tracer.Link(ctx, c.r.Trace)
	}
}
