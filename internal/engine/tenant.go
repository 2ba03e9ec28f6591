package engine

import (
	"context"
	"crypto/rand"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Seed fills a new tenant beside what every tenant has; it may be nil.
type Seed struct {
	Users  []entitlement.User
	Groups []entitlement.Group
	// Members lists user ids by group id.
	Members map[entitlement.ID][]entitlement.ID
}

// EnsureTenant makes the tenant if there is none: with keys of its own, the built-in
// catalog "General", and what the seed holds. It may be called again at any time, and
// finishes what an earlier call left undone.
func (e *Engine) EnsureTenant(ctx context.Context, id entitlement.TenantID, seed *Seed) error {
	t := &entitlement.Tenant{ID: id, CreatedAt: e.realNow(), CalloutKey: make([]byte, 32), TokenKey: make([]byte, 32)}
	rand.Read(t.CalloutKey) // never fails: crypto/rand.Read
	rand.Read(t.TokenKey)
	if err := e.Store.CreateTenant(ctx, t); err != nil && !errors.Is(err, store.ErrDuplicate) {
		return err
	}
	return e.Store.Update(ctx, id, func(tx *store.Tx) error {
		n, err := tx.Catalogs.Count(ctx, nil)
		if err != nil || n > 0 {
			return err
		}
		now, err := e.now(ctx, tx)
		if err != nil {
			return err
		}
		if err := tx.Jobs.Put(ctx, purgeJob(id, e.realNow().Add(purgeEvery))); err != nil {
			return err
		}
		ed := &edit{Engine: e, ctx: ctx, tx: tx, by: entitlement.System(id), now: now}
		return ed.fill(seed)
	})
}

func (ed *edit) fill(seed *Seed) error {
	builtIn := "Built-in catalog."
	general := &entitlement.Catalog{
		DisplayName: "General", Description: &builtIn, State: entitlement.CatalogPublished,
		Type: entitlement.CatalogServiceDefault, IsExternallyVisible: true,
	}
	if err := insert(ed, ed.tx.Catalogs, rules.Catalogs, general); err != nil || seed == nil {
		return err
	}
	for _, u := range seed.Users {
		if err := insert(ed, ed.tx.Users, rules.Users, &u); err != nil {
			return err
		}
	}
	for _, g := range seed.Groups {
		if err := insert(ed, ed.tx.Groups, rules.Groups, &g); err != nil {
			return err
		}
	}
	for group, users := range seed.Members {
		for _, user := range users {
			m := &entitlement.Membership{Object: entitlement.Object{ID: entitlement.MembershipID(group, user)}, GroupID: group, MemberID: user}
			if err := insert(ed, ed.tx.Memberships, rules.Memberships, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// CalloutKeys returns the seeds of the keys that sign callouts, by tenant.
func (e *Engine) CalloutKeys(ctx context.Context) (map[entitlement.TenantID][]byte, error) {
	tenants, err := e.Store.Tenants(ctx)
	if err != nil {
		return nil, explain(err)
	}
	keys := make(map[entitlement.TenantID][]byte, len(tenants))
	for _, t := range tenants {
		keys[t.ID] = t.CalloutKey
	}
	return keys, nil
}

// History lists the records about one thing, oldest first. It is for who manages the
// tenant.
func (e *Engine) History(ctx context.Context, by entitlement.Actor, ref entitlement.ID) ([]*entitlement.Record, error) {
	if _, err := rules.Visible(by, rules.Histories); err != nil {
		return nil, err
	}
	var list []*entitlement.Record
	err := e.Store.View(ctx, by.Tenant, func(tx *store.Tx) (err error) {
		list, err = tx.History.Of(ctx, ref)
		return err
	})
	return list, explain(err)
}

// Waits lists the open requests of a tenant that wait for somebody outside, oldest first,
// behind the one given, at most limit.
func (e *Engine) Waits(ctx context.Context, t entitlement.TenantID, after entitlement.ID, limit int) ([]*entitlement.Request, error) {
	q := query.Query{Filter: query.Equal("open", true), Limit: limit}
	if after != "" {
		q.After = &query.Cursor{ID: string(after)}
	}
	var list []*entitlement.Request
	err := e.Store.View(ctx, t, func(tx *store.Tx) (err error) {
		list, err = tx.Requests.List(ctx, q)
		return err
	})
	return list, explain(err)
}
