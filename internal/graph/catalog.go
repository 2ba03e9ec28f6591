package graph

import (
	"context"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func catalogs(r engine.Reader) engine.Visible[entitlement.Catalog] { return r.Catalogs }

// graph: accessPackageCatalog
func (s *schema) describeCatalog() {
	s.catalog = entityType[entitlement.Catalog]{
		name: "accessPackageCatalog",
		props: []property[entitlement.Catalog]{
			identity[entitlement.Catalog](),
			sorted(byText, text("displayName", func(c *entitlement.Catalog) *string { return &c.DisplayName })),
			optionalText("description", func(c *entitlement.Catalog) **string { return &c.Description }),
			readOnly(word("catalogType", nil, func(c *entitlement.Catalog) *entitlement.CatalogType { return &c.Type })),
			word("state", entitlement.CatalogStates, func(c *entitlement.Catalog) *entitlement.CatalogState { return &c.State }),
			boolean("isExternallyVisible", func(c *entitlement.Catalog) *bool { return &c.IsExternallyVisible }),
			created[entitlement.Catalog](),
			modified[entitlement.Catalog]("modifiedDateTime"),
		},
		navs: []navigation[entitlement.Catalog]{
			many[entitlement.Catalog]("accessPackages", &s.pkg, packages, "catalog/id", func(p *entitlement.Package) entitlement.ID { return p.CatalogID }),
			many[entitlement.Catalog]("resources", &s.resource, resources, "catalog/id", func(r *entitlement.Resource) entitlement.ID { return r.CatalogID }),
			many[entitlement.Catalog]("customWorkflowExtensions", &s.extension, extensions, "catalog/id", func(x *entitlement.Extension) entitlement.ID { return x.CatalogID }),
		},
	}
	s.catalog.finish()
}

// graph: entitlementmanagement-post-catalogs
func (s *Server) createCatalog(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	// Packages of an unpublished catalog are offered to nobody, so that a catalog is
	// published unless its maker says otherwise; users outside see it only if told so.
	made := &entitlement.Catalog{State: entitlement.CatalogPublished}
	if err := s.schema.catalog.read(body, made, nil); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreateCatalog(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.catalog, made, string(made.ID))
}

// graph: accesspackagecatalog-update
func (s *Server) updateCatalog(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("catalog")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	o, err := s.engine.UpdateCatalog(ctx, c.actor, id, func(o *entitlement.Catalog) error {
		return s.schema.catalog.read(body, o, nil)
	})
	return changed(ctx, c, &s.schema.catalog, o, err)
}

// graph: accesspackagecatalog-delete
func (s *Server) deleteCatalog(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("catalog")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeleteCatalog(ctx, c.actor, id)
}

// inCatalog returns the catalog of the path, which must exist.
func inCatalog(ctx context.Context, c *call) (entitlement.ID, error) {
	id, err := c.id("catalog")
	if err != nil {
		return "", err
	}
	_, err = c.reader().Catalogs.Get(ctx, id)
	return id, err
}
