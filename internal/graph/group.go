package graph

import (
	"context"
	"errors"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func groups(r engine.Reader) engine.Visible[entitlement.Group] { return r.Groups }

// graph: group
func (s *schema) describeGroup() {
	s.group = entityType[entitlement.Group]{
		name: "group",
		props: []property[entitlement.Group]{
			identity[entitlement.Group](),
			sorted(byText, text("displayName", func(g *entitlement.Group) *string { return &g.DisplayName })),
			optionalText("description", func(g *entitlement.Group) **string { return &g.Description }),
			optionalText("mail", func(g *entitlement.Group) **string { return &g.Mail }),
			optionalText("mailNickname", func(g *entitlement.Group) **string { return &g.MailNickname }),
			boolean("mailEnabled", func(g *entitlement.Group) *bool { return &g.MailEnabled }),
			boolean("securityEnabled", func(g *entitlement.Group) *bool { return &g.SecurityEnabled }),
			{name: "groupTypes", write: writeGroupTypes, read: readGroupTypes},
			created[entitlement.Group](),
		},
	}
	s.group.finish()
	s.anyGroup = s.group
	s.anyGroup.derived = func(*entitlement.Group) string { return "group" }
	s.anyGroup.finish()
}

func writeGroupTypes(e *encoder, g *entitlement.Group) {
	e.openList()
	for _, t := range g.GroupTypes {
		e.text(t)
	}
	e.closeList()
}

func readGroupTypes(n node, g *entitlement.Group) error {
	g.GroupTypes = nil
	return n.each(func(n node) error {
		t, err := enum(n, []string{"Unified", "DynamicMembership"})
		g.GroupTypes = append(g.GroupTypes, t)
		return err
	})
}

// graph: group-post-groups
func (s *Server) createGroup(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	made := new(entitlement.Group)
	if made.ID, err = ownID(body); err != nil {
		return reply{}, err
	}
	if err := s.schema.group.read(body, made, nil); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreateGroup(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.group, made, string(made.ID))
}

// graph: group-update
func (s *Server) updateGroup(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("group")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	g, err := s.engine.UpdateGroup(ctx, c.actor, id, func(g *entitlement.Group) error { return s.schema.group.read(body, g, nil) })
	return changed(ctx, c, &s.schema.group, g, err)
}

// graph: group-delete
func (s *Server) deleteGroup(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("group")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeleteGroup(ctx, c.actor, id)
}

// getDirectoryObject answers with a user, a service principal or a group, and says which it
// is.
//
// graph: directoryobject-get
func (s *Server) getDirectoryObject(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$expand"); err != nil {
		return reply{}, err
	}
	id, err := c.id("directoryObject")
	if err != nil {
		return reply{}, err
	}
	u, err := c.reader().Users.Get(ctx, id)
	if err == nil {
		return writeOne(ctx, c, &s.schema.member, u)
	}
	if !isNotFound(err) {
		return reply{}, err
	}
	p, err := c.reader().Principals.Get(ctx, id)
	if err == nil {
		return writeOne(ctx, c, &s.schema.anyPrincipal, p)
	}
	if !isNotFound(err) {
		return reply{}, err
	}
	g, err := c.reader().Groups.Get(ctx, id)
	if isNotFound(err) {
		err = entitlement.NotFound("directoryObject", id)
	}
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.anyGroup, g)
}

func isNotFound(err error) bool {
	var refusal *entitlement.Error
	return errors.As(err, &refusal) && refusal.Code == entitlement.CodeNotFound
}
