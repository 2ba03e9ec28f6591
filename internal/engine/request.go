package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Order is what a new request asks for. Target is who is to have access, for an add; the
// assignment says the rest for an update or a removal.
type Order struct {
	Type          entitlement.RequestType
	PackageID     entitlement.ID
	PolicyID      entitlement.ID // may be empty: then the policy of the narrowest scope that lets the target in
	TargetID      entitlement.ID // may be empty for userAdd: the caller
	AssignmentID  entitlement.ID // of an update or a removal
	Justification *string
	Schedule      entitlement.Schedule
	Answers       []entitlement.QuestionAnswer
	// IdempotencyKey, if it is not empty, makes the repeat of an order with the same
	// Digest be answered as the first was.
	IdempotencyKey string
	Digest         string
}

// Submit makes a request and takes its first steps; it is answered when they are durable.
//
// graph: entitlementmanagement-post-assignmentrequests
func (e *Engine) Submit(ctx context.Context, by entitlement.Actor, o Order) (*entitlement.Request, error) {
	if o.Type == entitlement.TypeUserAdd && o.TargetID == "" {
		o.TargetID = by.ObjectID
	}
	if err := rules.MaySubmit(by, o.Type, o.TargetID); err != nil {
		return nil, err
	}
	if err := entitlement.CheckJustification(o.Justification); err != nil {
		return nil, err
	}
	if err := checkIdempotencyKey(by, o.IdempotencyKey); err != nil {
		return nil, err
	}
	var c *change
	var first *entitlement.Request
	full := e.full()
	begins := ctx
	if !o.Type.Removes() { // what ends access gives way last
		begins = store.Deferrable(ctx)
	}
	err := e.Store.Update(store.AsksAhead(begins, o.ahead(by)), by.Tenant, func(tx *store.Tx) (err error) {
		c = nil
		if first, err = e.answeredBefore(ctx, tx, by, o); first != nil || err != nil {
			return err
		}
		if full != nil && !o.Type.Removes() {
			return full
		}
		if c, err = e.open(ctx, tx, by, o); err != nil {
			return err
		}
		return c.rememberAnswer(o)
	})
	switch {
	case err != nil:
		return nil, explain(err)
	case first != nil:
		return first, nil
	}
	e.OnJobs(c.told)
	return c.r, nil
}

// open makes a request in the transaction, takes its first steps and stores it. What the
// server itself asks is made by the actor System, and by nobody else; that any other actor
// may make requests of the type has been decided before, by rules.MaySubmit. The caller
// announces the jobs in told once they are committed.
func (e *Engine) open(ctx context.Context, tx *store.Tx, by entitlement.Actor, o Order) (*change, error) {
	now, err := e.now(ctx, tx)
	if err != nil {
		return nil, err
	}
	s := &submission{edit: edit{Engine: e, ctx: ctx, tx: tx, by: by, now: now}, order: o}
	r, err := s.request()
	if err != nil {
		return nil, err
	}
	c, err := e.begin(ctx, tx, r, by)
	if err != nil {
		return nil, err
	}
	if err := c.run(entitlement.Event{Kind: entitlement.EventSubmitted}); err != nil {
		return nil, err
	}
	if err := c.insert(); err != nil {
		return c, err
	}
	return c, s.keep(c)
}

func newSeed() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand.Read
	return hex.EncodeToString(b[:])
}

// DeleteRequest removes a finished request. It never touches the assignment.
//
// graph: accesspackageassignmentrequest-delete
func (e *Engine) DeleteRequest(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		r, err := get(ed, ed.tx.Requests, rules.Requests, id)
		if err != nil {
			return err
		}
		if !r.Progress.Phase.Finished() {
			return entitlement.Errorf(entitlement.CodeRequestNotDeletable, "state",
				"The request is in state '%s', status '%s'; only a finished request can be deleted. Cancel it first.", r.State, r.Status)
		}
		return ed.deleteRequest(id)
	})
}
