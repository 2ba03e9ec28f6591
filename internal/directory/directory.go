// Package directory answers questions about people and groups. The built-in directory
// lives in the store, beside everything else of a tenant; who may change it is decided in
// package rules, and the changes are made by package engine.
package directory

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// BuiltIn is the directory that lives in the store. Its zero value is ready for use.
type BuiltIn struct{}

// User returns the user or store.ErrNotFound.
func (BuiltIn) User(ctx context.Context, tx *store.Tx, id entitlement.ID) (*entitlement.User, error) {
	return tx.Users.Get(ctx, id)
}

// ServicePrincipal returns the service principal or store.ErrNotFound.
func (BuiltIn) ServicePrincipal(ctx context.Context, tx *store.Tx, id entitlement.ID) (*entitlement.ServicePrincipal, error) {
	return tx.Principals.Get(ctx, id)
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

// memberPage is how many memberships Members reads at a time.
const memberPage = 500

// Members returns those direct members of the group who are users and whose accounts are
// enabled, at most limit.
func (d BuiltIn) Members(ctx context.Context, tx *store.Tx, group entitlement.ID, limit int) ([]entitlement.ID, error) {
	var people []entitlement.ID
	q := query.Query{Filter: query.Equal("group/id", string(group)), Limit: memberPage}
	for {
		page, err := tx.Memberships.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			u, err := d.User(ctx, tx, m.MemberID)
			switch {
			case errors.Is(err, store.ErrNotFound):
				continue
			case err != nil:
				return nil, err
			case u.AccountEnabled && len(people) < limit:
				people = append(people, u.ID)
			}
		}
		if len(page) < memberPage || len(people) >= limit {
			return people, nil
		}
		q.After = &query.Cursor{ID: string(page[len(page)-1].ID)}
	}
}

// ManagerOf returns who is so many managers above the user, 1 for the manager themselves,
// or store.ErrNotFound where the line ends before.
func (d BuiltIn) ManagerOf(ctx context.Context, tx *store.Tx, user entitlement.ID, level int) (*entitlement.User, error) {
	u, err := d.User(ctx, tx, user)
	for ; err == nil && level > 0; level-- {
		if u.ManagerID == "" {
			return nil, store.ErrNotFound
		}
		u, err = d.User(ctx, tx, u.ManagerID)
	}
	if err == nil && u.ID == user {
		return nil, store.ErrNotFound // the line goes round: nobody is above themselves
	}
	return u, err
}
