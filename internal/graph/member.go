package graph

import (
	"context"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
	"anteroom/internal/query"
)

func memberships(r engine.Reader) engine.Visible[entitlement.Membership] { return r.Memberships }

// toMember is what may be a member of a group.
var toMember = refTarget{"a user or a service principal", []string{"users", "servicePrincipals", "directoryObjects"}}

// groupMembers lists the users and the service principals of a group.
//
// graph: group-list-members
type groupMembers struct{ s *Server }

func (l groupMembers) scope(ctx context.Context, c *call) (query.Expr, listing, error) {
	group, err := c.id("group")
	if err != nil {
		return nil, listing{}, err
	}
	if _, err := c.reader().Groups.Get(ctx, group); err != nil {
		return nil, listing{}, err
	}
	of := listing{filters: odata.Properties{"id": {Path: "member/id", Type: odata.ID}}}
	return query.Equal("group/id", string(group)), of, nil
}

func (l groupMembers) list(ctx context.Context, c *call) (reply, error) {
	scope, of, err := l.scope(ctx, c)
	if err != nil {
		return reply{}, err
	}
	p, err := fetchPage(ctx, c, of, memberships, scope)
	if err != nil {
		return reply{}, err
	}
	w, err := l.s.memberWriter(c)
	if err != nil {
		return reply{}, err
	}
	return w.write(ctx, c, distinct(p.objects, func(m *entitlement.Membership) entitlement.ID { return m.MemberID }), p.pageInfo)
}

func (l groupMembers) count(ctx context.Context, c *call) (reply, error) {
	scope, of, err := l.scope(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return countOf(ctx, c, of, memberships, scope)
}

// addMember adds the user or the service principal whom a reference names.
//
// graph: group-post-members
func (s *Server) addMember(ctx context.Context, c *call) (reply, error) {
	group, err := c.id("group")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	member, err := toMember.readReference(body)
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.AddMember(ctx, c.actor, group, member)
}

// graph: group-delete-members
func (s *Server) removeMember(ctx context.Context, c *call) (reply, error) {
	group, err := c.id("group")
	if err != nil {
		return reply{}, err
	}
	member, err := toMember.removed(c, "member")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.RemoveMember(ctx, c.actor, group, member)
}
