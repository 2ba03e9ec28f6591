package engine

import (
	"context"
	"errors"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// CreateUser adds a user to the built-in directory. An id that is set is kept, so that
// the ids of an identity provider can be carried over.
func (e *Engine) CreateUser(ctx context.Context, by entitlement.Actor, u *entitlement.User) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if u.Type == "" {
			u.Type = entitlement.UserMember
		}
		if err := u.Validate(); err != nil {
			return err
		}
		err := insert(ed, ed.tx.Users, rules.Users, u)
		if errors.Is(err, store.ErrDuplicate) {
			err = entitlement.Errorf(entitlement.CodeDuplicateKey, "userPrincipalName", "Another object with the same value for property userPrincipalName, or the same id, already exists.")
		}
		return err
	})
}

// CreateGroup adds a group to the built-in directory.
func (e *Engine) CreateGroup(ctx context.Context, by entitlement.Actor, g *entitlement.Group) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if err := g.Validate(); err != nil {
			return err
		}
		for _, t := range g.GroupTypes {
			if strings.EqualFold(t, "DynamicMembership") {
				return entitlement.Unsupported("groupTypes", "Groups with dynamic membership are not served by this server.")
			}
		}
		return insert(ed, ed.tx.Groups, rules.Groups, g)
	})
}

// AddMember makes a user a member of a group, by hand: delivery will not take it away.
func (e *Engine) AddMember(ctx context.Context, by entitlement.Actor, group, user entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Groups, rules.Groups, group); err != nil {
			return err
		}
		if _, err := get(ed, ed.tx.Users, rules.Users, user); err != nil {
			return err
		}
		m := &entitlement.Membership{Object: entitlement.Object{ID: entitlement.MembershipID(group, user)}, GroupID: group, MemberID: user}
		err := insert(ed, ed.tx.Memberships, rules.Memberships, m)
		if errors.Is(err, store.ErrDuplicate) {
			err = entitlement.Errorf(entitlement.CodeBadRequest, "members", "One or more added object references already exist for the following modified properties: 'members'.")
		}
		return err
	})
}

// RemoveMember takes a user out of a group, whoever put them there.
func (e *Engine) RemoveMember(ctx context.Context, by entitlement.Actor, group, user entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Groups, rules.Groups, group); err != nil {
			return err
		}
		err := remove(ed, ed.tx.Memberships, rules.Memberships, entitlement.MembershipID(group, user))
		var refusal *entitlement.Error
		if errors.As(err, &refusal) && refusal.Code == entitlement.CodeNotFound {
			err = entitlement.Errorf(entitlement.CodeNotFound, "members", "The resource was not found: user '%s' is not a member of group '%s'.", user, group)
		}
		return err
	})
}
