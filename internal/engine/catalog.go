package engine

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
)

// MaxCatalogs is how many catalogs a tenant may have (graph: governance service limits).
const MaxCatalogs = 7500

// CreateCatalog stores a new catalog and fills in its id, type and times.
func (e *Engine) CreateCatalog(ctx context.Context, by entitlement.Actor, c *entitlement.Catalog) error {
	return e.manage(ctx, by, func(ed *edit) error {
		c.Type = entitlement.CatalogUserManaged
		if err := c.Validate(); err != nil {
			return err
		}
		if err := underLimit(ed, ed.tx.Catalogs, nil, MaxCatalogs, "catalogs in a tenant"); err != nil {
			return err
		}
		return insert(ed, ed.tx.Catalogs, rules.Catalogs, c)
	})
}

// UpdateCatalog applies change to the catalog and returns it.
func (e *Engine) UpdateCatalog(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.Catalog) error) (c *entitlement.Catalog, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		c, err = update(ed, ed.tx.Catalogs, rules.Catalogs, id, func(c *entitlement.Catalog) error {
			if err := change(c); err != nil {
				return err
			}
			return c.Validate()
		})
		return err
	})
	return c, err
}

// DeleteCatalog removes an empty catalog other than the built-in one.
func (e *Engine) DeleteCatalog(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		c, err := get(ed, ed.tx.Catalogs, rules.Catalogs, id)
		if err != nil {
			return err
		}
		if c.Type == entitlement.CatalogServiceDefault {
			return entitlement.Errorf(entitlement.CodeBadRequest, "catalog", "The built-in catalog '%s' cannot be deleted.", c.DisplayName)
		}
		in := query.Equal("catalog/id", string(id))
		if err := unused(ed, ed.tx.Packages, in, "catalog", "access packages", "Delete them first."); err != nil {
			return err
		}
		if err := unused(ed, ed.tx.Extensions, in, "catalog", "custom workflow extensions", "Delete them first."); err != nil {
			return err
		}
		if err := unused(ed, ed.tx.Resources, in, "catalog", "resources", "Remove them with resource requests of type adminRemove first."); err != nil {
			return err
		}
		return remove(ed, ed.tx.Catalogs, rules.Catalogs, id)
	})
}
