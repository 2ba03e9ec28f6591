package graph

import "anteroom/internal/entitlement"

// The settings of a policy. Each member of the schema is either enforced or refused by
// name, so that nothing is stored and then ignored.

// notEnforced refuses a setting.
func notEnforced(n node, must string) error {
	return entitlement.Unsupported(n.at, "%s is not enforced by this server yet, so it is not stored; it must be %s.", n.at, must)
}

func writeTargets(e *encoder, p *entitlement.Policy) {
	e.openList()
	for i := range p.SpecificAllowedTargets {
		t := &p.SpecificAllowedTargets[i]
		e.open()
		e.odataType(string(t.Kind))
		if t.Kind == entitlement.GroupMembers {
			e.key("groupId").text(string(t.ID))
		} else {
			e.key("userId").text(string(t.ID))
		}
		e.key("description").optionalText(t.Description)
		e.close()
	}
	e.closeList()
}

func readTargets(n node, p *entitlement.Policy) error {
	p.SpecificAllowedTargets = nil
	return n.each(func(n node) error {
		t, err := readSubjectSet(n)
		if err == nil {
			p.SpecificAllowedTargets = append(p.SpecificAllowedTargets, t)
		}
		return err
	})
}

// otherSubjectSets are the types of the subjectSet family that are not resolved.
var otherSubjectSets = []string{
	"connectedOrganizationMembers", "singleServicePrincipal", "attributeRuleMembers", "requestorManager", "targetManager",
	"internalSponsors", "externalSponsors", "targetUserSponsors", "targetApplicationOwners", "targetAgentIdentitySponsorsOrOwners",
}

// graph: subjectSet
func readSubjectSet(n node) (entitlement.SubjectSet, error) {
	var s entitlement.SubjectSet
	if n.kind != isObject {
		return s, n.wrongKind("an object")
	}
	typ, err := n.typeName()
	if err != nil {
		return s, err
	}
	own := "userId"
	kind, ok := entitlement.ParseEnum([]entitlement.SubjectSetKind{entitlement.SingleUser, entitlement.GroupMembers}, typ)
	if s.Kind = kind; kind == entitlement.GroupMembers {
		own = "groupId"
	}
	if !ok {
		return s, unknownSubjectSet(n, typ)
	}
	err = n.fields(string(kind), func(name string, n node) (_ bool, err error) {
		switch name {
		case own, "id": // beta calls it id
			var id entitlement.ID
			if id, err = n.optionalID(); err == nil {
				err = agree(n, &s.ID, id)
			}
		case "description":
			if s.Description, err = n.optionalString(); err == nil && s.Description != nil && len(*s.Description) > entitlement.MaxText {
				err = entitlement.Invalid(n.at, "%s is too long.", n.at)
			}
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && s.ID == "" {
		err = entitlement.Invalid(n.at+"/"+own, "%s/%s is required.", n.at, own)
	}
	return s, err
}

func unknownSubjectSet(n node, typ string) error {
	if typ == "" {
		return entitlement.Invalid(n.at+"/@odata.type", "%s/@odata.type is required: #microsoft.graph.singleUser or #microsoft.graph.groupMembers.", n.at)
	}
	if other, ok := entitlement.ParseEnum(otherSubjectSets, typ); ok {
		return entitlement.Unsupported(n.at, "Entries of type '%s' are not enforced by this server yet; use singleUser or groupMembers.", other)
	}
	return entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of subject set; use #microsoft.graph.singleUser or #microsoft.graph.groupMembers.", clip(typ, 128))
}

func readPolicyExpiration(n node, p *entitlement.Policy) (err error) {
	p.Expiration, err = readExpiration(n)
	return err
}

// requestorFlag is a member of accessPackageAssignmentRequestorSettings.
type requestorFlag struct {
	name     string
	enforced bool
	ref      func(*entitlement.RequestorSettings) **bool
}

var requestorFlags = []requestorFlag{
	{"enableTargetsToSelfAddAccess", true, func(s *entitlement.RequestorSettings) **bool { return &s.EnableTargetsToSelfAddAccess }},
	{"enableTargetsToSelfUpdateAccess", false, func(s *entitlement.RequestorSettings) **bool { return &s.EnableTargetsToSelfUpdateAccess }},
	{"enableTargetsToSelfRemoveAccess", false, func(s *entitlement.RequestorSettings) **bool { return &s.EnableTargetsToSelfRemoveAccess }},
	{"allowCustomAssignmentSchedule", false, func(s *entitlement.RequestorSettings) **bool { return &s.AllowCustomAssignmentSchedule }},
	{"enableOnBehalfRequestorsToAddAccess", false, func(s *entitlement.RequestorSettings) **bool { return &s.EnableOnBehalfRequestorsToAddAccess }},
	{"enableOnBehalfRequestorsToUpdateAccess", false, func(s *entitlement.RequestorSettings) **bool { return &s.EnableOnBehalfRequestorsToUpdateAccess }},
	{"enableOnBehalfRequestorsToRemoveAccess", false, func(s *entitlement.RequestorSettings) **bool { return &s.EnableOnBehalfRequestorsToRemoveAccess }},
}

func writeRequestorSettings(e *encoder, p *entitlement.Policy) {
	if p.RequestorSettings == nil {
		e.null()
		return
	}
	e.open()
	for _, f := range requestorFlags {
		e.key(f.name).optionalBoolean(*f.ref(p.RequestorSettings))
	}
	e.key("onBehalfRequestors").openList()
	e.closeList()
	e.close()
}

// graph: accessPackageAssignmentRequestorSettings
func readRequestorSettings(n node, p *entitlement.Policy) error {
	p.RequestorSettings = nil
	if n.kind == isNull {
		return nil
	}
	settings := new(entitlement.RequestorSettings)
	p.RequestorSettings = settings
	return n.fields("accessPackageAssignmentRequestorSettings", func(name string, n node) (_ bool, err error) {
		if name == "onBehalfRequestors" {
			if !n.isEmpty() {
				err = notEnforced(n, "empty")
			}
			return true, err
		}
		for _, f := range requestorFlags {
			if f.name == name {
				return true, readFlag(n, f.ref(settings), f.enforced)
			}
		}
		return false, nil
	})
}

// readFlag reads a flag; true is refused where it is not enforced.
func readFlag(n node, to **bool, enforced bool) error {
	b, err := n.optionalBoolean()
	if err == nil && b != nil && *b && !enforced {
		return notEnforced(n, "false or null")
	}
	*to = b
	return err
}

func writeApprovalSettings(e *encoder, p *entitlement.Policy) {
	s := p.ApprovalSettings
	if s == nil {
		e.null()
		return
	}
	e.open()
	e.key("isApprovalRequiredForAdd").optionalBoolean(s.IsApprovalRequiredForAdd)
	e.key("isApprovalRequiredForUpdate").optionalBoolean(s.IsApprovalRequiredForUpdate)
	e.key("isRequestorJustificationRequired").optionalBoolean(s.IsRequestorJustificationRequired)
	e.key("stages").openList()
	e.closeList()
	e.close()
}

// graph: accessPackageAssignmentApprovalSettings
func readApprovalSettings(n node, p *entitlement.Policy) error {
	p.ApprovalSettings = nil
	if n.kind == isNull {
		return nil
	}
	settings := new(entitlement.ApprovalSettings)
	p.ApprovalSettings = settings
	return n.fields("accessPackageAssignmentApprovalSettings", func(name string, n node) (_ bool, err error) {
		switch name {
		case "isApprovalRequiredForAdd":
			err = readFlag(n, &settings.IsApprovalRequiredForAdd, false)
		case "isApprovalRequiredForUpdate":
			err = readFlag(n, &settings.IsApprovalRequiredForUpdate, false)
		case "isRequestorJustificationRequired":
			err = readFlag(n, &settings.IsRequestorJustificationRequired, true)
		case "stages":
			if !n.isEmpty() {
				err = notEnforced(n, "empty")
			}
		default:
			return false, nil
		}
		return true, err
	})
}

func refuseAutomatic(n node, _ *entitlement.Policy) error {
	if n.kind == isNull {
		return nil
	}
	return notEnforced(n, "null")
}

// readReviewSettings takes reviews that are switched off, and no other. What is written
// back is null.
//
// graph: accessPackageAssignmentReviewSettings
func readReviewSettings(n node, _ *entitlement.Policy) error {
	if n.kind == isNull {
		return nil
	}
	enabled := true // null and absent are not "off" for certain
	err := n.fields("accessPackageAssignmentReviewSettings", func(name string, n node) (_ bool, err error) {
		switch name {
		case "isEnabled":
			var b *bool
			if b, err = n.optionalBoolean(); b != nil {
				enabled = *b
			}
		case "expirationBehavior", "fallbackReviewers", "isRecommendationEnabled", "isReviewerJustificationRequired",
			"isSelfReview", "primaryReviewers", "schedule": // they say how, not whether
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && enabled {
		err = notEnforced(n, "null, or have isEnabled false")
	}
	return err
}

func writeNotificationSettings(e *encoder, p *entitlement.Policy) {
	if p.NotificationDisabled == nil {
		e.null()
		return
	}
	e.open()
	e.key("isAssignmentNotificationDisabled").boolean(*p.NotificationDisabled)
	e.close()
}

// graph: accessPackageNotificationSettings
func readNotificationSettings(n node, p *entitlement.Policy) error {
	p.NotificationDisabled = nil
	if n.kind == isNull {
		return nil
	}
	disabled := false
	p.NotificationDisabled = &disabled
	return n.fields("accessPackageNotificationSettings", func(name string, n node) (_ bool, err error) {
		if name != "isAssignmentNotificationDisabled" {
			return false, nil
		}
		disabled, err = n.boolean()
		return true, err
	})
}
