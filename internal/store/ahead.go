package store

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// Ahead is what a change is going to ask its Tx for, as far as that is known before it
// begins: a store that is elsewhere asks for it together with what other changes ask. It is
// a hint, which changes no answer.
type Ahead struct {
	Users, Requests, Assignments []entitlement.ID // Get
	// Then is what it will ask for once it has one of Requests; nil for nothing.
	Then                          func(*entitlement.Request) Ahead
	RequestLists, AssignmentLists []query.Query // List
}

type aheadKey struct{}

// AsksAhead adds a hint to the context of an Update.
func AsksAhead(ctx context.Context, a Ahead) context.Context {
	return context.WithValue(ctx, aheadKey{}, a)
}

// AheadOf returns the hint of a context, if it has one.
func AheadOf(ctx context.Context) Ahead {
	a, _ := ctx.Value(aheadKey{}).(Ahead)
	return a
}
