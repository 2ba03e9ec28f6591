package rules

import (
	"slices"

	"anteroom/internal/entitlement"
)

// MayChange returns nil when the actor may update or remove the assignment, which is
// through the policy, by a request of the type. onBehalf says that the policy lists the
// actor among those who may ask for others. Who has no tie to it learns nothing of it.
func MayChange(a entitlement.Actor, t entitlement.RequestType, as *entitlement.Assignment, p *entitlement.Policy, onBehalf bool) error {
	switch {
	case byAdmin(t):
		return Manages(a)
	case BySystem(t):
		return nil // no caller makes one: MaySubmit
	case t == entitlement.TypeApproverRemove:
		return mayTakeBack(a, as)
	case t != entitlement.TypeUserUpdate && t != entitlement.TypeUserRemove:
		return entitlement.Invalid("requestType", "A request of type '%s' does not change an assignment.", t)
	}
	self := a.ObjectID != "" && as.TargetID == a.ObjectID
	if !self && !onBehalf {
		return strange(a, as, "%s is for the target of the assignment, and for those whom its policy lists in requestorSettings.onBehalfRequestors; an administrator uses %s or %s.",
			t, entitlement.TypeAdminUpdate, entitlement.TypeAdminRemove)
	}
	if as.Automatic || p.Automatic != nil {
		return refuseAt(atAssignment, "assignment '%s' was given by the automatic assignment policy '%s': it lasts for as long as its rule means the target, and nobody but an administrator changes it.", as.ID, p.DisplayName)
	}
	return flagged(p, t, self)
}

// flagged returns nil when the policy's flag for the request is set.
func flagged(p *entitlement.Policy, t entitlement.RequestType, self bool) error {
	s := settingsOf(p)
	var flag *bool
	var name string
	switch {
	case t == entitlement.TypeUserUpdate && self:
		flag, name = s.EnableTargetsToSelfUpdateAccess, "enableTargetsToSelfUpdateAccess"
	case t == entitlement.TypeUserUpdate:
		flag, name = s.EnableOnBehalfRequestorsToUpdateAccess, "enableOnBehalfRequestorsToUpdateAccess"
	case self:
		flag, name = s.EnableTargetsToSelfRemoveAccess, "enableTargetsToSelfRemoveAccess"
	default:
		flag, name = s.EnableOnBehalfRequestorsToRemoveAccess, "enableOnBehalfRequestorsToRemoveAccess"
	}
	if on(flag) {
		return nil
	}
	return refuseAt(atAssignment, "policy '%s' does not allow %s by you (requestorSettings.%s is not true).", p.DisplayName, t, name)
}

// mayTakeBack lets those who approved the access take it back.
//
// contract: lifecycle a.3 (approverRemove)
func mayTakeBack(a entitlement.Actor, as *entitlement.Assignment) error {
	if a.ObjectID != "" && a.User && slices.Contains(as.ApprovedBy, a.ObjectID) {
		return nil
	}
	return strange(a, as, "only who approved the access may take it back with approverRemove; an administrator uses %s.", entitlement.TypeAdminRemove)
}

// strange refuses an actor who has no right to the assignment: who may not read it is told
// that there is none.
func strange(a entitlement.Actor, as *entitlement.Assignment, format string, args ...any) error {
	if a.Person() && as.TargetID != a.ObjectID {
		return entitlement.NotFound(string(Assignments), as.ID)
	}
	return entitlement.Forbidden(format, args...)
}

// Changeable returns nil when an assignment is there to be updated or removed.
func Changeable(as *entitlement.Assignment) error {
	if as.State == entitlement.AssignmentDelivered || as.State == entitlement.AssignmentPartiallyDelivered {
		return nil
	}
	return entitlement.Invalid(atAssignment, "Assignment '%s' is in state '%s'; only one that is %s or %s can be updated or removed.",
		as.ID, as.State, entitlement.AssignmentDelivered, entitlement.AssignmentPartiallyDelivered)
}

// Renews says what a request for new access means to a target who has it through the same
// policy already: whether it renews the access. Otherwise it is refused.
//
// contract: lifecycle f (a second adminAdd is refused; userAdd renews)
func Renews(p *entitlement.Policy, t entitlement.RequestType, has *entitlement.Assignment) (bool, error) {
	already := func(instead string) error {
		return entitlement.Errorf(entitlement.CodeExistingAssignment, atTarget, "The target has the access package through policy '%s' already: assignment '%s', in state '%s'. %s",
			p.DisplayName, has.ID, has.State, instead)
	}
	switch {
	case t == entitlement.TypeAdminAdd:
		return false, already("Change it with adminUpdate, or take it away with adminRemove, naming it in assignment.id.")
	case t != entitlement.TypeUserAdd:
		return false, already("Change it with userUpdate, or take it away with userRemove, naming it in assignment.id.")
	case has.Automatic || Changeable(has) != nil:
		return false, already("Wait until that changes.")
	case !on(settingsOf(p).EnableTargetsToSelfUpdateAccess):
		return false, already("The policy does not let you renew it (requestorSettings.enableTargetsToSelfUpdateAccess is not true).")
	}
	return true, nil
}

// OpenAlready refuses a request beside one that is open for the same thing.
func OpenAlready(other *entitlement.Request) error {
	at, what := atTarget, "to have the access package"
	if other.Type.Removes() {
		at, what = atAssignment, "to take assignment '"+string(other.AssignmentID)+"' away"
	}
	return entitlement.Errorf(entitlement.CodeExistingOpenRequest, at,
		"There is an open request for the same target %s: request '%s', of type '%s', in state '%s'. Wait until it is finished, or cancel it.",
		what, other.ID, other.Type, other.State)
}

// Conflict refuses the package to a target who has what excludes it. held are the names of
// the packages that they have, by id, and in those of the groups that they belong to.
//
// contract: lifecycle f (separation of duties; the link is one-way)
func Conflict(pkg *entitlement.Package, excludes []*entitlement.Incompatibility, held, in map[entitlement.ID]string) error {
	for _, x := range excludes {
		if x.PackageID != pkg.ID {
			continue
		}
		what, name, has := "access package", "", false
		if x.OtherPackageID != "" && x.OtherPackageID != pkg.ID {
			name, has = held[x.OtherPackageID]
		}
		if !has && x.GroupID != "" {
			what = "group"
			name, has = in[x.GroupID]
		}
		if has {
			return entitlement.Errorf(entitlement.CodeIncompatibleAccess, atPackage,
				"The target may not have access package '%s' beside %s '%s', which they have: the two are incompatible. That has to be given up first.", pkg.DisplayName, what, name)
		}
	}
	return nil
}
