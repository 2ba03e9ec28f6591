package graph

import (
	"context"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func packages(r engine.Reader) engine.Visible[entitlement.Package] { return r.Packages }

// graph: accessPackage
func (s *schema) describePackage() {
	s.pkg = entityType[entitlement.Package]{
		name: "accessPackage",
		props: []property[entitlement.Package]{
			identity[entitlement.Package](),
			sorted(byText, text("displayName", func(p *entitlement.Package) *string { return &p.DisplayName })),
			optionalText("description", func(p *entitlement.Package) **string { return &p.Description }),
			boolean("isHidden", func(p *entitlement.Package) *bool { return &p.IsHidden }),
			created[entitlement.Package](),
			modified[entitlement.Package]("modifiedDateTime"),
		},
		filters: []filterPath{{path: "catalog/id", kind: byID}},
		navs: []navigation[entitlement.Package]{
			one("catalog", &s.catalog, catalogs, func(p *entitlement.Package) entitlement.ID { return p.CatalogID }),
			many[entitlement.Package]("assignmentPolicies", &s.policy, policies, "accessPackage/id", func(p *entitlement.Policy) entitlement.ID { return p.PackageID }),
			many[entitlement.Package]("resourceRoleScopes", &s.roleScope, roleScopes, "accessPackage/id", func(rs *entitlement.RoleScope) entitlement.ID { return rs.PackageID }),
			excluded(s.incompatiblePackages()),
			excluded(s.incompatibleGroups()),
			excluded(s.packagesIncompatibleWith()),
		},
	}
	s.pkg.finish()
}

// readPackage takes a body over into a package. Its catalog is named once, at creation.
func (s *Server) readPackage(body node, p *entitlement.Package) error {
	return s.schema.pkg.read(body, p, func(name string, n node) (bool, error) {
		switch name {
		case "catalog":
			if n.kind == isNull {
				return true, nil
			}
			id, err := s.schema.catalog.reference(n)
			if id != "" {
				p.CatalogID = id
			}
			return true, err
		case "assignmentPolicies", "resourceRoleScopes", "incompatibleAccessPackages", "incompatibleGroups", "accessPackagesIncompatibleWith":
			if n.isEmpty() {
				return true, nil
			}
			return true, entitlement.Unsupported(n.at, "%s cannot be written with an access package. Add policies with POST assignmentPolicies and roles with POST accessPackages/{id}/resourceRoleScopes, and what excludes it with POST accessPackages/{id}/incompatibleAccessPackages/$ref and …/incompatibleGroups/$ref.", name)
		}
		return false, nil
	})
}

// graph: entitlementmanagement-post-accesspackages
func (s *Server) createPackage(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	made := new(entitlement.Package)
	if err := s.readPackage(body, made); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreatePackage(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.pkg, made, string(made.ID))
}

// graph: accesspackage-update
func (s *Server) updatePackage(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("accessPackage")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	o, err := s.engine.UpdatePackage(ctx, c.actor, id, func(o *entitlement.Package) error {
		return s.readPackage(body, o)
	})
	return changed(ctx, c, &s.schema.pkg, o, err)
}

// graph: accesspackage-delete
func (s *Server) deletePackage(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("accessPackage")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeletePackage(ctx, c.actor, id)
}

// inPackage returns the package of the path, which must exist.
func inPackage(ctx context.Context, c *call) (entitlement.ID, error) {
	id, err := c.id("accessPackage")
	if err != nil {
		return "", err
	}
	_, err = c.reader().Packages.Get(ctx, id)
	return id, err
}
