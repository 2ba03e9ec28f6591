package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// RoleScopeOrder names the role and the scope that a package is to bundle. Ids may be
// left out where the origin says which is meant.
type RoleScopeOrder struct {
	PackageID     entitlement.ID
	ResourceID    entitlement.ID // of the resource; empty where only its origin is given
	RoleID        entitlement.ID
	RoleOriginID  string
	ScopeID       entitlement.ID
	ScopeOriginID string
}

// rolePage is how many assignments are brought up to date in one transaction when the
// roles of their package change.
const rolePage = 200

// AddRoleScope adds a role to a package. Everybody who is assigned the package gets it:
// the first assignments at once, the rest by a job.
//
// graph: accesspackage-post-resourcerolescopes
func (e *Engine) AddRoleScope(ctx context.Context, by entitlement.Actor, o RoleScopeOrder) (rs *entitlement.RoleScope, err error) {
	var jobs []store.Job
	err = e.manage(ctx, by, func(ed *edit) error {
		pkg, err := get(ed, ed.tx.Packages, rules.Packages, o.PackageID)
		if err != nil {
			return err
		}
		res, err := ed.resourceOf(pkg, o)
		if err != nil {
			return err
		}
		if rs, err = roleScope(pkg, res, o); err != nil {
			return err
		}
		switch err := insert(ed, ed.tx.RoleScopes, rules.RoleScopes, rs); {
		case errors.Is(err, store.ErrDuplicate):
			return entitlement.Errorf(entitlement.CodeDuplicateKey, "", "The access package has this resource role scope already ('%s').", rs.PublicID())
		case err != nil:
			return err
		}
		jobs, err = ed.rolesChanged(pkg.ID)
		return err
	})
	if err == nil {
		e.OnJobs(jobs)
	}
	return rs, err
}

// RemoveRoleScope takes a role out of a package, and away from those who are assigned it.
//
// graph: accesspackage-delete-resourcerolescopes
func (e *Engine) RemoveRoleScope(ctx context.Context, by entitlement.Actor, pkg entitlement.ID, publicID string) error {
	id := entitlement.RoleScopeID(pkg, publicID)
	var jobs []store.Job
	err := e.manage(ctx, by, func(ed *edit) error {
		if _, err := ed.tx.RoleScopes.Get(ed.ctx, id); err != nil {
			return notFound(err, string(rules.RoleScopes), entitlement.ID(publicID)) // the id that clients see
		}
		if err := remove(ed, ed.tx.RoleScopes, rules.RoleScopes, id); err != nil {
			return err
		}
		var err error
		jobs, err = ed.rolesChanged(pkg)
		return err
	})
	if err == nil {
		e.OnJobs(jobs)
	}
	return err
}

// resourceOf finds the resource that an order names in the package's catalog.
func (ed *edit) resourceOf(pkg *entitlement.Package, o RoleScopeOrder) (*entitlement.Resource, error) {
	if o.ResourceID == "" && o.ScopeOriginID == "" {
		return nil, entitlement.Invalid("role/resource", "role.resource is required: the id of the resource in the catalog of the access package, {\"resource\":{\"id\":\"…\"}}.")
	}
	find := ResourceOrder{CatalogID: pkg.CatalogID, ResourceID: o.ResourceID, OriginSystem: entitlement.OriginGroup, OriginID: o.ScopeOriginID}
	res, err := ed.findResource(find)
	var refusal *entitlement.Error
	if errors.As(err, &refusal) {
		return nil, entitlement.Errorf(entitlement.CodeNotFound, "role/resource",
			"The resource was not found: the catalog of the access package ('%s') has no such resource. Add it with a resource request first.", pkg.CatalogID)
	}
	return res, err
}

// roleScope makes the role scope that an order asks for.
func roleScope(pkg *entitlement.Package, res *entitlement.Resource, o RoleScopeOrder) (*entitlement.RoleScope, error) {
	role, scope := res.Role(), res.Scope()
	if (o.RoleID == "" && o.RoleOriginID == "") || (o.RoleID != "" && o.RoleID != role.ID) || (o.RoleOriginID != "" && o.RoleOriginID != role.OriginID) {
		return nil, entitlement.Errorf(entitlement.CodeRoleNotFound, "role",
			"The role was not found. Resource '%s' has the role '%s' with originId '%s'.", res.DisplayName, role.DisplayName, role.OriginID)
	}
	if (o.ScopeID != "" && o.ScopeID != scope.ID) || (o.ScopeOriginID != "" && o.ScopeOriginID != scope.OriginID) {
		return nil, entitlement.Errorf(entitlement.CodeNotFound, "scope",
			"The scope was not found. Resource '%s' has the root scope with originId '%s'.", res.DisplayName, scope.OriginID)
	}
	rs := &entitlement.RoleScope{
		PackageID: pkg.ID, ResourceID: res.ID,
		Role:  entitlement.RoleRef{ID: role.ID, DisplayName: role.DisplayName, OriginID: role.OriginID, OriginSystem: role.OriginSystem},
		Scope: entitlement.ScopeRef{ID: scope.ID, DisplayName: scope.DisplayName, OriginID: scope.OriginID, OriginSystem: scope.OriginSystem, IsRootScope: true},
	}
	rs.ID = entitlement.RoleScopeID(pkg.ID, rs.PublicID())
	return rs, nil
}

// rolesChanged brings the first assignments of a package up to date and leaves a job for
// the rest, which it returns.
func (ed *edit) rolesChanged(pkg entitlement.ID) ([]store.Job, error) {
	w, err := ed.work(ed.ctx, ed.tx, ed.by)
	if err != nil {
		return nil, err
	}
	next, err := w.syncRoles(pkg, "")
	if err != nil || next == "" {
		return nil, err
	}
	job := store.Job{
		JobKey: store.JobKey{Tenant: ed.by.Tenant, Kind: store.JobRoles, Ref: pkg},
		Due:    ed.realNow(), Args: string(next),
	}
	return []store.Job{job}, ed.tx.Jobs.Put(ed.ctx, job)
}

// syncRoles gives and takes away what has changed for one page of assignments that give
// access, behind the one given, and returns the last of the page, or "" when there are no
// more.
func (w *work) syncRoles(pkg, after entitlement.ID) (entitlement.ID, error) {
	q := query.Query{Limit: rolePage, Filter: query.Both(query.Equal("accessPackage/id", string(pkg)), &query.In{
		Path: "state", Values: []query.Value{string(entitlement.AssignmentDelivered), string(entitlement.AssignmentPartiallyDelivered)},
	})}
	if after != "" {
		q.After = &query.Cursor{ID: string(after)}
	}
	page, err := w.tx.Assignments.List(w.ctx, q)
	if err != nil || len(page) == 0 {
		return "", err
	}
	roles, err := w.tx.RoleScopes.List(w.ctx, query.Query{Filter: query.Equal("accessPackage/id", string(pkg))})
	if err != nil {
		return "", err
	}
	for _, stored := range page {
		a := &assignment{Assignment: stored, was: stored.State}
		if err := w.deliver(a, roles, false); err != nil {
			return "", err
		}
		if err := a.save(w, "roles of the package changed"); err != nil {
			return "", err
		}
	}
	if err := w.flush(); err != nil || len(page) < rolePage {
		return "", err
	}
	return page[len(page)-1].ID, nil
}

// deliver brings the roles that an assignment gives in line with those of its package, and
// says which of them could not be given.
func (w *work) deliver(a *assignment, roles []*entitlement.RoleScope, renew bool) error {
	done, err := w.Deliverer.Grant(w.ctx, w.tx, a.Assignment, roles, renew, w.now)
	if err != nil {
		return err
	}
	w.noteRoles(a.Assignment, done)
	return a.step(w, entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventRepaired, Failures: done.Failures})
}

// performRoles works off one page of a change of roles.
func (e *Engine) performRoles(ctx context.Context, job store.Job) error {
	var next []store.Job
	err := e.Store.Update(ctx, job.Tenant, func(tx *store.Tx) error {
		next = nil
		current, err := tx.Jobs.Held(ctx, job.JobKey)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		w, err := e.work(ctx, tx, entitlement.System(job.Tenant))
		if err != nil {
			return err
		}
		last, err := w.syncRoles(job.Ref, entitlement.ID(current.Args))
		if err != nil {
			return err
		}
		if last == "" {
			_, err = tx.Jobs.Delete(ctx, job.JobKey)
			return err
		}
		current.Args = string(last)
		next = []store.Job{*current}
		return tx.Jobs.Put(ctx, *current)
	})
	if err == nil {
		e.OnJobs(next)
	}
	return err
}
