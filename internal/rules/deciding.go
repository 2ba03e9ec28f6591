package rules

import "anteroom/internal/entitlement"

// MayDecide returns nil when the actor may try to decide on a stage of the approval of the
// request: a signed-in person who is or was asked. Whether the stage can still be decided
// is lifecycle's to say. Nobody decides on what they asked for or what is for them.
//
// graph: approvalstage-update; contract: lifecycle d.3
func MayDecide(a entitlement.Actor, r *entitlement.Request, isAsked bool) error {
	switch {
	case !a.User || a.ObjectID == "":
		return entitlement.Forbidden("approvals are decided by signed-in people; this is the token of an application.")
	case !a.Has(entitlement.PermissionReadWrite, entitlement.PermissionSubjectAccess):
		return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionReadWrite)
	case a.Person() && !isAsked && !sees(a, r):
		return entitlement.NotFound("approval", r.ID)
	case len(r.Progress.Plan.Approval) == 0:
		return entitlement.Errorf(entitlement.CodeNotFound, "approval", "The resource was not found: request '%s' needs no approval.", r.ID)
	case a.ObjectID == r.RequestorID || a.ObjectID == r.TargetID:
		return entitlement.Errorf(entitlement.CodeNotApprover, "", "User is not authorized to perform the operation. Reason: nobody decides on a request that they made or that gives access to themselves.")
	case !isAsked:
		return entitlement.Errorf(entitlement.CodeNotApprover, "", "User is not authorized to perform the operation. Reason: you are not among those who are asked to approve this request.")
	}
	return nil
}
