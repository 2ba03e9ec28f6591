package modelstore

import (
	"context"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

var tenantCopier = copierOf[entitlement.Tenant]()

// tenants gives a transaction access to its own tenant.
type tenants struct{ *txn }

// Get implements store.Tenants.
func (t tenants) Get(ctx context.Context) (*entitlement.Tenant, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	return tenantCopier.give(t.tenant.self), nil
}

// SetClockOffset implements store.Tenants.
func (t tenants) SetClockOffset(_ context.Context, offset time.Duration) error {
	if err := t.writes(); err != nil {
		return err
	}
	self := new(*t.tenant.self)
	ahead := (self.ClockOffset - offset).Truncate(time.Microsecond) // a clock that moves ahead brings what is due nearer
	self.ClockOffset = offset
	t.setSelf(self)
	var moved []store.Job
	for key, job := range t.state.jobs.from(jobKey{tenant: t.tenant.number}) {
		if key.tenant != t.tenant.number {
			break
		}
		later := *job
		later.Due = later.Due.Add(ahead)
		moved = append(moved, later)
	}
	jobs(t).put(moved...)
	return nil
}

// SetSettings implements store.Tenants.
func (t tenants) SetSettings(_ context.Context, s entitlement.Settings) error {
	if err := t.writes(); err != nil {
		return err
	}
	self := new(*t.tenant.self)
	self.Settings = s
	t.setSelf(tenantCopier.keep(self))
	return nil
}
