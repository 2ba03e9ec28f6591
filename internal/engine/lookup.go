package engine

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Limits of what is looked up for one call.
const (
	maxReports           = 1000
	maxIncompatibilities = 200
)

// ShowsApprovers reports whether the tenant lets requestors see who decided, where a policy
// leaves it open.
//
// graph: endUserSettings.showApproverDetailsToMembers
func (e *Engine) ShowsApprovers(ctx context.Context, a entitlement.Actor) (bool, error) {
	shows := false
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) error {
		t, err := tx.Tenant.Get(ctx)
		if err == nil {
			shows = t.Settings.ShowApprovers
		}
		return err
	})
	return shows, explain(err)
}

// AssignmentsOf lists the assignments that requests are about, which the actor has read
// through a Reader: who sees a request sees what came of it.
func (e *Engine) AssignmentsOf(ctx context.Context, a entitlement.Actor, requests []*entitlement.Request) ([]*entitlement.Assignment, error) {
	if err := rules.MayExpand(a, rules.Assignments); err != nil || len(requests) == 0 {
		return nil, err
	}
	in := &query.In{Path: "id"}
	for _, r := range requests {
		in.Values = append(in.Values, string(r.AssignmentID))
	}
	var list []*entitlement.Assignment
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) (err error) {
		list, err = tx.Assignments.List(ctx, query.Query{Filter: in})
		return err
	})
	return list, explain(err)
}

// DirectReports lists the ids of the people whose manager the actor is: at most 1000 of them.
//
// graph: user-list-directreports
func (e *Engine) DirectReports(ctx context.Context, a entitlement.Actor) ([]entitlement.ID, error) {
	if !a.User || a.ObjectID == "" {
		return nil, nil
	}
	var ids []entitlement.ID
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) error {
		ids = nil
		list, err := tx.Users.List(ctx, query.Query{Filter: query.Equal("manager/id", string(a.ObjectID)), Limit: maxReports})
		for _, u := range list {
			ids = append(ids, u.ID)
		}
		return err
	})
	return ids, explain(err)
}

// ReaderOfReports returns the view that the actor has as a manager: of the requests and the
// assignments whose targets are their direct reports, and of nothing else.
func (e *Engine) ReaderOfReports(ctx context.Context, a entitlement.Actor) (Reader, error) {
	ids, err := e.DirectReports(ctx, a)
	if err != nil {
		return Reader{}, err
	}
	r := Reader{
		Requests:    visible(e, a, rules.Requests, func(tx *store.Tx) store.Table[entitlement.Request] { return tx.Requests }),
		Assignments: visible(e, a, rules.Assignments, func(tx *store.Tx) store.Table[entitlement.Assignment] { return tx.Assignments }),
	}
	r.Requests.asManager = func(k rules.Kind) (query.Expr, error) { return rules.VisibleReports(a, k, ids) }
	r.Assignments.asManager = r.Requests.asManager
	return r, nil
}

// AdditionalAccess returns the filter for the live assignments of a package whose targets
// also have another one: the one named or, where it is empty, any that is incompatible with
// the package. An empty package stands for all that have incompatibilities.
//
// graph: accesspackageassignment-additionalaccess
func (e *Engine) AdditionalAccess(ctx context.Context, a entitlement.Actor, pkg, other entitlement.ID) (query.Expr, error) {
	if _, err := rules.Visible(a, rules.Packages); err != nil {
		return nil, err
	}
	var found query.Expr
	err := e.Store.View(ctx, a.Tenant, func(tx *store.Tx) error {
		for _, id := range []entitlement.ID{pkg, other} {
			if id == "" {
				continue
			}
			if _, err := tx.Packages.Get(ctx, id); err != nil {
				return notFound(err, string(rules.Packages), id)
			}
		}
		if other != "" {
			found = holdsToo(pkg, other)
			return nil
		}
		var err error
		found, err = conflicts(ctx, tx, pkg)
		return err
	})
	return query.Both(query.Equal("live", true), found), explain(err)
}

func holdsToo(pkg, other entitlement.ID) query.Expr {
	return query.Both(query.Equal("accessPackage/id", string(pkg)), query.Equal("target/holds", string(other)))
}

// conflicts is the filter for assignments beside which the target has a package that is
// incompatible with theirs. Groups do not count: they are not access.
func conflicts(ctx context.Context, tx *store.Tx, pkg entitlement.ID) (query.Expr, error) {
	q := query.Query{Limit: maxIncompatibilities + 1, Filter: &query.Compare{Path: "incompatibleAccessPackage/id", Op: query.Ne}}
	if pkg != "" {
		q.Filter = query.Both(query.Equal("accessPackage/id", string(pkg)), q.Filter)
	}
	list, err := tx.Incompatible.List(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(list) > maxIncompatibilities {
		return nil, entitlement.Errorf(entitlement.CodeBadRequest, "incompatibleAccessPackageId",
			"There are more than %d incompatible access packages to look for; name accessPackageId and incompatibleAccessPackageId.", maxIncompatibilities)
	}
	or := &query.Or{}
	for _, x := range list {
		or.Parts = append(or.Parts, holdsToo(x.PackageID, x.OtherPackageID))
	}
	return or, nil
}
