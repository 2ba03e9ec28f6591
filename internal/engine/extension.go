package engine

import (
	"context"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
)

// MaxExtensions is how many custom extensions a tenant may have (graph: governance
// service limits).
const MaxExtensions = 500

// CreateExtension stores a new custom extension in an existing catalog.
func (e *Engine) CreateExtension(ctx context.Context, by entitlement.Actor, x *entitlement.Extension) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Catalogs, rules.Catalogs, x.CatalogID); err != nil {
			return err
		}
		if err := ed.checkExtension(x); err != nil {
			return err
		}
		if err := underLimit(ed, ed.tx.Extensions, nil, MaxExtensions, "custom extensions in a tenant"); err != nil {
			return err
		}
		x.CreatedBy = actorName(by)
		x.ModifiedBy = x.CreatedBy
		return insert(ed, ed.tx.Extensions, rules.Extensions, x)
	})
}

// UpdateExtension applies change to an extension of the catalog and returns it.
func (e *Engine) UpdateExtension(ctx context.Context, by entitlement.Actor, catalog, id entitlement.ID, change func(*entitlement.Extension) error) (x *entitlement.Extension, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		x, err = update(ed, ed.tx.Extensions, rules.Extensions, id, func(x *entitlement.Extension) error {
			if x.CatalogID != catalog {
				return entitlement.NotFound(string(rules.Extensions), id)
			}
			kind, meta := x.Kind, x.Object
			if err := change(x); err != nil {
				return err
			}
			x.Object, x.CatalogID, x.ModifiedBy = meta, catalog, actorName(by)
			if x.Kind != kind {
				return entitlement.Invalid("@odata.type", "The type of a custom extension cannot be changed; it is %s.", kind)
			}
			if err := ed.checkExtension(x); err != nil || x.Waits() {
				return err
			}
			return ed.determinesNothing(x)
		})
		return err
	})
	return x, err
}

// DeleteExtension removes an extension that no policy binds.
func (e *Engine) DeleteExtension(ctx context.Context, by entitlement.Actor, catalog, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		x, err := get(ed, ed.tx.Extensions, rules.Extensions, id)
		if err != nil {
			return err
		}
		if x.CatalogID != catalog {
			return entitlement.NotFound(string(rules.Extensions), id)
		}
		policies, err := ed.tx.Policies.List(ed.ctx, query.Query{Filter: query.Equal("catalog/id", string(catalog))})
		if err != nil {
			return err
		}
		for _, p := range policies {
			if slices.Contains(p.Extensions(), id) {
				return entitlement.Errorf(entitlement.CodeDeleteHasEntitlements, "customWorkflowExtension",
					"The custom extension can not be deleted because policy '%s' ('%s') binds it. Detach it from every policy first.", p.DisplayName, p.ID)
			}
		}
		return remove(ed, ed.tx.Extensions, rules.Extensions, id)
	})
}

// determinesNothing holds that an extension that does not wait is not one that has to say
// who approves.
func (ed *edit) determinesNothing(x *entitlement.Extension) error {
	policies, err := ed.tx.Policies.List(ed.ctx, query.Query{Filter: query.Equal("catalog/id", string(x.CatalogID))})
	if err != nil {
		return err
	}
	for _, p := range policies {
		if slices.Contains(p.Determining(), x.ID) {
			return entitlement.Invalid("callbackConfiguration", "Policy '%s' ('%s') lets this extension say who approves, for which a request waits; callbackConfiguration cannot be taken away.", p.DisplayName, p.ID)
		}
	}
	return nil
}

func (ed *edit) checkExtension(x *entitlement.Extension) error {
	if err := x.Validate(); err != nil {
		return err
	}
	return ed.CheckURL(x.Endpoint.URL)
}

// actorName is how createdBy and the like name who did something.
func actorName(a entitlement.Actor) string {
	switch {
	case a.UPN != "":
		return a.UPN
	case a.Name != "":
		return a.Name
	}
	return string(a.ObjectID)
}
