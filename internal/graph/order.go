package graph

import (
	"strings"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

// orderReader reads the body of a new request. What is asked for may be named by flat
// ids, by nested objects, or by both if they say the same.
type orderReader struct {
	*schema
	order    engine.Order
	hasType  bool
	hasAlias string // the name under which the assignment came
}

// readOrder reads the body of a new request.
func (s *schema) readOrder(body node) (engine.Order, error) {
	o := orderReader{schema: s}
	if err := body.fields(s.request.name, o.member); err != nil {
		return engine.Order{}, err
	}
	if !o.hasType {
		return engine.Order{}, entitlement.Invalid("requestType", "requestType is required: userAdd, userUpdate, userRemove, onBehalfAdd, approverRemove, adminAdd, adminUpdate or adminRemove.")
	}
	return o.order, nil
}

func (o *orderReader) member(name string, n node) (bool, error) {
	var err error
	switch name {
	case "requestType":
		err = o.requestType(n)
	case "justification":
		err = o.justification(n)
	case "answers":
		o.order.Answers, err = o.readAnswers(n)
	case "schedule":
		err = o.schedule(n)
	case "assignment", "accessPackageAssignment":
		if o.hasAlias != "" {
			return true, entitlement.Invalid(n.at, "The body has both '%s' and '%s', which are two names of one property.", o.hasAlias, name)
		}
		if o.hasAlias = name; n.kind != isNull {
			err = n.fields(o.assignment.name, o.assignmentMember)
		}
	case "accessPackage":
		err = o.nested(n, &o.order.PackageID, o.pkg.reference)
	default:
		return o.request.knows(name), nil // the rest is read-only
	}
	return true, err
}

// requestType reads the type. UserExtend is a word of older documents.
func (o *orderReader) requestType(n node) error {
	if n.kind == isString && strings.EqualFold(n.text, "userExtend") {
		o.hasType, o.order.Type = true, entitlement.TypeUserUpdate
		return nil
	}
	t, err := enum(n, entitlement.RequestTypes)
	o.hasType, o.order.Type = true, t
	return err
}

func (o *orderReader) justification(n node) error {
	s, err := n.shortString(entitlement.MaxText)
	if err == nil && n.kind != isNull {
		o.order.Justification = &s
	}
	return err
}

// assignmentMember reads the assignment of a new request. The flat ids are not in the
// schema, but are the documented input.
func (o *orderReader) assignmentMember(name string, n node) (bool, error) {
	var err error
	switch name {
	case "id":
		err = o.set(n, &o.order.AssignmentID)
	case "targetId":
		err = o.set(n, &o.order.TargetID)
	case "assignmentPolicyId":
		err = o.set(n, &o.order.PolicyID)
	case "accessPackageId":
		err = o.set(n, &o.order.PackageID)
	case "target":
		err = o.nested(n, &o.order.TargetID, o.target)
	case "assignmentPolicy":
		err = o.nested(n, &o.order.PolicyID, o.policy.reference)
	case "accessPackage":
		err = o.nested(n, &o.order.PackageID, o.pkg.reference)
	case "schedule":
		err = o.schedule(n)
	default:
		return o.assignment.knows(name), nil
	}
	return true, err
}

// set takes an id over, which must not contradict one that was read before.
func (o *orderReader) set(n node, to *entitlement.ID) error {
	id, err := n.optionalID()
	if err != nil {
		return err
	}
	return agree(n, to, id)
}

func agree(n node, to *entitlement.ID, id entitlement.ID) error {
	if id == "" {
		return nil
	}
	if *to != "" && *to != id {
		return entitlement.Invalid(n.at, "The body names two: '%s' at %s, and elsewhere '%s'.", id, n.at, *to)
	}
	*to = id
	return nil
}

func (o *orderReader) nested(n node, to *entitlement.ID, read func(node) (entitlement.ID, error)) error {
	if n.kind == isNull {
		return nil
	}
	id, err := read(n)
	if err != nil {
		return err
	}
	return agree(n, to, id)
}

// target reads an accessPackageSubject that names a person or a service principal.
func (o *orderReader) target(n node) (entitlement.ID, error) {
	var id entitlement.ID
	var email node
	err := n.fields(o.subject.name, func(name string, n node) (bool, error) {
		switch name {
		case "id", "objectId":
			return true, o.set(n, &id)
		case "email":
			if n.kind != isNull {
				email = n
			}
			return true, nil
		}
		return o.subject.knows(name), nil
	})
	if err == nil && id == "" && email.value != nil {
		err = entitlement.Unsupported(email.at, "A target cannot be named by email: this server never guesses who is meant. Give the object id of a user or a service principal in the directory: assignment.targetId or assignment.target.objectId.")
	}
	return id, err
}

// schedule reads an entitlementManagementSchedule. It may stand at the request, at its
// assignment, or at both if they say the same.
//
// graph: entitlementManagementSchedule
func (o *orderReader) schedule(n node) error {
	if n.kind == isNull {
		return nil
	}
	return n.fields("entitlementManagementSchedule", func(name string, n node) (bool, error) {
		switch name {
		case "startDateTime":
			return true, o.start(n)
		case "expiration":
			return true, o.expiration(n)
		case "recurrence":
			if n.kind != isNull {
				return true, entitlement.Unsupported(n.at, "Recurring access is not served: %s must be null.", n.at)
			}
			return true, nil
		}
		return false, nil
	})
}

func (o *orderReader) start(n node) error {
	t, err := n.optionalInstant()
	if err != nil || t.IsZero() {
		return err
	}
	t = t.UTC().Truncate(time.Microsecond) // as it is stored
	if have := o.order.Schedule.StartAt; !have.IsZero() && !have.Equal(t) {
		return entitlement.Invalid(n.at, "The body says twice when access begins: %s at %s, and elsewhere %s.",
			t.Format(time.RFC3339Nano), n.at, have.Format(time.RFC3339Nano))
	}
	o.order.Schedule.StartAt = t
	return nil
}

// expiration reads an expirationPattern. One of type notSpecified says nothing.
func (o *orderReader) expiration(n node) error {
	x, err := readExpirationPattern(n)
	if err == nil {
		err = x.Validate(n.at)
	}
	if err != nil || x == nil {
		return err
	}
	said := func(x *entitlement.Expiration) bool { return x != nil && x.Type != entitlement.ExpirationNotSpecified }
	have := o.order.Schedule.Expiration
	switch {
	case !said(have):
		o.order.Schedule.Expiration = x
	case said(x) && *have != *x:
		return entitlement.Invalid(n.at, "The body says twice when access ends, and not the same: type %s at %s, and elsewhere type %s.", x.Type, n.at, have.Type)
	}
	return nil
}
