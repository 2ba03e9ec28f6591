package graph

import (
	"context"
	"net/url"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
	"anteroom/internal/query"
)

func memberships(r engine.Reader) engine.Visible[entitlement.Membership] { return r.Memberships }

// groupMembers lists the users of a group.
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
	found, err := c.reader().Users.Linked(ctx, "id", distinct(p.objects, func(m *entitlement.Membership) entitlement.ID { return m.MemberID }))
	if err != nil {
		return reply{}, err
	}
	return writeList(ctx, c, &l.s.schema.member, found, p.pageInfo)
}

func (l groupMembers) count(ctx context.Context, c *call) (reply, error) {
	scope, of, err := l.scope(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return countOf(ctx, c, of, memberships, scope)
}

// addMember adds the user whom a reference names. The host of the reference does not
// matter: clients build it from the base URL that they know.
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
	if err := body.fields("directoryObject", func(string, node) (bool, error) { return false, nil }); err != nil {
		return reply{}, err
	}
	user, err := referencedUser(body)
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.AddMember(ctx, c.actor, group, user)
}

// referencedUser reads @odata.id: the URL of a user or a directory object.
func referencedUser(body node) (entitlement.ID, error) {
	const want = "@odata.id is required: the URL of a user, for instance https://…/v1.0/users/<id>."
	n, ok := body.get("@odata.id")
	if !ok {
		return "", entitlement.Invalid("@odata.id", want)
	}
	s, err := n.string()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", entitlement.Invalid("@odata.id", "'%s' is not a URL. %s", clip(s, 256), want)
	}
	path, err := odata.ParsePath(u.EscapedPath())
	if err != nil || len(path) == 0 {
		return "", entitlement.Invalid("@odata.id", "'%s' is not the URL of a user. %s", clip(s, 256), want)
	}
	last := path[len(path)-1]
	set, key := "", last.Name
	switch {
	case last.HasKey:
		set, key = last.Name, last.Key
	case len(path) > 1:
		set = path[len(path)-2].Name
	}
	id, ok := entitlement.ParseID(key)
	if !ok || !(strings.EqualFold(set, "users") || strings.EqualFold(set, "directoryObjects")) {
		return "", entitlement.Invalid("@odata.id", "'%s' is not the URL of a user. %s Only users can be members of a group here.", clip(s, 256), want)
	}
	return id, nil
}

// graph: group-delete-members
func (s *Server) removeMember(ctx context.Context, c *call) (reply, error) {
	group, err := c.id("group")
	if err != nil {
		return reply{}, err
	}
	user, err := c.id("member")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.RemoveMember(ctx, c.actor, group, user)
}
