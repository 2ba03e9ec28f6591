package rules

import (
	"strings"

	"anteroom/internal/entitlement"
)

// MaySubmit returns nil when the actor may make a request of the type for the target.
// Whether the policy lets the target in is decided by LetsIn.
func MaySubmit(a entitlement.Actor, t entitlement.RequestType, target entitlement.ID) error {
	switch t {
	case entitlement.TypeAdminAdd, entitlement.TypeAdminRemove:
		return Manages(a)
	case entitlement.TypeUserAdd:
		switch {
		case !a.User:
			return entitlement.Forbidden("userAdd is made by a signed-in user for themselves; an application assigns with adminAdd.")
		case !a.Has(entitlement.PermissionReadWrite, entitlement.PermissionSubjectAccess):
			return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionSubjectAccess)
		case target != a.ObjectID:
			return entitlement.Forbidden("with userAdd a signed-in user may only ask for access for themselves.")
		}
		return nil
	}
	return entitlement.Invalid("requestType", "requestType '%s' is not served; it can be userAdd, adminAdd or adminRemove.", t)
}

// Candidate is who asks, or is to be given, access, and what the directory says of them.
type Candidate struct {
	User *entitlement.User
	// MemberOf holds the ids of those groups named by the policy that they belong to.
	MemberOf map[entitlement.ID]bool
}

// LetsIn returns nil when the policy lets the candidate be given access by a request of
// the type. A refusal says which rule refused.
func LetsIn(p *entitlement.Policy, t entitlement.RequestType, c Candidate, justification *string) error {
	if !c.User.AccountEnabled {
		return refuse("the account of '%s' is disabled.", c.User.UserPrincipalName)
	}
	if t != entitlement.TypeAdminAdd {
		if err := letsAsk(p, justification); err != nil {
			return err
		}
	}
	switch p.AllowedTargetScope {
	case entitlement.ScopeNotSpecified:
		// Nobody may ask; administrators assign whom they choose.
		if t == entitlement.TypeAdminAdd {
			return nil
		}
		return refuse("policy '%s' lets nobody ask (allowedTargetScope is notSpecified); an administrator can assign directly.", p.DisplayName)
	case entitlement.ScopeAllDirectoryUsers:
		return nil
	case entitlement.ScopeAllMemberUsers:
		if c.User.Type == entitlement.UserMember {
			return nil
		}
		return refuse("policy '%s' is for members of the organisation (allowedTargetScope is allMemberUsers), and the userType of '%s' is '%s'.",
			p.DisplayName, c.User.UserPrincipalName, c.User.Type)
	case entitlement.ScopeSpecificDirectoryUsers:
		if named(p, c) {
			return nil
		}
		return refuse("policy '%s' is for named users and groups (specificAllowedTargets), and '%s' is not among them.",
			p.DisplayName, c.User.UserPrincipalName)
	}
	return refuse("policy '%s' has allowedTargetScope '%s', which this server does not enforce.", p.DisplayName, p.AllowedTargetScope)
}

func letsAsk(p *entitlement.Policy, justification *string) error {
	if s := p.RequestorSettings; s == nil || s.EnableTargetsToSelfAddAccess == nil || !*s.EnableTargetsToSelfAddAccess {
		return refuse("policy '%s' does not let people ask for themselves (requestorSettings.enableTargetsToSelfAddAccess is not true).", p.DisplayName)
	}
	needs := p.ApprovalSettings != nil && p.ApprovalSettings.IsRequestorJustificationRequired != nil && *p.ApprovalSettings.IsRequestorJustificationRequired
	if needs && (justification == nil || strings.TrimSpace(*justification) == "") {
		return entitlement.Errorf(entitlement.CodePolicyRequirements, "justification",
			"You don't meet policy requirements to request this entitlement: policy '%s' requires a justification (requestApprovalSettings.isRequestorJustificationRequired).", p.DisplayName)
	}
	return nil
}

func named(p *entitlement.Policy, c Candidate) bool {
	for _, s := range p.SpecificAllowedTargets {
		switch s.Kind {
		case entitlement.SingleUser:
			if s.ID == c.User.ID {
				return true
			}
		case entitlement.GroupMembers:
			if c.MemberOf[s.ID] {
				return true
			}
		}
	}
	return false
}

func refuse(format string, args ...any) error {
	return entitlement.Errorf(entitlement.CodePolicyRequirements, "assignment/target",
		"You don't meet policy requirements to request this entitlement: "+format, args...)
}
