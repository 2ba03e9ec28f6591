package graph

import (
	"time"

	"anteroom/internal/entitlement"
)

// Types of a stage of approval.
const (
	approvalStageType        = "accessPackageApprovalStage"
	dynamicApprovalStageType = "accessPackageDynamicApprovalStage"
)

// approverCollections are the collections of a stage that name approvers.
var approverCollections = []struct {
	name string
	ref  func(*entitlement.ApprovalStage) *[]entitlement.SubjectSet
}{
	{"primaryApprovers", func(s *entitlement.ApprovalStage) *[]entitlement.SubjectSet { return &s.Primary }},
	{"fallbackPrimaryApprovers", func(s *entitlement.ApprovalStage) *[]entitlement.SubjectSet { return &s.FallbackPrimary }},
	{"escalationApprovers", func(s *entitlement.ApprovalStage) *[]entitlement.SubjectSet { return &s.Alternates }},
	{"fallbackEscalationApprovers", func(s *entitlement.ApprovalStage) *[]entitlement.SubjectSet { return &s.FallbackAlternates }},
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
	for i := range s.Stages {
		writeApprovalStage(e, &s.Stages[i])
	}
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
			settings.IsApprovalRequiredForAdd, err = n.optionalBoolean()
		case "isApprovalRequiredForUpdate":
			settings.IsApprovalRequiredForUpdate, err = n.optionalBoolean()
		case "isRequestorJustificationRequired":
			settings.IsRequestorJustificationRequired, err = n.optionalBoolean()
		case "stages":
			err = n.each(func(n node) error {
				stage, err := readApprovalStage(n)
				settings.Stages = append(settings.Stages, stage)
				return err
			})
		default:
			return false, nil
		}
		return true, err
	})
}

// writeApprovalStage writes an accessPackageApprovalStage. All four collections are always
// there: clients of the service count on it.
func writeApprovalStage(e *encoder, s *entitlement.ApprovalStage) {
	e.open()
	if s.Dynamic {
		e.odataType(dynamicApprovalStageType)
	}
	e.key("durationBeforeAutomaticDenial").duration(s.AutomaticDenial)
	e.key("isApproverJustificationRequired").optionalBoolean(s.JustificationRequired)
	e.key("isEscalationEnabled").optionalBoolean(s.EscalationEnabled)
	e.key("durationBeforeEscalation").duration(s.Escalation)
	for _, c := range approverCollections {
		e.key(c.name)
		writeSubjectSets(e, *c.ref(s))
	}
	visibility := s.Visibility
	if visibility == "" {
		visibility = entitlement.VisibilityDefault
	}
	e.key("approverInformationVisibility").text(string(visibility))
	if s.Dynamic {
		e.key("customExtension")
		writeExtensionReference(e, s.ExtensionID)
	}
	e.close()
}

// readApprovalStage reads an accessPackageApprovalStage or one derived from it.
//
// graph: accessPackageApprovalStage, accessPackageDynamicApprovalStage
func readApprovalStage(n node) (entitlement.ApprovalStage, error) {
	s := entitlement.ApprovalStage{AutomaticDenial: entitlement.DefaultApprovalStage, Visibility: entitlement.VisibilityDefault}
	if n.kind != isObject {
		return s, n.wrongKind("an object")
	}
	typ := approvalStageType
	given, err := n.typeName()
	if err != nil {
		return s, err
	}
	if given != "" {
		known := []string{approvalStageType, dynamicApprovalStageType}
		var ok bool
		if typ, ok = entitlement.ParseEnum(known, given); !ok {
			return s, entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of approval stage; it can be %s.", clip(given, 128), entitlement.EnumWords(known))
		}
	}
	s.Dynamic = typ == dynamicApprovalStageType
	err = n.fields(typ, func(name string, n node) (bool, error) { return readStageMember(&s, name, n) })
	return s, err
}

func readStageMember(s *entitlement.ApprovalStage, name string, n node) (_ bool, err error) {
	switch name {
	case "durationBeforeAutomaticDenial":
		s.AutomaticDenial, err = durationOr(n, entitlement.DefaultApprovalStage)
	case "durationBeforeEscalation":
		s.Escalation, err = durationOr(n, 0)
	case "isApproverJustificationRequired":
		s.JustificationRequired, err = n.optionalBoolean()
	case "isEscalationEnabled":
		s.EscalationEnabled, err = n.optionalBoolean()
	case "approverInformationVisibility":
		if n.kind != isNull {
			s.Visibility, err = enum(n, entitlement.Visibilities)
		}
	case "customExtension":
		if !s.Dynamic {
			return false, nil
		}
		s.ExtensionID, err = readExtensionReference(n)
	default:
		for _, c := range approverCollections {
			if c.name == name {
				*c.ref(s), err = readSubjectSets(n)
				return true, err
			}
		}
		return false, nil
	}
	return true, err
}

// durationOr reads an Edm.Duration; null is the default.
func durationOr(n node, otherwise time.Duration) (time.Duration, error) {
	if n.kind == isNull {
		return otherwise, nil
	}
	return n.duration()
}

// writeExtensionReference writes the extension of a dynamic stage as a body names it, so
// that what was read can be written back.
func writeExtensionReference(e *encoder, id entitlement.ID) {
	if id == "" {
		e.null()
		return
	}
	e.open()
	e.odataType(string(entitlement.RequestExtension))
	e.key("id").text(string(id))
	e.close()
}

// readExtensionReference reads the extension of a dynamic stage; null is none. Only the id
// is read, as clients send back whole objects that they have read.
func readExtensionReference(n node) (id entitlement.ID, err error) {
	if n.kind == isNull {
		return "", nil
	}
	err = n.fields("customCalloutExtension", func(name string, n node) (_ bool, err error) {
		if name == "id" {
			id, err = n.id()
		}
		return true, err
	})
	if err == nil && id == "" {
		err = entitlement.Invalid(n.at+"/id", "%s/id is required: the id of a custom extension of the catalog.", n.at)
	}
	return id, err
}
