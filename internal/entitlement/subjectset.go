package entitlement

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// SubjectSet is a subjectSet: a way to say which people or applications are meant. Which
// members are used depends on its kind. Description is the caller's text, given back as
// it came.
type SubjectSet struct {
	Kind SubjectSetKind `json:"kind"`
	// ID is that of the user, group, connected organization or service principal.
	ID ID `json:"id,omitzero"`
	// ManagerLevel is how many managers up: 1 is the manager themselves.
	ManagerLevel int `json:"level,omitzero"`
	// Rule is the membershipRule of attributeRuleMembers.
	Rule        string  `json:"rule,omitzero"`
	Description *string `json:"description,omitzero"`
}

// SubjectSetKind is the derived type of a subject set, without its namespace.
type SubjectSetKind string

// Kinds of subject set.
const (
	SingleUser                   SubjectSetKind = "singleUser"
	GroupMembers                 SubjectSetKind = "groupMembers"
	ConnectedOrganizationMembers SubjectSetKind = "connectedOrganizationMembers"
	SingleServicePrincipal       SubjectSetKind = "singleServicePrincipal"
	AttributeRuleMembers         SubjectSetKind = "attributeRuleMembers"
	RequestorManager             SubjectSetKind = "requestorManager"
	TargetManager                SubjectSetKind = "targetManager"
	InternalSponsors             SubjectSetKind = "internalSponsors" // of the target's connected organization
	ExternalSponsors             SubjectSetKind = "externalSponsors" // of the target's connected organization
	TargetUserSponsors           SubjectSetKind = "targetUserSponsors"
	TargetApplicationOwners      SubjectSetKind = "targetApplicationOwners"
	TargetAgentSponsorsOrOwners  SubjectSetKind = "targetAgentIdentitySponsorsOrOwners"
)

// SubjectSetKinds lists all kinds.
var SubjectSetKinds = []SubjectSetKind{
	SingleUser, GroupMembers, ConnectedOrganizationMembers, SingleServicePrincipal, AttributeRuleMembers, RequestorManager,
	TargetManager, InternalSponsors, ExternalSponsors, TargetUserSponsors, TargetApplicationOwners, TargetAgentSponsorsOrOwners,
}

// Kinds of subject set by where they may stand.
var (
	// ApproverKinds may decide on a request (graph: accessPackageApprovalStage).
	ApproverKinds = []SubjectSetKind{
		SingleUser, GroupMembers, RequestorManager, TargetManager, InternalSponsors, ExternalSponsors, TargetUserSponsors,
		TargetApplicationOwners, TargetAgentSponsorsOrOwners,
	}
	// OnBehalfKinds may ask for others (graph: accessPackageAssignmentRequestorSettings).
	OnBehalfKinds = []SubjectSetKind{
		SingleUser, GroupMembers, TargetManager, InternalSponsors, ExternalSponsors, TargetUserSponsors, TargetApplicationOwners,
		TargetAgentSponsorsOrOwners, AttributeRuleMembers, ConnectedOrganizationMembers, RequestorManager,
	}
)

// MaxManagerLevel is how many managers up a subject set may reach.
const MaxManagerLevel = 4

// MaxRule is the greatest length of a membership rule, in characters (graph: dynamic
// membership rules).
const MaxRule = 3072

// validate checks a set that has to be of one of the kinds; at is where it stands.
func (s *SubjectSet) validate(at string, kinds []SubjectSetKind) error {
	if !slices.Contains(kinds, s.Kind) {
		return Invalid(at, "%s cannot be of type %s; it can be of type %s.", at, s.Kind, EnumWords(kinds))
	}
	if err := checkText(at, s.Description); err != nil {
		return err
	}
	switch s.Kind {
	case SingleUser, GroupMembers, ConnectedOrganizationMembers, SingleServicePrincipal:
		if s.ID == "" {
			return Invalid(at, "%s, of type %s, needs the id that it is about.", at, s.Kind)
		}
	case RequestorManager, TargetManager:
		if s.ManagerLevel < 1 || s.ManagerLevel > MaxManagerLevel {
			return Invalid(at+"/managerLevel", "managerLevel is %d; it must be between 1 and %d.", s.ManagerLevel, MaxManagerLevel)
		}
	case AttributeRuleMembers:
		if n := utf8.RuneCountInString(s.Rule); n == 0 || n > MaxRule {
			return Invalid(at+"/membershipRule", "%s, of type attributeRuleMembers, needs a membershipRule of 1 to %d characters; this one has %d.", at, MaxRule, n)
		}
	}
	return nil
}

func validateSets(at string, sets []SubjectSet, most int, kinds []SubjectSetKind) error {
	if len(sets) > most {
		return Invalid(at, "%s has %d entries; the most is %d.", at, len(sets), most)
	}
	for i := range sets {
		if err := sets[i].validate(at+"["+strconv.Itoa(i)+"]", kinds); err != nil {
			return err
		}
	}
	return nil
}
