package engine

import (
	"context"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Settings returns what the tenant has set for all of its packages.
//
// graph: entitlementmanagementsettings-get, endusersettings-get
func (e *Engine) Settings(ctx context.Context, a entitlement.Actor) (*entitlement.Settings, error) {
	if _, err := rules.Visible(a, rules.Settings); err != nil {
		return nil, err
	}
	set := new(entitlement.Settings)
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) error {
		t, err := tx.Tenant.Get(ctx)
		if err == nil {
			*set = t.Settings
		}
		return err
	})
	return set, explain(err)
}

// defaultDeletedAfterBlocked is how long a guest who was blocked is kept where nobody said
// otherwise (graph: manage external access).
const defaultDeletedAfterBlocked = 30 * 24 * time.Hour

// UpdateSettings applies change to the settings of the tenant and returns them. They count
// for what happens from now on; what is scheduled already stays. Who begins to have guests
// deleted and never said after how long keeps them for 30 days: no default deletes at once.
//
// graph: entitlementmanagementsettings-update, endusersettings-update
func (e *Engine) UpdateSettings(ctx context.Context, by entitlement.Actor, change func(*entitlement.Settings) error) (set *entitlement.Settings, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		t, err := ed.tx.Tenant.Get(ed.ctx)
		if err != nil {
			return err
		}
		after := t.Settings
		if err := change(&after); err != nil {
			return err
		}
		begins := after.ExternalUserLifecycle == entitlement.LifecycleBlockAndDelete && t.Settings.ExternalUserLifecycle != after.ExternalUserLifecycle
		if begins && after.DeletedAfterBlocked == 0 {
			after.DeletedAfterBlocked = defaultDeletedAfterBlocked
		}
		set = &after
		if err := ed.tx.Tenant.SetSettings(ed.ctx, after); err != nil {
			return err
		}
		return ed.record(rules.Settings, entitlement.ID(by.Tenant), "update", &t.Settings, &after)
	})
	return set, err
}
