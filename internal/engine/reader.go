package engine

import (
	"context"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Reader is how the edges read the store: each of its views shows only what the actor
// may see. It is cheap to make and safe for concurrent use.
type Reader struct {
	Catalogs         Visible[entitlement.Catalog]
	Packages         Visible[entitlement.Package]
	Policies         Visible[entitlement.Policy]
	Extensions       Visible[entitlement.Extension]
	Resources        Visible[entitlement.Resource]
	RoleScopes       Visible[entitlement.RoleScope]
	ResourceRequests Visible[entitlement.ResourceRequest]
	Requests         Visible[entitlement.Request]
	Approvals        Visible[entitlement.Request] // requests, as who reads their approval sees them
	Assignments      Visible[entitlement.Assignment]
	Users            Visible[entitlement.User]
	Groups           Visible[entitlement.Group]
	Memberships      Visible[entitlement.Membership]
	Organizations    Visible[entitlement.ConnectedOrganization]
	Incompatible     Visible[entitlement.Incompatibility]
	Principals       Visible[entitlement.ServicePrincipal]
}

// Reader returns the actor's view of their tenant.
func (e *Engine) Reader(a entitlement.Actor) Reader {
	return Reader{
		Catalogs:         visible(e, a, rules.Catalogs, func(tx *store.Tx) store.Table[entitlement.Catalog] { return tx.Catalogs }),
		Packages:         visible(e, a, rules.Packages, func(tx *store.Tx) store.Table[entitlement.Package] { return tx.Packages }),
		Policies:         visible(e, a, rules.Policies, func(tx *store.Tx) store.Table[entitlement.Policy] { return tx.Policies }),
		Extensions:       visible(e, a, rules.Extensions, func(tx *store.Tx) store.Table[entitlement.Extension] { return tx.Extensions }),
		Resources:        visible(e, a, rules.Resources, func(tx *store.Tx) store.Table[entitlement.Resource] { return tx.Resources }),
		RoleScopes:       visible(e, a, rules.RoleScopes, func(tx *store.Tx) store.Table[entitlement.RoleScope] { return tx.RoleScopes }),
		ResourceRequests: visible(e, a, rules.ResourceRequests, func(tx *store.Tx) store.Table[entitlement.ResourceRequest] { return tx.ResourceRequests }),
		Requests:         visible(e, a, rules.Requests, func(tx *store.Tx) store.Table[entitlement.Request] { return tx.Requests }),
		Approvals:        visible(e, a, rules.Approvals, func(tx *store.Tx) store.Table[entitlement.Request] { return tx.Requests }),
		Assignments:      visible(e, a, rules.Assignments, func(tx *store.Tx) store.Table[entitlement.Assignment] { return tx.Assignments }),
		Users:            visible(e, a, rules.Users, func(tx *store.Tx) store.Table[entitlement.User] { return tx.Users }),
		Groups:           visible(e, a, rules.Groups, func(tx *store.Tx) store.Table[entitlement.Group] { return tx.Groups }),
		Memberships:      visible(e, a, rules.Memberships, func(tx *store.Tx) store.Table[entitlement.Membership] { return tx.Memberships }),
		Organizations:    visible(e, a, rules.ConnectedOrganizations, func(tx *store.Tx) store.Table[entitlement.ConnectedOrganization] { return tx.Organizations }),
		Incompatible:     visible(e, a, rules.Incompatibilities, func(tx *store.Tx) store.Table[entitlement.Incompatibility] { return tx.Incompatible }),
		Principals:       visible(e, a, rules.ServicePrincipals, func(tx *store.Tx) store.Table[entitlement.ServicePrincipal] { return tx.Principals }),
	}
}

// TokenKey returns the key that authenticates skip tokens of the actor's tenant.
func (e *Engine) TokenKey(ctx context.Context, a entitlement.Actor) ([]byte, error) {
	var key []byte
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) error {
		t, err := tx.Tenant.Get(ctx)
		if err == nil {
			key = t.TokenKey
		}
		return err
	})
	return key, explain(err)
}

// Now returns the time on the clock of the actor's tenant.
func (e *Engine) Now(ctx context.Context, a entitlement.Actor) (time.Time, error) {
	var now time.Time
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) (err error) {
		now, err = e.now(ctx, tx)
		return err
	})
	return now, explain(err)
}

// Visible is the part of one table that an actor may see.
type Visible[T any] struct {
	engine *Engine
	actor  entitlement.Actor
	kind   rules.Kind
	table  func(*store.Tx) store.Table[T]
	// asManager, where it is set, says instead of rules.Visible what the actor may see.
	asManager func(rules.Kind) (query.Expr, error)
}

// own is the filter for what the actor may see; nil means all.
func (v Visible[T]) own() (query.Expr, error) {
	if v.asManager != nil {
		return v.asManager(v.kind)
	}
	return rules.Visible(v.actor, v.kind)
}

func visible[T any](e *Engine, a entitlement.Actor, k rules.Kind, table func(*store.Tx) store.Table[T]) Visible[T] {
	return Visible[T]{engine: e, actor: a, kind: k, table: table}
}

// Get returns the object with that id. What does not exist and what the actor may not
// see read the same.
func (v Visible[T]) Get(ctx context.Context, id entitlement.ID) (*T, error) {
	own, err := v.own()
	if err != nil {
		return nil, err
	}
	var found *T
	err = v.view(ctx, func(t store.Table[T]) error {
		if own == nil {
			found, err = t.Get(ctx, id)
			return err
		}
		list, err := t.List(ctx, query.Query{Filter: query.Both(query.Equal("id", string(id)), own), Limit: 1})
		if err == nil && len(list) == 0 {
			err = store.ErrNotFound
		}
		if err == nil {
			found = list[0]
		}
		return err
	})
	return found, explain(notFound(err, string(v.kind), id))
}

// List returns the page of visible objects that q asks for.
func (v Visible[T]) List(ctx context.Context, q query.Query) ([]*T, error) {
	own, err := v.own()
	if err != nil {
		return nil, err
	}
	q.Filter = query.Both(own, q.Filter)
	var list []*T
	err = v.view(ctx, func(t store.Table[T]) error {
		list, err = t.List(ctx, q)
		return err
	})
	return list, explain(err)
}

// Count returns how many visible objects the filter holds for.
func (v Visible[T]) Count(ctx context.Context, filter query.Expr) (int, error) {
	own, err := v.own()
	if err != nil {
		return 0, err
	}
	var n int
	err = v.view(ctx, func(t store.Table[T]) (err error) {
		n, err = t.Count(ctx, query.Both(own, filter))
		return err
	})
	return n, explain(err)
}

// Linked lists objects by a path that links them to something which the actor may see,
// for $expand: one query for a whole page.
func (v Visible[T]) Linked(ctx context.Context, path string, ids []entitlement.ID) ([]*T, error) {
	if err := rules.MayExpand(v.actor, v.kind); err != nil {
		return nil, err
	}
	// What the actor may read only in part hangs on what they see only in part, too.
	own, err := v.own()
	if err != nil {
		own = nil // MayExpand allows it where it hangs
	}
	if len(ids) == 0 {
		return nil, nil
	}
	in := &query.In{Path: path}
	for _, id := range ids {
		in.Values = append(in.Values, string(id))
	}
	var list []*T
	err = v.view(ctx, func(t store.Table[T]) (err error) {
		list, err = t.List(ctx, query.Query{Filter: query.Both(in, own)})
		return err
	})
	return list, explain(err)
}

// Cursor returns the position of an object in an order, for the next page.
func (v Visible[T]) Cursor(ctx context.Context, obj *T, order []query.Order) (query.Cursor, error) {
	var c query.Cursor
	err := v.view(ctx, func(t store.Table[T]) (err error) {
		c, err = t.Cursor(obj, order)
		return err
	})
	return c, explain(err)
}

func (v Visible[T]) view(ctx context.Context, fn func(store.Table[T]) error) error {
	return v.engine.Store.View(ctx, v.actor.Tenant, func(tx *store.Tx) error { return fn(v.table(tx)) })
}
