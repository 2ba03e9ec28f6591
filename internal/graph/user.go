package graph

import (
	"context"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

func users(r engine.Reader) engine.Visible[entitlement.User] { return r.Users }

// graph: user
func (s *schema) describeUser() {
	s.user = entityType[entitlement.User]{
		name: "user",
		navs: s.userLinks(),
		props: append([]property[entitlement.User]{
			identity[entitlement.User](),
			sorted(byText, text("displayName", func(u *entitlement.User) *string { return &u.DisplayName })),
			sorted(byText, text("userPrincipalName", func(u *entitlement.User) *string { return &u.UserPrincipalName })),
			optionalText("mail", func(u *entitlement.User) **string { return &u.Mail }),
			optionalText("mailNickname", func(u *entitlement.User) **string { return &u.MailNickname }),
			word("userType", entitlement.UserTypes, func(u *entitlement.User) *entitlement.UserType { return &u.Type }),
			boolean("accountEnabled", func(u *entitlement.User) *bool { return &u.AccountEnabled }),
			created[entitlement.User](),
		}, userProfile()...),
	}
	s.user.finish()
	// A user in a collection of directoryObject says what it is.
	s.member = s.user
	s.member.derived = func(*entitlement.User) string { return "user" }
	s.member.finish()
}

// createUser adds a user to the directory. Unlike the service it keeps an id that it is
// given, so that the ids of an identity provider can be carried over.
//
// graph: user-post-users
func (s *Server) createUser(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	made := &entitlement.User{AccountEnabled: true}
	if made.ID, err = ownID(body); err != nil {
		return reply{}, err
	}
	if err := s.readUser(body, made); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreateUser(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.user, made, string(made.ID))
}

func readPassword(n node) error {
	return n.fields("passwordProfile", func(name string, _ node) (bool, error) {
		switch name {
		case "password", "forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa":
			return true, nil
		}
		return false, nil
	})
}

// ownID reads the id that a directory object is to have, if the body names one.
func ownID(body node) (entitlement.ID, error) {
	n, ok := body.get("id")
	if !ok {
		return "", nil
	}
	return n.optionalID()
}

// getUser answers with a user who is named by id or by user principal name.
//
// graph: user-get
func (s *Server) getUser(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$expand"); err != nil {
		return reply{}, err
	}
	u, err := c.user(ctx)
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.user, u)
}

// user finds the user whom the path names, by id or by user principal name.
func (c *call) user(ctx context.Context) (*entitlement.User, error) {
	key := c.param("user")
	if id, ok := entitlement.ParseID(key); ok {
		return c.reader().Users.Get(ctx, id)
	}
	if !strings.Contains(key, "@") {
		return nil, entitlement.Invalid("user", "'%s' is neither a GUID nor a user principal name.", clip(key, 128))
	}
	list, err := c.reader().Users.List(ctx, query.Query{Filter: query.Equal("userPrincipalName", key), Limit: 1})
	if err == nil && len(list) == 0 {
		err = entitlement.Errorf(entitlement.CodeNotFound, "user", "The resource was not found: there is no user '%s' that you may see.", clip(key, 128))
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// userID returns the id of the user whom the path names.
func (c *call) userID(ctx context.Context) (entitlement.ID, error) {
	if id, ok := entitlement.ParseID(c.param("user")); ok {
		return id, nil
	}
	u, err := c.user(ctx)
	if err != nil {
		return "", err
	}
	return u.ID, nil
}
