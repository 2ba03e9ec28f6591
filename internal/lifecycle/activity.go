package lifecycle

import "anteroom/internal/entitlement"

// SubmitActivity is the name under which the audit log shows that a request of the type
// was made for a target of a kind.
func SubmitActivity(t entitlement.RequestType, target entitlement.SubjectType) entitlement.Activity {
	switch t {
	case entitlement.TypeUserUpdate:
		return entitlement.ActivityUserExtends
	case entitlement.TypeUserRemove, entitlement.TypeApproverRemove:
		return entitlement.ActivityUserRemoves
	case entitlement.TypeAdminAdd:
		return entitlement.ActivityAdminAssigns
	case entitlement.TypeAdminUpdate, entitlement.TypeSystemUpdate:
		return entitlement.ActivityUpdateRequest
	case entitlement.TypeAdminRemove:
		return entitlement.ActivityAdminRemoves
	case entitlement.TypeSystemAdd:
		return entitlement.ActivitySystemCreates
	case entitlement.TypeSystemRemove:
		return entitlement.ActivitySystemRemoves
	}
	if target == entitlement.SubjectServicePrincipal {
		return entitlement.ActivityRequestsForService
	}
	return entitlement.ActivityUserRequests
}
