package load

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// lot is a store.Store in which all Updates and Views between the beginning and the end of
// together are one transaction of the store behind it, with an engine on it. It is used by
// one goroutine at a time.
type lot struct {
	store.Store
	engine *engine.Engine
	tenant entitlement.TenantID
	clock  time.Time
	// remember says that configuration does not change any more, so that it is read once.
	remember bool

	tx   *store.Tx // while there is a transaction
	seen memory
	jobs []store.Job // that were left by the latest operation
}

// newLot returns a lot; it makes the tenant where there is none.
func (l *loader) newLot(ctx context.Context) (*lot, error) {
	t := &lot{Store: l.Store, tenant: l.Tenant, clock: l.Since, seen: newMemory()}
	o := engine.Options{Store: l.Store, Caller: taken{}, Directory: directory.BuiltIn{}, Deliverer: delivery.Groups{}}
	if err := engine.New(o).EnsureTenant(ctx, l.Tenant, nil); err != nil {
		return nil, err
	}
	o.AllowDenyAtCreated = l.AllowDenyAtCreated
	o.Store, o.Clock, o.NewID = t, func() time.Time { return t.clock }, t.newID
	o.OnJobs = func(jobs []store.Job) { t.jobs = append(t.jobs, jobs...) }
	t.engine = engine.New(o)
	return t, nil
}

// together runs fn in one transaction. It may run more than once.
func (t *lot) together(ctx context.Context, fn func() error) error {
	return t.Store.Update(ctx, t.tenant, func(tx *store.Tx) error {
		t.tx = tx
		if t.remember {
			t.tx = t.seen.over(tx)
		}
		defer func() { t.tx = nil }()
		return fn()
	})
}

// Update implements store.Store. An error of fn undoes nothing: it has to end the lot.
func (t *lot) Update(_ context.Context, id entitlement.TenantID, fn func(*store.Tx) error) error {
	if t.tx == nil || id != t.tenant {
		return fmt.Errorf("load: there is no transaction of tenant %s", id)
	}
	t.jobs = t.jobs[:0]
	return fn(t.tx)
}

// View implements store.Store.
func (t *lot) View(ctx context.Context, id entitlement.TenantID, fn func(*store.Tx) error) error {
	return t.Update(ctx, id, fn)
}

// newID makes a time-ordered id (RFC 9562 §5.7) of the time of the lot.
func (t *lot) newID() entitlement.ID {
	id := uuid.Must(uuid.NewV7())
	ms := t.clock.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return entitlement.ID(id.String())
}

// taken is an endpoint that takes every call.
type taken struct{}

// Call takes the call.
func (taken) Call(context.Context, engine.Call) error { return nil }
