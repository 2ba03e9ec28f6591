package graph

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// readUser takes a body over into a user. A password is accepted, as clients send one, and
// forgotten: nobody signs in here.
func (s *Server) readUser(body node, u *entitlement.User) error {
	return s.schema.user.read(body, u, func(name string, n node) (bool, error) {
		if name != "passwordProfile" || n.kind == isNull {
			return name == "passwordProfile", nil
		}
		return true, readPassword(n)
	})
}

// graph: user-update
func (s *Server) updateUser(ctx context.Context, c *call) (reply, error) {
	id, err := c.userID(ctx)
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	u, err := s.engine.UpdateUser(ctx, c.actor, id, func(u *entitlement.User) error { return s.readUser(body, u) })
	return changed(ctx, c, &s.schema.user, u, err)
}

// graph: user-delete
func (s *Server) deleteUser(ctx context.Context, c *call) (reply, error) {
	id, err := c.userID(ctx)
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeleteUser(ctx, c.actor, id)
}

// userLinks are the navigations from users to other users. Who has left the directory is
// not shown.
func (s *schema) userLinks() []navigation[entitlement.User] {
	return []navigation[entitlement.User]{
		toDirectory(one("manager", &s.member, users, func(u *entitlement.User) entitlement.ID { return u.ManagerID })),
		people(s, "sponsors", func(u *entitlement.User) []entitlement.ID { return u.Sponsors }),
	}
}

// people is a navigation to the users whom an object lists.
func people[T any](s *schema, name string, of func(*T) []entitlement.ID) navigation[T] {
	return toDirectory(link(name, true, &s.member, func(ctx context.Context, c *call, page []*T) (map[*T][]*entitlement.User, error) {
		ids := make(map[*T][]entitlement.ID, len(page))
		for _, o := range page {
			ids[o] = of(o)
		}
		return linkedBy(ctx, c, users, ids)
	}))
}

// toDirectory says that a navigation leads to directory objects, as the schema has it.
func toDirectory[T any](nav navigation[T]) navigation[T] {
	nav.target = func() string { return "directoryObject" }
	return nav
}

// among is the scope of the users of a list.
func among(ids []entitlement.ID) query.Expr {
	if len(ids) == 0 {
		return &query.Or{} // nobody
	}
	in := &query.In{Path: "id"}
	for _, id := range ids {
		in.Values = append(in.Values, string(id))
	}
	return in
}

// getManager answers with the manager of a user.
//
// graph: user-list-manager
func (s *Server) getManager(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$expand"); err != nil {
		return reply{}, err
	}
	u, err := c.user(ctx)
	if err != nil {
		return reply{}, err
	}
	found, err := c.reader().Users.Linked(ctx, "id", distinct([]*entitlement.User{u}, func(u *entitlement.User) entitlement.ID { return u.ManagerID }))
	if err == nil && len(found) == 0 {
		err = entitlement.Errorf(entitlement.CodeNotFound, "manager", "The resource was not found: the user '%s' has no manager.", u.ID)
	}
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.member, found[0])
}

// graph: user-post-manager
func (s *Server) setManager(ctx context.Context, c *call) (reply, error) {
	return s.referTo(ctx, c, toSponsor, s.engine.SetManager)
}

// graph: user-delete-manager
func (s *Server) removeManager(ctx context.Context, c *call) (reply, error) {
	id, err := c.userID(ctx)
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.SetManager(ctx, c.actor, id, "")
}

// referTo lets set connect the user of the path with whom the body refers to.
func (s *Server) referTo(ctx context.Context, c *call, to refTarget, set func(context.Context, entitlement.Actor, entitlement.ID, entitlement.ID) error) (reply, error) {
	id, err := c.userID(ctx)
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	other, err := to.readReference(body)
	if err != nil {
		return reply{}, err
	}
	return noContent, set(ctx, c.actor, id, other)
}

// sponsorsOfUser is the scope of the list of sponsors of a user.
//
// graph: user-list-sponsors
func sponsorsOfUser(ctx context.Context, c *call) (query.Expr, error) {
	u, err := c.user(ctx)
	if err != nil {
		return nil, err
	}
	return among(u.Sponsors), nil
}

// graph: user-post-sponsors
func (s *Server) addUserSponsor(ctx context.Context, c *call) (reply, error) {
	return s.referTo(ctx, c, toSponsor, s.engine.AddUserSponsor)
}

// graph: user-delete-sponsors
func (s *Server) removeUserSponsor(ctx context.Context, c *call) (reply, error) {
	id, err := c.userID(ctx)
	if err != nil {
		return reply{}, err
	}
	sponsor, err := toSponsor.removed(c, "sponsor")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.RemoveUserSponsor(ctx, c.actor, id, sponsor)
}

// reportsTo is the scope of the list of those whose manager the user of the path is.
//
// graph: user-list-directreports
func reportsTo(ctx context.Context, c *call) (query.Expr, error) {
	u, err := c.user(ctx)
	if err != nil {
		return nil, err
	}
	return query.Equal("manager/id", string(u.ID)), nil
}
