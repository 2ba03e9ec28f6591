// Package delivery gives and takes away the roles of an access package in target systems.
// It does what it is told: when that happens is decided in package lifecycle.
//
// A role of a built-in group is a membership, written in the transaction that records its
// grant. No target system outside is served yet; one would leave its work for Perform.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// Groups delivers roles of groups of the built-in directory. Its zero value is ready for
// use.
type Groups struct{}

// Grant makes the assignment's target a member of the group of each role that they do not
// have from the assignment yet, and takes back what is not among the roles any more. A
// membership that somebody took away by hand is made again only with renew.
func (g Groups) Grant(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, roles []*entitlement.RoleScope, renew bool, now time.Time) (done entitlement.Delivered, err error) {
	var held []*entitlement.Grant
	if a.Version > 0 { // one that is not stored yet has given nothing
		if held, err = grantsOf(ctx, tx, a); err != nil {
			return done, err
		}
	}
	return g.align(ctx, tx, a, held, roles, renew, now)
}

// Revoke takes back all that the assignment gave.
func (g Groups) Revoke(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, now time.Time) (entitlement.Delivered, error) {
	held, err := grantsOf(ctx, tx, a)
	if err != nil {
		return entitlement.Delivered{}, err
	}
	return g.align(ctx, tx, a, held, nil, false, now)
}

func grantsOf(ctx context.Context, tx *store.Tx, a *entitlement.Assignment) ([]*entitlement.Grant, error) {
	return tx.Grants.List(ctx, query.Query{Filter: query.Equal("assignment/id", string(a.ID))})
}

// align brings what the assignment has given in line with the roles.
func (g Groups) align(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, held []*entitlement.Grant, roles []*entitlement.RoleScope, renew bool, now time.Time) (done entitlement.Delivered, err error) {
	stale := make(map[entitlement.ID]*entitlement.Grant, len(held))
	for _, h := range held {
		stale[h.RoleScopeID] = h
	}
	for _, role := range roles {
		name := entitlement.RoleName{RoleScopeID: role.ID, Name: role.Role.DisplayName + " of " + role.Scope.OriginID}
		grant, has := stale[role.ID]
		delete(stale, role.ID)
		var why string
		made := !has
		switch {
		case !has:
			why, err = g.give(ctx, tx, a, role, now)
		case renew:
			why, made, err = again(ctx, tx, grant, now)
		default:
			why, err = missing(ctx, tx, grant.GroupID)
		}
		switch {
		case err != nil:
			return done, err
		case why != "":
			done.Failures = append(done.Failures, entitlement.RoleFailure{RoleScopeID: entitlement.ID(role.PublicID()), Name: name.Name, Reason: why})
		case made:
			done.Given = append(done.Given, name)
		}
	}
	for _, h := range held {
		if _, gone := stale[h.RoleScopeID]; gone {
			if err := g.takeBack(ctx, tx, h); err != nil {
				return done, err
			}
			done.Taken = append(done.Taken, entitlement.RoleName{RoleScopeID: h.RoleScopeID, Name: "Member of " + string(h.GroupID)})
		}
	}
	return done, nil
}

// Perform has nothing to do: no role of a built-in group lies outside.
func (Groups) Perform(_ context.Context, d entitlement.Delivery) error {
	return fmt.Errorf("delivery: %s: there is no target system outside", d.Key)
}

// give records a grant and makes the membership, if there is none yet. It returns why the
// role cannot be given, where it cannot.
func (Groups) give(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, role *entitlement.RoleScope, now time.Time) (why string, err error) {
	group, ok := entitlement.ParseID(role.Scope.OriginID)
	if !ok || role.Role.OriginSystem != entitlement.OriginGroup {
		return fmt.Sprintf("the resource is of origin system %s, to which nothing can be delivered", role.Role.OriginSystem), nil
	}
	if why, err := missing(ctx, tx, group); why != "" || err != nil {
		return why, err
	}
	grant := &entitlement.Grant{AssignmentID: a.ID, RoleScopeID: role.ID, GroupID: group, MemberID: a.TargetID}
	grant.ID, grant.CreatedAt, grant.ModifiedAt = entitlement.GrantID(a.ID, role.ID), now, now
	if err := tx.Grants.Add(ctx, grant); err != nil {
		return "", err
	}
	return "", tx.Memberships.Ensure(ctx, membershipOf(grant, now)) // they may be a member already, by hand or by another grant
}

// again makes the membership of a grant that was recorded before, or says why it cannot. It
// reports whether there was something to make.
func again(ctx context.Context, tx *store.Tx, grant *entitlement.Grant, now time.Time) (why string, made bool, err error) {
	if why, err := missing(ctx, tx, grant.GroupID); why != "" || err != nil {
		return why, false, err
	}
	made, err = join(ctx, tx, grant, now)
	return "", made, err
}

// missing says that a group was deleted, if it was.
func missing(ctx context.Context, tx *store.Tx, group entitlement.ID) (why string, err error) {
	_, err = tx.Groups.Get(ctx, group)
	if errors.Is(err, store.ErrNotFound) {
		return "the group is not in the directory any more", nil
	}
	return "", err
}

// join makes the membership of a grant, if there is none, and reports whether it made one.
func join(ctx context.Context, tx *store.Tx, grant *entitlement.Grant, now time.Time) (bool, error) {
	err := tx.Memberships.Insert(ctx, membershipOf(grant, now))
	if errors.Is(err, store.ErrDuplicate) {
		return false, nil // they are a member already, by hand or by another grant
	}
	return err == nil, err
}

func membershipOf(grant *entitlement.Grant, now time.Time) *entitlement.Membership {
	m := &entitlement.Membership{GroupID: grant.GroupID, MemberID: grant.MemberID, Granted: true}
	m.ID, m.CreatedAt, m.ModifiedAt = entitlement.MembershipID(grant.GroupID, grant.MemberID), now, now
	return m
}

// takeBack removes a grant, and with the last one of a membership the membership, if a
// grant had made it.
func (Groups) takeBack(ctx context.Context, tx *store.Tx, h *entitlement.Grant) error {
	if err := tx.Grants.Delete(ctx, h.ID); err != nil {
		return err
	}
	others, err := tx.Grants.Count(ctx, query.Both(query.Equal("group/id", string(h.GroupID)), query.Equal("member/id", string(h.MemberID))))
	if err != nil || others > 0 {
		return err
	}
	m, err := tx.Memberships.Get(ctx, entitlement.MembershipID(h.GroupID, h.MemberID))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !m.Granted:
		return nil
	}
	return tx.Memberships.Delete(ctx, m.ID)
}
