package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// alter fills in which access is to be updated or taken away, and returns the policy
// through which it was given.
func (s *submission) alter(r *entitlement.Request) (*entitlement.Policy, error) {
	t := s.order.Type
	if s.order.AssignmentID == "" {
		return nil, entitlement.Invalid("assignment/id", "assignment.id is required for %s.", t)
	}
	a, err := get(&s.edit, s.tx.Assignments, rules.Assignments, s.order.AssignmentID)
	if err != nil {
		return nil, err
	}
	p, err := s.policyOf(a)
	if err != nil {
		return nil, err
	}
	found, err := s.findTarget(a.TargetID)
	if err != nil {
		return nil, err
	}
	if err := s.mayChange(a, p); err != nil {
		return nil, err
	}
	if err := s.describes(a); err != nil {
		return nil, err
	}
	if err := rules.Changeable(a); err != nil {
		return nil, err
	}
	s.has = a
	r.PackageID, r.TargetID, r.Target, r.AssignmentID = a.PackageID, a.TargetID, a.Target, a.ID
	if found {
		r.Target = s.subject()
	}
	if t == entitlement.TypeUserUpdate {
		if err := s.stillLetsIn(a, p); err != nil {
			return nil, err
		}
	}
	if err := s.noRemoval(a.ID); err != nil {
		return nil, err
	}
	if t.Updates() {
		err = s.noneOpen(a.PackageID, a.TargetID)
	}
	return p, err
}

// policyOf is the policy through which the access was given. Taking it away does not depend
// on it: where it is gone nobody but administrators and the server do, and nothing is
// called.
func (s *submission) policyOf(a *entitlement.Assignment) (*entitlement.Policy, error) {
	p, err := s.tx.Policies.Get(s.ctx, a.PolicyID)
	if errors.Is(err, store.ErrNotFound) && s.order.Type.Removes() {
		gone := &entitlement.Policy{PackageID: a.PackageID, CatalogID: a.CatalogID}
		gone.ID = a.PolicyID
		return gone, nil
	}
	return p, notFound(err, string(rules.Policies), a.PolicyID)
}

func (s *submission) mayChange(a *entitlement.Assignment, p *entitlement.Policy) error {
	onBehalf := false
	if t := s.order.Type; t == entitlement.TypeUserUpdate || t == entitlement.TypeUserRemove {
		var err error
		if onBehalf, err = s.onBehalf(p); err != nil {
			return err
		}
	}
	return rules.MayChange(s.by, s.order.Type, a, p, onBehalf)
}

// stillLetsIn returns nil when the policy would let the target in who has the access.
//
// contract: lifecycle f (an extension: still in scope)
func (s *submission) stillLetsIn(a *entitlement.Assignment, p *entitlement.Policy) (err error) {
	if s.catalog, err = get(&s.edit, s.tx.Catalogs, rules.Catalogs, a.CatalogID); err != nil {
		return err
	}
	return s.letsIn(p)
}

// describes returns nil when what the order says of the assignment beside its id is so.
func (s *submission) describes(a *entitlement.Assignment) error {
	for _, named := range []struct {
		given, is entitlement.ID
		at        string
	}{
		{s.order.TargetID, a.TargetID, "assignment/targetId"}, {s.order.PackageID, a.PackageID, "assignment/accessPackageId"},
		{s.order.PolicyID, a.PolicyID, "assignment/assignmentPolicyId"},
	} {
		if named.given != "" && named.given != named.is {
			return entitlement.Invalid(named.at, "Assignment '%s' is not the one that %s describes: it has '%s' there, not '%s'.", a.ID, named.at, named.is, named.given)
		}
	}
	return nil
}

// noneOpen returns nil when no open request is for the target to have the package.
func (s *submission) noneOpen(pkg, target entitlement.ID) error {
	return noneOpen(s.ctx, s.tx, &entitlement.Request{PackageID: pkg, TargetID: target})
}

// noRemoval returns nil when no open request takes the assignment away.
func (s *submission) noRemoval(a entitlement.ID) error {
	return noneOpen(s.ctx, s.tx, &entitlement.Request{Type: entitlement.TypeAdminRemove, AssignmentID: a})
}

// noneOpen returns nil when no other open request asks for what r does.
func noneOpen(ctx context.Context, tx *store.Tx, r *entitlement.Request) error {
	open, err := tx.Requests.List(ctx, openFor(r))
	if err != nil || len(open) == 0 || open[0].ID == r.ID {
		return err
	}
	return rules.OpenAlready(open[0])
}

// openFor finds the open request that asks for what r does.
func openFor(r *entitlement.Request) query.Query {
	return query.Query{Limit: 1, Filter: query.Equal("openKey", entitlement.OpenKeyOf(r))}
}

// liveOf finds the assignment that a target has through a policy.
func liveOf(policy, target entitlement.ID) query.Query {
	return query.Query{Limit: 1, Filter: &query.And{Parts: []query.Expr{
		query.Equal("assignmentPolicy/id", string(policy)), query.Equal("target/objectId", string(target)), query.Equal("live", true),
	}}}
}

// ahead is what open is going to ask for, where the order says it all.
func (o *Order) ahead(by entitlement.Actor) store.Ahead {
	var a store.Ahead
	if by.User {
		a.Users = append(a.Users, by.ObjectID)
	}
	if o.AssignmentID != "" {
		a.Assignments = append(a.Assignments, o.AssignmentID)
		return a
	}
	if o.TargetID != by.ObjectID {
		a.Users = append(a.Users, o.TargetID)
	}
	a.RequestLists = []query.Query{openFor(&entitlement.Request{PackageID: o.PackageID, TargetID: o.TargetID})}
	if o.PolicyID != "" {
		a.AssignmentLists = []query.Query{liveOf(o.PolicyID, o.TargetID)}
	}
	return a
}

// renews makes a request for what the target has through the same policy already one that
// renews it, or refuses it.
func (s *submission) renews(r *entitlement.Request, p *entitlement.Policy) error {
	live, err := s.tx.Assignments.List(s.ctx, liveOf(p.ID, r.TargetID))
	if err != nil || len(live) == 0 {
		return err
	}
	renews, err := rules.Renews(p, s.order.Type, live[0])
	if err != nil || !renews {
		return err
	}
	s.has, r.AssignmentID, r.Progress.Plan.Updates = live[0], live[0].ID, true
	return s.noRemoval(live[0].ID)
}
