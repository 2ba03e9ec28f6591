package engine

import (
	"context"
	"errors"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// CreateGroup adds a group to the built-in directory.
func (e *Engine) CreateGroup(ctx context.Context, by entitlement.Actor, g *entitlement.Group) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if err := checkGroup(g); err != nil {
			return err
		}
		err := errors.Join(free(ed, ed.tx.Users, g.ID), free(ed, ed.tx.Principals, g.ID))
		if err == nil {
			err = insert(ed, ed.tx.Groups, rules.Groups, g)
		}
		if errors.Is(err, store.ErrDuplicate) {
			err = entitlement.Errorf(entitlement.CodeDuplicateKey, "id", "There is already an object with the id '%s'. Leave the id out to be given a new one.", g.ID)
		}
		return err
	})
}

func checkGroup(g *entitlement.Group) error {
	for _, t := range g.GroupTypes {
		if strings.EqualFold(t, "DynamicMembership") {
			return entitlement.Unsupported("groupTypes", "Groups with dynamic membership are not served by this server. Leave DynamicMembership out and add the members.")
		}
	}
	return g.Validate()
}

// UpdateGroup applies change to the group and returns it.
func (e *Engine) UpdateGroup(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.Group) error) (g *entitlement.Group, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		g, err = update(ed, ed.tx.Groups, rules.Groups, id, func(g *entitlement.Group) error {
			meta := g.Object
			if err := change(g); err != nil {
				return err
			}
			g.Object = meta
			return checkGroup(g)
		})
		return err
	})
	return g, err
}

// memberPage is how many memberships of a deleted group are removed at a time.
const memberPage = 500

// DeleteGroup removes a group with its memberships, and what packages say of them. Policies
// and resources may still name it: what was given of it stays recorded, and it cannot be
// given any more.
//
// graph: group-delete
func (e *Engine) DeleteGroup(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Groups, rules.Groups, id); err != nil {
			return err
		}
		excluded, err := ed.tx.Incompatible.List(ed.ctx, query.Query{Filter: query.Equal("incompatibleGroup/id", string(id))})
		if err != nil {
			return err
		}
		for _, x := range excluded {
			if err := remove(ed, ed.tx.Incompatible, rules.Incompatibilities, x.ID); err != nil {
				return err
			}
		}
		if err := ed.emptyGroup(id); err != nil {
			return err
		}
		return remove(ed, ed.tx.Groups, rules.Groups, id)
	})
}

// emptyGroup removes the memberships of a group that is deleted, which its own record says.
func (ed *edit) emptyGroup(id entitlement.ID) error {
	for {
		page, err := ed.tx.Memberships.List(ed.ctx, query.Query{Filter: query.Equal("group/id", string(id)), Limit: memberPage})
		if err != nil {
			return err
		}
		for _, m := range page {
			if err := ed.tx.Memberships.Delete(ed.ctx, m.ID); err != nil {
				return err
			}
		}
		if len(page) < memberPage {
			return nil
		}
	}
}

// AddMember makes a user or a service principal a member of a group, by hand: delivery will
// not take it away.
func (e *Engine) AddMember(ctx context.Context, by entitlement.Actor, group, member entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Groups, rules.Groups, group); err != nil {
			return err
		}
		if err := ed.canJoin(member); err != nil {
			return err
		}
		m := &entitlement.Membership{Object: entitlement.Object{ID: entitlement.MembershipID(group, member)}, GroupID: group, MemberID: member}
		err := insert(ed, ed.tx.Memberships, rules.Memberships, m)
		if errors.Is(err, store.ErrDuplicate) {
			err = entitlement.Errorf(entitlement.CodeBadRequest, "members", "One or more added object references already exist for the following modified properties: 'members'.")
		}
		return err
	})
}

// canJoin refuses a member who is neither a user nor a service principal.
func (ed *edit) canJoin(id entitlement.ID) error {
	_, err := ed.tx.Users.Get(ed.ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err = ed.tx.Principals.Get(ed.ctx, id); errors.Is(err, store.ErrNotFound) {
		return entitlement.Errorf(entitlement.CodeNotFound, "members", "The resource was not found: there is no user and no service principal with id '%s'.", id)
	}
	return err
}

// RemoveMember takes a user or a service principal out of a group, whoever put them there.
func (e *Engine) RemoveMember(ctx context.Context, by entitlement.Actor, group, member entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Groups, rules.Groups, group); err != nil {
			return err
		}
		err := remove(ed, ed.tx.Memberships, rules.Memberships, entitlement.MembershipID(group, member))
		var refusal *entitlement.Error
		if errors.As(err, &refusal) && refusal.Code == entitlement.CodeNotFound {
			err = entitlement.Errorf(entitlement.CodeNotFound, "members", "The resource was not found: '%s' is not a member of group '%s'.", member, group)
		}
		return err
	})
}
