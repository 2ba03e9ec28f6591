package rules

import (
	"slices"
	"strings"

	"anteroom/internal/entitlement"
)

// submitted are the types of request that callers may make; the others are the server's.
//
// contract: lifecycle a.2, a.3
var submitted = []entitlement.RequestType{
	entitlement.TypeUserAdd, entitlement.TypeUserUpdate, entitlement.TypeUserRemove, entitlement.TypeOnBehalfAdd,
	entitlement.TypeApproverRemove, entitlement.TypeAdminAdd, entitlement.TypeAdminUpdate, entitlement.TypeAdminRemove,
}

func byAdmin(t entitlement.RequestType) bool {
	return t == entitlement.TypeAdminAdd || t == entitlement.TypeAdminUpdate || t == entitlement.TypeAdminRemove
}

// BySystem reports whether requests of the type are made by the server itself, and by
// nobody else.
func BySystem(t entitlement.RequestType) bool {
	return t == entitlement.TypeSystemAdd || t == entitlement.TypeSystemUpdate || t == entitlement.TypeSystemRemove
}

// ByPerson reports whether requests of the type are made by signed-in users as such.
func ByPerson(t entitlement.RequestType) bool { return !byAdmin(t) && !BySystem(t) }

// Quiet reports whether nobody is told of the outcome of requests of the type: those that
// an administrator or the server makes.
//
// contract: lifecycle g
func Quiet(t entitlement.RequestType) bool { return !ByPerson(t) }

// MaySubmit returns nil when the actor's token allows a request of the type. target is for
// whom new access is asked. Whose access is updated or removed is known once the assignment
// is: that, and who may ask for others, is decided by MayChange and MayAsk.
func MaySubmit(a entitlement.Actor, t entitlement.RequestType, target entitlement.ID) error {
	switch {
	case byAdmin(t):
		return Manages(a)
	case BySystem(t):
		return entitlement.Invalid("requestType", "Requests of type '%s' are made by the server itself; requestType can be %s.", t, entitlement.EnumWords(submitted))
	case !slices.Contains(submitted, t):
		return entitlement.Invalid("requestType", "requestType '%s' cannot be submitted; it can be %s.", t, entitlement.EnumWords(submitted))
	case !a.User:
		return entitlement.Forbidden("%s is made by a signed-in user; an application uses %s, %s or %s.",
			t, entitlement.TypeAdminAdd, entitlement.TypeAdminUpdate, entitlement.TypeAdminRemove)
	case a.ObjectID == "":
		return entitlement.Forbidden("the token does not say who the signed-in user is (claim oid).")
	case !a.Has(entitlement.PermissionReadWrite, entitlement.PermissionSubjectAccess):
		return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionSubjectAccess)
	case t == entitlement.TypeUserAdd && target != a.ObjectID:
		return entitlement.Forbidden("with userAdd a signed-in user may only ask for access for themselves; onBehalfAdd asks for somebody else, or for a service principal.")
	case t == entitlement.TypeOnBehalfAdd && target == a.ObjectID:
		return entitlement.Invalid("assignment/targetId", "onBehalfAdd asks for access for somebody else; ask for yourself with userAdd.")
	}
	return nil
}

// MayAsk returns nil when the policy lets new access be asked for by a request of the type.
// onBehalf says that the policy lists the actor among those who may ask for others
// (onBehalfRequestors). Whether it lets the target in is decided by LetsIn.
func MayAsk(p *entitlement.Policy, t entitlement.RequestType, onBehalf bool) error {
	s := settingsOf(p)
	switch {
	case t == entitlement.TypeSystemAdd && p.Automatic.Gives():
		return nil
	case t == entitlement.TypeSystemAdd:
		return refuseAt(atPolicy, "policy '%s' does not assign by itself (automaticRequestSettings.requestAccessForAllowedTargets is not true).", p.DisplayName)
	case p.Automatic != nil:
		return refuseAt(atPolicy, "policy '%s' is an automatic assignment policy: the server itself assigns whom its rule means, and nobody asks for it or assigns through it. Use another policy of the access package.", p.DisplayName)
	case t == entitlement.TypeAdminAdd:
		return nil
	case t == entitlement.TypeUserAdd && on(s.EnableTargetsToSelfAddAccess):
		return nil
	case t == entitlement.TypeUserAdd:
		return refuseAt(atPolicy, "policy '%s' does not let people ask for themselves (requestorSettings.enableTargetsToSelfAddAccess is not true).", p.DisplayName)
	case t == entitlement.TypeOnBehalfAdd && !on(s.EnableOnBehalfRequestorsToAddAccess):
		return refuseAt(atPolicy, "policy '%s' does not let anybody ask for others (requestorSettings.enableOnBehalfRequestorsToAddAccess is not true).", p.DisplayName)
	case t == entitlement.TypeOnBehalfAdd && onBehalf:
		return nil
	case t == entitlement.TypeOnBehalfAdd:
		return refuseAt(atPolicy, "policy '%s' does not list you among those who may ask for this target (requestorSettings.onBehalfRequestors).", p.DisplayName)
	}
	return refuseAt(atPolicy, "a request of type '%s' does not ask for new access.", t)
}

// MayMake returns nil when a signed-in user who is in the directory may make requests.
//
// contract: lifecycle d.4 (a blocked account cannot request)
func MayMake(u *entitlement.User) error {
	if u.AccountEnabled {
		return nil
	}
	return refuseAt("requestor", "the account of '%s', who asks, is disabled.", u.UserPrincipalName)
}

// Justified returns nil when the request says why as far as it has to: where the policy
// wants a reason from requestors, and always where an approver takes access back.
func Justified(p *entitlement.Policy, t entitlement.RequestType, justification *string) error {
	if justification != nil && strings.TrimSpace(*justification) != "" {
		return nil
	}
	switch {
	case t == entitlement.TypeApproverRemove:
		return entitlement.Invalid("justification", "justification is required for approverRemove: say why the access is taken back.")
	case !ByPerson(t) || t.Removes():
		return nil
	case p.ApprovalSettings == nil || !on(p.ApprovalSettings.IsRequestorJustificationRequired):
		return nil
	}
	return refuseAt("justification", "policy '%s' requires a justification (requestApprovalSettings.isRequestorJustificationRequired).", p.DisplayName)
}

func settingsOf(p *entitlement.Policy) entitlement.RequestorSettings {
	if p.RequestorSettings == nil {
		return entitlement.RequestorSettings{}
	}
	return *p.RequestorSettings
}

// on reports whether a flag that may be absent is set.
func on(flag *bool) bool { return flag != nil && *flag }

// Where a refusal points.
const (
	atTarget     = "assignment/target"
	atPolicy     = "assignment/assignmentPolicyId"
	atPackage    = "assignment/accessPackageId"
	atAssignment = "assignment/id"
)

// notMet begins the message of each refusal of a policy, in the words of the original
// service (contract: lifecycle f).
const notMet = "You don't meet policy requirements to request this entitlement: "

func refuse(format string, args ...any) error { return refuseAt(atTarget, format, args...) }

func refuseAt(target, format string, args ...any) error {
	return entitlement.Errorf(entitlement.CodePolicyRequirements, target, notMet+format, args...)
}
