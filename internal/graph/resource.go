package graph

import (
	"context"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

func resources(r engine.Reader) engine.Visible[entitlement.Resource] { return r.Resources }

// graph: accessPackageResource, accessPackageResourceRole, accessPackageResourceScope
func (s *schema) describeResource() {
	s.resource = entityType[entitlement.Resource]{
		name: "accessPackageResource",
		props: []property[entitlement.Resource]{
			identity[entitlement.Resource](),
			sorted(byText, readOnly(text("displayName", func(r *entitlement.Resource) *string { return &r.DisplayName }))),
			readOnly(optionalText("description", func(r *entitlement.Resource) **string { return &r.Description })),
			filtered(byText, readOnly(text("originId", func(r *entitlement.Resource) *string { return &r.OriginID }))),
			filtered(byText, readOnly(text("originSystem", func(r *entitlement.Resource) *string { return &r.OriginSystem }))),
			shown("attributes", func(e *encoder, _ *entitlement.Resource) { e.openList(); e.closeList() }),
			created[entitlement.Resource](),
			modified[entitlement.Resource]("modifiedDateTime"),
		},
		navs: []navigation[entitlement.Resource]{
			inside("roles", true, &s.role, func(r *entitlement.Resource) []*entitlement.ResourceRole {
				role := r.Role()
				return []*entitlement.ResourceRole{&role}
			}),
			inside("scopes", true, &s.scope, func(r *entitlement.Resource) []*entitlement.ResourceScope {
				scope := r.Scope()
				return []*entitlement.ResourceScope{&scope}
			}),
		},
	}
	s.resource.finish()
	s.role = entityType[entitlement.ResourceRole]{
		name: "accessPackageResourceRole",
		props: []property[entitlement.ResourceRole]{
			shown("id", func(e *encoder, r *entitlement.ResourceRole) { e.text(string(r.ID)) }),
			shown("displayName", func(e *encoder, r *entitlement.ResourceRole) { e.text(r.DisplayName) }),
			shown("description", func(e *encoder, _ *entitlement.ResourceRole) { e.null() }),
			shown("originId", func(e *encoder, r *entitlement.ResourceRole) { e.text(r.OriginID) }),
			shown("originSystem", func(e *encoder, r *entitlement.ResourceRole) { e.text(r.OriginSystem) }),
			shown("type", func(e *encoder, _ *entitlement.ResourceRole) { e.text("active") }),
		},
		navs: []navigation[entitlement.ResourceRole]{
			one("resource", &s.resource, resources, func(r *entitlement.ResourceRole) entitlement.ID { return r.ResourceID }),
		},
		// Roles are derived from their resources, and are found through them.
		filters: []filterPath{{path: "originSystem", kind: byText}, {path: "resource/id", query: "id", kind: byID}},
	}
	s.role.finish()
	s.scope = entityType[entitlement.ResourceScope]{
		name: "accessPackageResourceScope",
		props: []property[entitlement.ResourceScope]{
			shown("id", func(e *encoder, r *entitlement.ResourceScope) { e.text(string(r.ID)) }),
			shown("displayName", func(e *encoder, r *entitlement.ResourceScope) { e.text(r.DisplayName) }),
			shown("description", func(e *encoder, r *entitlement.ResourceScope) { e.textOrNull(r.Description) }),
			shown("originId", func(e *encoder, r *entitlement.ResourceScope) { e.text(r.OriginID) }),
			shown("originSystem", func(e *encoder, r *entitlement.ResourceScope) { e.text(r.OriginSystem) }),
			shown("isRootScope", func(e *encoder, r *entitlement.ResourceScope) { e.boolean(r.IsRootScope) }),
		},
		navs: []navigation[entitlement.ResourceScope]{
			one("resource", &s.resource, resources, func(r *entitlement.ResourceScope) entitlement.ID { return r.ResourceID }),
		},
	}
	s.scope.finish()
}

// resourceRoles lists the roles of a catalog's resources, which are derived from them.
//
// graph: accesspackagecatalog-list-resourceroles
type resourceRoles struct{ s *Server }

func (l resourceRoles) list(ctx context.Context, c *call) (reply, error) {
	catalog, err := inCatalog(ctx, c)
	if err != nil {
		return reply{}, err
	}
	p, err := fetchPage(ctx, c, lister(&l.s.schema.role), resources, query.Equal("catalog/id", string(catalog)))
	if err != nil {
		return reply{}, err
	}
	roles := make([]*entitlement.ResourceRole, len(p.objects))
	for i, r := range p.objects {
		role := r.Role()
		roles[i] = &role
	}
	return writeList(ctx, c, &l.s.schema.role, roles, p.pageInfo)
}

func (l resourceRoles) count(ctx context.Context, c *call) (reply, error) {
	catalog, err := inCatalog(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return countOf(ctx, c, lister(&l.s.schema.role), resources, query.Equal("catalog/id", string(catalog)))
}
