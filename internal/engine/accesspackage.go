package engine

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
)

// MaxPackages is how many access packages a tenant may have (graph: governance service
// limits).
const MaxPackages = 20000

// CreatePackage stores a new access package in an existing catalog.
func (e *Engine) CreatePackage(ctx context.Context, by entitlement.Actor, p *entitlement.Package) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if err := p.Validate(); err != nil {
			return err
		}
		if _, err := get(ed, ed.tx.Catalogs, rules.Catalogs, p.CatalogID); err != nil {
			return err
		}
		if err := underLimit(ed, ed.tx.Packages, nil, MaxPackages, "access packages in a tenant"); err != nil {
			return err
		}
		return insert(ed, ed.tx.Packages, rules.Packages, p)
	})
}

// UpdatePackage applies change to the package and returns it. A package stays in its
// catalog.
func (e *Engine) UpdatePackage(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.Package) error) (p *entitlement.Package, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		p, err = update(ed, ed.tx.Packages, rules.Packages, id, func(p *entitlement.Package) error {
			catalog := p.CatalogID
			if err := change(p); err != nil {
				return err
			}
			if p.CatalogID != catalog {
				return entitlement.Invalid("catalog", "An access package cannot be moved to another catalog; it is in catalog '%s'.", catalog)
			}
			return p.Validate()
		})
		return err
	})
	return p, err
}

// DeletePackage removes a package that nobody has or is asking for, with its policies,
// resource role scopes and incompatibilities.
func (e *Engine) DeletePackage(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Packages, rules.Packages, id); err != nil {
			return err
		}
		of := query.Equal("accessPackage/id", string(id))
		live := query.Both(of, query.Equal("live", true))
		if err := unused(ed, ed.tx.Assignments, live, "accessPackage", "assignments", "Remove them with requests of type adminRemove first."); err != nil {
			return err
		}
		open := query.Both(of, query.Equal("open", true))
		if err := unused(ed, ed.tx.Requests, open, "accessPackage", "open requests", "Wait until they are finished, or cancel them."); err != nil {
			return err
		}
		if err := ed.dropPackageParts(of); err != nil {
			return err
		}
		if err := ed.dropIncompatibilities(id); err != nil {
			return err
		}
		return remove(ed, ed.tx.Packages, rules.Packages, id)
	})
}

// dropPackageParts removes what belongs to a package alone.
func (ed *edit) dropPackageParts(of query.Expr) error {
	policies, err := ed.tx.Policies.List(ed.ctx, query.Query{Filter: of})
	if err != nil {
		return err
	}
	for _, p := range policies {
		if err := remove(ed, ed.tx.Policies, rules.Policies, p.ID); err != nil {
			return err
		}
	}
	scopes, err := ed.tx.RoleScopes.List(ed.ctx, query.Query{Filter: of})
	if err != nil {
		return err
	}
	for _, rs := range scopes {
		if err := remove(ed, ed.tx.RoleScopes, rules.RoleScopes, rs.ID); err != nil {
			return err
		}
	}
	return nil
}
