package graph

import (
	"context"
	"errors"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func roleScopes(r engine.Reader) engine.Visible[entitlement.RoleScope] { return r.RoleScopes }

// graph: accessPackageResourceRoleScope
func (s *schema) describeRoleScope() {
	s.roleScope = entityType[entitlement.RoleScope]{
		name: "accessPackageResourceRoleScope",
		props: []property[entitlement.RoleScope]{
			shown("id", func(e *encoder, rs *entitlement.RoleScope) { e.text(rs.PublicID()) }),
			sorted(byTime, created[entitlement.RoleScope]()),
		},
		navs: []navigation[entitlement.RoleScope]{
			inside("role", false, &s.role, func(rs *entitlement.RoleScope) []*entitlement.ResourceRole {
				return []*entitlement.ResourceRole{{
					ID: rs.Role.ID, ResourceID: rs.ResourceID, DisplayName: rs.Role.DisplayName,
					OriginID: rs.Role.OriginID, OriginSystem: rs.Role.OriginSystem,
				}}
			}),
			inside("scope", false, &s.scope, func(rs *entitlement.RoleScope) []*entitlement.ResourceScope {
				return []*entitlement.ResourceScope{{
					ID: rs.Scope.ID, ResourceID: rs.ResourceID, DisplayName: rs.Scope.DisplayName, Description: "Root Scope",
					OriginID: rs.Scope.OriginID, OriginSystem: rs.Scope.OriginSystem, IsRootScope: rs.Scope.IsRootScope,
				}}
			}),
		},
	}
	s.roleScope.finish()
}

// roleScopeID reads the two ids that make the public id of a role scope.
func (c *call) roleScopeID() (string, error) {
	public := strings.ToLower(c.param("resourceRoleScope"))
	role, scope, _ := strings.Cut(public, "_")
	_, isRole := entitlement.ParseID(role)
	if _, isScope := entitlement.ParseID(scope); !isRole || !isScope {
		return "", entitlement.Invalid("resourceRoleScope", "'%s' is not the id of a resource role scope: <role id>_<scope id>.", clip(public, 128))
	}
	return public, nil
}

func (s *Server) getRoleScope(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$expand"); err != nil {
		return reply{}, err
	}
	pkg, err := inPackage(ctx, c)
	if err != nil {
		return reply{}, err
	}
	public, err := c.roleScopeID()
	if err != nil {
		return reply{}, err
	}
	rs, err := c.reader().RoleScopes.Get(ctx, entitlement.RoleScopeID(pkg, public))
	if err != nil {
		return reply{}, noRoleScope(err, public)
	}
	return writeOne(ctx, c, &s.schema.roleScope, rs)
}

// graph: accesspackage-post-resourcerolescopes
func (s *Server) createRoleScope(ctx context.Context, c *call) (reply, error) {
	pkg, err := c.id("accessPackage")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	order := engine.RoleScopeOrder{PackageID: pkg}
	if err := s.readRoleScope(body, &order); err != nil {
		return reply{}, err
	}
	rs, err := s.engine.AddRoleScope(ctx, c.actor, order)
	if err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.roleScope, rs, rs.PublicID())
}

func (s *Server) readRoleScope(body node, o *engine.RoleScopeOrder) error {
	var resourceOrigin string
	hasRole, hasScope := false, false
	err := s.schema.roleScope.read(body, nil, func(name string, n node) (bool, error) {
		switch name {
		case "role":
			hasRole = true
			return true, s.readRole(n, o, &resourceOrigin)
		case "scope":
			hasScope = true
			return true, s.readScope(n, o)
		}
		return false, nil
	})
	switch {
	case err != nil:
		return err
	case !hasRole:
		return entitlement.Invalid("role", "role is required: {\"role\":{\"originId\":\"Member_…\",\"originSystem\":\"AadGroup\",\"resource\":{\"id\":\"…\"}}}.")
	case !hasScope:
		return entitlement.Invalid("scope", "scope is required: {\"scope\":{\"originId\":\"…\",\"originSystem\":\"AadGroup\"}}.")
	case resourceOrigin != "" && o.ScopeOriginID != "" && !strings.EqualFold(resourceOrigin, o.ScopeOriginID):
		return entitlement.Invalid("scope/originId", "role.resource.originId is '%s' but scope.originId is '%s'; they must be the same group.", clip(resourceOrigin, 64), clip(o.ScopeOriginID, 64))
	case o.ScopeOriginID == "":
		o.ScopeOriginID = resourceOrigin
	}
	return nil
}

func (s *Server) readRole(n node, o *engine.RoleScopeOrder, resourceOrigin *string) error {
	return n.fields(s.schema.role.name, func(name string, n node) (_ bool, err error) {
		switch name {
		case "id":
			o.RoleID, err = n.optionalID()
		case "originId":
			o.RoleOriginID, err = n.shortString(entitlement.MaxName)
			o.RoleOriginID = memberOrigin(o.RoleOriginID)
		case "originSystem":
			err = checkOriginSystem(n)
		case "resource":
			err = n.fields(s.schema.resource.name, func(name string, n node) (_ bool, err error) {
				switch name {
				case "id":
					o.ResourceID, err = n.optionalID()
				case "originId":
					*resourceOrigin, err = n.shortString(entitlement.MaxName)
					*resourceOrigin = strings.ToLower(*resourceOrigin)
				case "originSystem":
					err = checkOriginSystem(n)
				default:
					return s.schema.resource.knows(name) || name == "environment", nil
				}
				return true, err
			})
		default:
			return s.schema.role.knows(name), nil
		}
		return true, err
	})
}

func (s *Server) readScope(n node, o *engine.RoleScopeOrder) error {
	return n.fields(s.schema.scope.name, func(name string, n node) (_ bool, err error) {
		switch name {
		case "id":
			o.ScopeID, err = n.optionalID()
		case "originId":
			o.ScopeOriginID, err = n.shortString(entitlement.MaxName)
			o.ScopeOriginID = strings.ToLower(o.ScopeOriginID)
		case "originSystem":
			err = checkOriginSystem(n)
		case "isRootScope":
			var root *bool
			if root, err = n.optionalBoolean(); err == nil && root != nil && !*root {
				err = entitlement.Unsupported(n.at, "A group has only its root scope: isRootScope must be true or left out.")
			}
		default:
			return s.schema.scope.knows(name), nil
		}
		return true, err
	})
}

// memberOrigin writes the origin id of a group's role as it is stored.
func memberOrigin(s string) string {
	if group, ok := cutPrefixFold(s, "Member_"); ok {
		return "Member_" + strings.ToLower(group)
	}
	return s
}

// checkOriginSystem refuses systems other than groups of the directory.
func checkOriginSystem(n node) error {
	_, err := originSystem(n)
	return err
}

// originSystem reads the system a resource comes from, in any case.
func originSystem(n node) (string, error) {
	s, err := n.shortString(entitlement.MaxName)
	switch {
	case err != nil || s == "":
		return "", err
	case !strings.EqualFold(s, entitlement.OriginGroup):
		return "", entitlement.Unsupported(n.at, "originSystem '%s' is not served by this server yet; it can be %s.", clip(s, 64), entitlement.OriginGroup)
	}
	return entitlement.OriginGroup, nil
}

// graph: accesspackage-delete-resourcerolescopes
func (s *Server) deleteRoleScope(ctx context.Context, c *call) (reply, error) {
	pkg, err := c.id("accessPackage")
	if err != nil {
		return reply{}, err
	}
	public, err := c.roleScopeID()
	if err != nil {
		return reply{}, err
	}
	return noContent, noRoleScope(s.engine.RemoveRoleScope(ctx, c.actor, pkg, public), public)
}

// noRoleScope names a role scope that was not found by its public id; the store knows it
// by another.
func noRoleScope(err error, public string) error {
	var refusal *entitlement.Error
	if errors.As(err, &refusal) && refusal.Code == entitlement.CodeNotFound {
		return entitlement.NotFound("resourceRoleScope", entitlement.ID(public))
	}
	return err
}
