package engine

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Open is open, in a transaction of its own.
func (e *Engine) Open(ctx context.Context, by entitlement.Actor, o Order) (r *entitlement.Request, err error) {
	err = e.Store.Update(ctx, by.Tenant, func(tx *store.Tx) error {
		c, err := e.open(ctx, tx, by, o)
		if err == nil {
			r = c.r
		}
		return err
	})
	return r, err
}

// Conflict is conflictOf, in a transaction of its own.
func (e *Engine) Conflict(ctx context.Context, t entitlement.TenantID, pkg, target entitlement.ID) error {
	return e.Store.View(ctx, t, func(tx *store.Tx) error { return e.conflictOf(ctx, tx, pkg, target) })
}

// KeepsCall reports whether the call for a request is kept.
func (e *Engine) KeepsCall(t entitlement.TenantID, request entitlement.ID) bool {
	e.kept.mu.Lock()
	defer e.kept.mu.Unlock()
	_, ok := e.kept.calls[requestKey{t, request}]
	return ok
}

// PrepareCall is prepareCall.
func (e *Engine) PrepareCall(ctx context.Context, job store.Job) (call *Call, late bool, err error) {
	return e.prepareCall(ctx, job)
}
