package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// object is a stored object of type T.
type object[T any] interface {
	*T
	Meta() *entitlement.Object
}

// edit is one change of configuration objects: the transaction, who makes it and when.
type edit struct {
	*Engine
	ctx context.Context
	tx  *store.Tx
	by  entitlement.Actor
	now time.Time
	// full says why nothing new may be stored, if so.
	full error
}

// full returns the refusal of what is new where the store has no room for it. It asks the
// operating system, so it is called before the transaction.
func (e *Engine) full() error {
	err := e.Room()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", err, entitlement.Errorf(entitlement.CodeUnavailable, "",
		"The server has hardly any disk left, and keeps that for what is under way: nothing new is taken, and nothing was changed. Try again when its operator has made room."))
}

// manage runs fn in a transaction on behalf of an actor who may manage the tenant.
func (e *Engine) manage(ctx context.Context, by entitlement.Actor, fn func(*edit) error) error {
	if err := rules.Manages(by); err != nil {
		return err
	}
	full := e.full()
	return explain(e.Store.Update(store.Deferrable(ctx), by.Tenant, func(tx *store.Tx) error {
		if err := e.mayAct(ctx, tx, by); err != nil {
			return err
		}
		e.kept.forgetAll(by.Tenant)
		now, err := e.now(ctx, tx)
		if err != nil {
			return err
		}
		return fn(&edit{Engine: e, ctx: ctx, tx: tx, by: by, now: now, full: full})
	}))
}

// mayAct returns nil unless a person acts whose account the directory has switched off. Who
// is not in the directory is known to the issuer of their token alone.
func (e *Engine) mayAct(ctx context.Context, tx *store.Tx, by entitlement.Actor) error {
	if !by.User {
		return nil
	}
	u, err := e.Directory.User(ctx, tx, by.ObjectID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !u.AccountEnabled:
		return entitlement.Forbidden("your account is disabled.")
	}
	return nil
}

// insert stores a new object and records it.
func insert[T any, P object[T]](ed *edit, table store.Table[T], kind rules.Kind, obj P) error {
	if ed.full != nil {
		return ed.full
	}
	m := obj.Meta()
	if m.ID == "" {
		m.ID = ed.NewID()
	}
	m.CreatedAt, m.ModifiedAt = ed.now, ed.now
	if err := table.Insert(ed.ctx, obj); err != nil {
		return err
	}
	return ed.record(kind, m.ID, "create", nil, obj)
}

// update loads an object, changes it and stores and records it.
func update[T any, P object[T]](ed *edit, table store.Table[T], kind rules.Kind, id entitlement.ID, change func(P) error) (P, error) {
	before, err := table.Get(ed.ctx, id)
	if err != nil {
		return nil, notFound(err, string(kind), id)
	}
	obj, err := table.Get(ed.ctx, id) // a second one: change may reach into what a copy would share
	if err != nil {
		return nil, err
	}
	if err := change(obj); err != nil {
		return nil, err
	}
	P(obj).Meta().ModifiedAt = ed.now
	if err := table.Update(ed.ctx, obj); err != nil {
		return nil, err
	}
	return obj, ed.record(kind, id, "update", before, obj)
}

// remove deletes an object and records it.
func remove[T any](ed *edit, table store.Table[T], kind rules.Kind, id entitlement.ID) error {
	before, err := table.Get(ed.ctx, id)
	if err != nil {
		return notFound(err, string(kind), id)
	}
	if err := table.Delete(ed.ctx, id); err != nil {
		return notFound(err, string(kind), id)
	}
	return ed.record(kind, id, "delete", before, nil)
}

// get loads an object that must exist.
func get[T any](ed *edit, table store.Table[T], kind rules.Kind, id entitlement.ID) (*T, error) {
	obj, err := table.Get(ed.ctx, id)
	return obj, notFound(err, string(kind), id)
}

// record appends one record of a change of configuration: before and after are the object,
// a pointer, or nil where there is none.
func (ed *edit) record(kind rules.Kind, id entitlement.ID, action string, before, after any) error {
	rec := &entitlement.Record{
		At: ed.now, Kind: string(kind), Ref: id, Action: action,
		By: entitlement.RecordActorOf(ed.by), CorrelationID: ed.by.RequestID,
	}
	if err := ed.describe(rec, before, after); err != nil {
		return err
	}
	return ed.tx.History.Append(ed.ctx, rec)
}
