package graph

import "anteroom/internal/entitlement"

// subjectSetID names the member in which a kind of subject set says whom it is about.
// Beta calls all of them id.
var subjectSetID = map[entitlement.SubjectSetKind]string{
	entitlement.SingleUser:                   "userId",
	entitlement.GroupMembers:                 "groupId",
	entitlement.ConnectedOrganizationMembers: "connectedOrganizationId",
	entitlement.SingleServicePrincipal:       "servicePrincipalId",
}

// hasLevel reports whether a subject set says how many managers up it means.
func hasLevel(k entitlement.SubjectSetKind) bool {
	return k == entitlement.RequestorManager || k == entitlement.TargetManager
}

// hasDescription reports whether a subject set has a text for people.
func hasDescription(k entitlement.SubjectSetKind) bool {
	return k == entitlement.AttributeRuleMembers || subjectSetID[k] != ""
}

// writeSubjectSet writes a subjectSet.
//
// graph: subjectSet and the types derived from it
func writeSubjectSet(e *encoder, s *entitlement.SubjectSet) {
	e.open()
	e.odataType(string(s.Kind))
	own := subjectSetID[s.Kind]
	switch {
	case own != "":
		e.key(own).text(string(s.ID))
	case hasLevel(s.Kind):
		e.key("managerLevel").integer(int64(s.ManagerLevel))
	case s.Kind == entitlement.AttributeRuleMembers:
		e.key("membershipRule").text(s.Rule)
	}
	if hasDescription(s.Kind) {
		e.key("description").optionalText(s.Description)
	}
	e.close()
}

// readSubjectSet reads a subjectSet. Which kinds may stand where it stands, and whether
// what it names exists, is checked by the policy and the engine.
//
// graph: subjectSet and the types derived from it
func readSubjectSet(n node) (entitlement.SubjectSet, error) {
	if n.kind != isObject {
		return entitlement.SubjectSet{}, n.wrongKind("an object")
	}
	kind, err := subjectSetKind(n)
	if err != nil {
		return entitlement.SubjectSet{}, err
	}
	s := entitlement.SubjectSet{Kind: kind}
	if hasLevel(kind) {
		s.ManagerLevel = 1 // the manager themselves
	}
	own := subjectSetID[kind]
	err = n.fields(string(kind), func(name string, n node) (_ bool, err error) {
		switch {
		case name == "isBackup":
			err = refuseBackup(n)
		case own != "" && (name == own || name == "id"):
			var id entitlement.ID
			if id, err = n.optionalID(); err == nil {
				err = agree(n, &s.ID, id)
			}
		case name == "managerLevel" && hasLevel(kind):
			var level *int
			if level, err = n.optionalInteger(); level != nil {
				s.ManagerLevel = *level
			}
		case name == "membershipRule" && kind == entitlement.AttributeRuleMembers:
			s.Rule, err = n.shortString(entitlement.MaxRule)
		case name == "description" && hasDescription(kind):
			s.Description, err = n.optionalString()
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && own != "" && s.ID == "" {
		err = entitlement.Invalid(n.at+"/"+own, "%s/%s is required: the id that the entry of type %s is about.", n.at, own, kind)
	}
	return s, err
}

// subjectSetKind reads the type of a subject set, which cannot be left out.
func subjectSetKind(n node) (entitlement.SubjectSetKind, error) {
	typ, err := n.typeName()
	if err != nil {
		return "", err
	}
	kind, ok := entitlement.ParseEnum(entitlement.SubjectSetKinds, typ)
	switch {
	case typ == "":
		return "", entitlement.Invalid(n.at+"/@odata.type", "%s/@odata.type is required: #microsoft.graph. and %s.", n.at, entitlement.EnumWords(entitlement.SubjectSetKinds))
	case !ok:
		return "", entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of subject set; it can be %s.", clip(typ, 128), entitlement.EnumWords(entitlement.SubjectSetKinds))
	}
	return kind, nil
}

// refuseBackup takes the member isBackup of beta where it says nothing. In v1.0 whom to ask
// in place of others stands in collections of its own.
func refuseBackup(n node) error {
	backup, err := n.optionalBoolean()
	if err == nil && backup != nil && *backup {
		err = entitlement.Invalid(n.at, "%s is a member of beta and must be false; name who is asked in place of others in fallbackPrimaryApprovers or fallbackEscalationApprovers.", n.at)
	}
	return err
}

// writeSubjectSets writes a collection of subject sets: empty, not null, where there are
// none.
func writeSubjectSets(e *encoder, sets []entitlement.SubjectSet) {
	e.openList()
	for i := range sets {
		writeSubjectSet(e, &sets[i])
	}
	e.closeList()
}

// readSubjectSets reads a collection of subject sets; null is none.
func readSubjectSets(n node) ([]entitlement.SubjectSet, error) {
	var sets []entitlement.SubjectSet
	err := n.each(func(n node) error {
		s, err := readSubjectSet(n)
		sets = append(sets, s)
		return err
	})
	return sets, err
}
