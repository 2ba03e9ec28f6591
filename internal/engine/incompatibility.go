package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Names of what a package is incompatible with, as Graph has them.
const (
	incompatiblePackages = "incompatibleAccessPackages"
	incompatibleGroups   = "incompatibleGroups"
)

// AddIncompatiblePackage says that who has the other package may not have pkg. The other
// way round nothing is said, and nobody loses what they have.
//
// graph: accesspackage-post-incompatibleaccesspackage
func (e *Engine) AddIncompatiblePackage(ctx context.Context, by entitlement.Actor, pkg, other entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Packages, rules.Packages, pkg); err != nil {
			return err
		}
		if pkg == other {
			return entitlement.Invalid(incompatiblePackages, "An access package cannot be incompatible with itself; name another one.")
		}
		if _, err := get(ed, ed.tx.Packages, rules.Packages, other); err != nil {
			return err
		}
		return ed.exclude(incompatiblePackages, &entitlement.Incompatibility{
			Object: entitlement.Object{ID: entitlement.IncompatibilityID(pkg, other)}, PackageID: pkg, OtherPackageID: other,
		})
	})
}

// AddIncompatibleGroup says that who is a member of the group may not have the package.
//
// graph: accesspackage-post-incompatiblegroup
func (e *Engine) AddIncompatibleGroup(ctx context.Context, by entitlement.Actor, pkg, group entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Packages, rules.Packages, pkg); err != nil {
			return err
		}
		if _, err := get(ed, ed.tx.Groups, rules.Groups, group); err != nil {
			return err
		}
		return ed.exclude(incompatibleGroups, &entitlement.Incompatibility{
			Object: entitlement.Object{ID: entitlement.IncompatibilityID(pkg, group)}, PackageID: pkg, GroupID: group,
		})
	})
}

// exclude stores an incompatibility.
func (ed *edit) exclude(name string, x *entitlement.Incompatibility) error {
	_, err := ed.tx.Incompatible.Get(ed.ctx, x.ID)
	switch {
	case err == nil:
		return alreadyLinked(name)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	of := query.Equal("accessPackage/id", string(x.PackageID))
	if err := underLimit(ed, ed.tx.Incompatible, of, maxIncompatibilities, "incompatible access packages and groups of the access package"); err != nil {
		return err
	}
	return insert(ed, ed.tx.Incompatible, rules.Incompatibilities, x)
}

// RemoveIncompatiblePackage undoes AddIncompatiblePackage.
//
// graph: accesspackage-delete-incompatibleaccesspackage
func (e *Engine) RemoveIncompatiblePackage(ctx context.Context, by entitlement.Actor, pkg, other entitlement.ID) error {
	return e.include(ctx, by, incompatiblePackages, pkg, other, func(x *entitlement.Incompatibility) bool { return x.OtherPackageID != "" })
}

// RemoveIncompatibleGroup undoes AddIncompatibleGroup.
//
// graph: accesspackage-delete-incompatiblegroup
func (e *Engine) RemoveIncompatibleGroup(ctx context.Context, by entitlement.Actor, pkg, group entitlement.ID) error {
	return e.include(ctx, by, incompatibleGroups, pkg, group, func(x *entitlement.Incompatibility) bool { return x.GroupID != "" })
}

// include removes the incompatibility of a package with something of the right kind.
func (e *Engine) include(ctx context.Context, by entitlement.Actor, name string, pkg, other entitlement.ID, right func(*entitlement.Incompatibility) bool) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Packages, rules.Packages, pkg); err != nil {
			return err
		}
		x, err := ed.tx.Incompatible.Get(ed.ctx, entitlement.IncompatibilityID(pkg, other))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err != nil || !right(x) {
			return entitlement.Errorf(entitlement.CodeNotFound, name, "The resource was not found: '%s' is not among the %s of access package '%s'.", other, name, pkg)
		}
		return remove(ed, ed.tx.Incompatible, rules.Incompatibilities, x.ID)
	})
}

// dropIncompatibilities removes those that name the package on either side.
func (ed *edit) dropIncompatibilities(pkg entitlement.ID) error {
	either := &query.Or{Parts: []query.Expr{
		query.Equal("accessPackage/id", string(pkg)), query.Equal("incompatibleAccessPackage/id", string(pkg)),
	}}
	list, err := ed.tx.Incompatible.List(ed.ctx, query.Query{Filter: either})
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := remove(ed, ed.tx.Incompatible, rules.Incompatibilities, x.ID); err != nil {
			return err
		}
	}
	return nil
}
