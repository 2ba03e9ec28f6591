package rules

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// VisibleReports returns the filter that says which objects of a kind a manager may read
// because the target is one of their direct reports.
//
// graph: accessPackageAssignmentRequestFilterByCurrentUserOptions (targetManager)
func VisibleReports(a entitlement.Actor, k Kind, reports []entitlement.ID) (query.Expr, error) {
	if _, err := Visible(a, k); err != nil {
		return nil, err
	}
	if !a.User || a.ObjectID == "" || (k != Requests && k != Assignments) {
		return nil, entitlement.Forbidden("only a signed-in user has direct reports, of whose requests and assignments they may read.")
	}
	in := &query.In{Path: "target/objectId"}
	for _, id := range reports {
		in.Values = append(in.Values, string(id))
	}
	return in, nil
}
