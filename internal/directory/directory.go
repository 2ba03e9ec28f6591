// Package directory answers questions about people and groups. The built-in directory
// lives in the store, beside everything else of a tenant; who may change it is decided in
// package rules, and the changes are made by package engine.
package directory

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// BuiltIn is the directory that lives in the store. Its zero value is ready for use.
type BuiltIn struct{}

// User returns the user or store.ErrNotFound.
func (BuiltIn) User(ctx context.Context, tx *store.Tx, id entitlement.ID) (*entitlement.User, error) {
	return tx.Users.Get(ctx, id)
}

// MemberOf returns those of the groups that the user is a direct member of.
func (BuiltIn) MemberOf(ctx context.Context, tx *store.Tx, user entitlement.ID, groups []entitlement.ID) (map[entitlement.ID]bool, error) {
	in := make(map[entitlement.ID]bool)
	for _, g := range groups {
		_, err := tx.Memberships.Get(ctx, entitlement.MembershipID(g, user))
		switch {
		case err == nil:
			in[g] = true
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return in, nil
}
