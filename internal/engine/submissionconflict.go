package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// conflictOf returns nil when the target has nothing that excludes the package: no other
// package that they have, or are being given, and no group that they belong to.
//
// contract: lifecycle f (separation of duties: at POST and again before delivery)
func (e *Engine) conflictOf(ctx context.Context, tx *store.Tx, pkg, target entitlement.ID) error {
	excludes, err := tx.Incompatible.List(ctx, query.Query{Filter: query.Equal("accessPackage/id", string(pkg))})
	if err != nil || len(excludes) == 0 {
		return err
	}
	p, err := tx.Packages.Get(ctx, pkg)
	if err != nil {
		return notFound(err, string(rules.Packages), pkg)
	}
	held, err := packagesOf(ctx, tx, excludes, target)
	if err != nil {
		return err
	}
	in, err := e.groupsOf(ctx, tx, excludes, target)
	if err != nil {
		return err
	}
	return rules.Conflict(p, excludes, held, in)
}

// packagesOf names those of the excluding packages that the target has, by id.
func packagesOf(ctx context.Context, tx *store.Tx, excludes []*entitlement.Incompatibility, target entitlement.ID) (map[entitlement.ID]string, error) {
	live, err := tx.Assignments.List(ctx, query.Query{Filter: query.Both(query.Equal("target/objectId", string(target)), query.Equal("live", true))})
	if err != nil {
		return nil, err
	}
	has := make(map[entitlement.ID]bool, len(live))
	for _, a := range live {
		has[a.PackageID] = true
	}
	held := make(map[entitlement.ID]string)
	for _, x := range excludes {
		if !has[x.OtherPackageID] {
			continue
		}
		held[x.OtherPackageID] = string(x.OtherPackageID)
		other, err := tx.Packages.Get(ctx, x.OtherPackageID)
		switch {
		case err == nil:
			held[x.OtherPackageID] = other.DisplayName
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return held, nil
}

// groupsOf names those of the excluding groups that the target belongs to, by id.
func (e *Engine) groupsOf(ctx context.Context, tx *store.Tx, excludes []*entitlement.Incompatibility, target entitlement.ID) (map[entitlement.ID]string, error) {
	var groups []entitlement.ID
	for _, x := range excludes {
		if x.GroupID != "" {
			groups = append(groups, x.GroupID)
		}
	}
	if len(groups) == 0 {
		return nil, nil
	}
	member, err := e.Directory.MemberOf(ctx, tx, target, groups)
	if err != nil {
		return nil, err
	}
	in := make(map[entitlement.ID]string)
	for _, id := range groups {
		if !member[id] {
			continue
		}
		in[id] = string(id)
		g, err := tx.Groups.Get(ctx, id)
		switch {
		case err == nil:
			in[id] = g.DisplayName
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return in, nil
}
