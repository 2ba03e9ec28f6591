package graph

import (
	"context"
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
	starts   time.Time
	startsAt string // where the body says so
	hasAlias string // the name under which the assignment came
}

// readOrder reads the body of a new request.
func (s *Server) readOrder(ctx context.Context, c *call, body node) (engine.Order, error) {
	o := orderReader{schema: s.schema}
	if err := body.fields(s.schema.request.name, o.member); err != nil {
		return engine.Order{}, err
	}
	if !o.hasType {
		return engine.Order{}, entitlement.Invalid("requestType", "requestType is required: userAdd, adminAdd or adminRemove.")
	}
	if o.starts.IsZero() {
		return o.order, nil
	}
	now, err := s.engine.Now(ctx, c.actor)
	if err == nil && o.starts.After(now) {
		err = entitlement.Unsupported(o.startsAt, "%s is in the future. This server does not schedule requests yet; leave it out to begin at once.", o.startsAt)
	}
	return o.order, err
}

func (o *orderReader) member(name string, n node) (bool, error) {
	var err error
	switch name {
	case "requestType":
		err = o.requestType(n)
	case "justification":
		err = o.justification(n)
	case "answers":
		if !n.isEmpty() {
			err = entitlement.Unsupported(n.at, "answers must be empty: this server does not ask questions yet.")
		}
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

// target reads an accessPackageSubject that names a person.
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
		return o.subject.knows(name) || name == "connectedOrganization", nil
	})
	if err == nil && id == "" && email.value != nil {
		err = entitlement.Unsupported(email.at, "A target cannot be named by email: this server never guesses who is meant. Give the object id of a user in the directory: assignment.targetId or assignment.target.objectId.")
	}
	return id, err
}

// schedule reads an entitlementManagementSchedule. Only one that begins at once and does
// not end is served.
func (o *orderReader) schedule(n node) error {
	if n.kind == isNull {
		return nil
	}
	return n.fields("entitlementManagementSchedule", func(name string, n node) (bool, error) {
		switch name {
		case "startDateTime":
			t, err := n.optionalInstant()
			if err == nil && t.After(o.starts) {
				o.starts, o.startsAt = t, n.at
			}
			return true, err
		case "expiration":
			_, err := readExpiration(n)
			return true, err
		case "recurrence":
			if n.kind != isNull {
				return true, entitlement.Unsupported(n.at, "Recurring access is not served.")
			}
			return true, nil
		}
		return false, nil
	})
}

// readExpiration reads an expirationPattern; null is nil. One that ends is refused.
func readExpiration(n node) (*entitlement.Expiration, error) {
	if n.kind == isNull {
		return nil, nil
	}
	kind := entitlement.ExpirationNotSpecified
	err := n.fields("expirationPattern", func(name string, n node) (_ bool, err error) {
		switch name {
		case "type":
			if n.kind == isNull {
				return true, nil
			}
			kind, err = enum(n, entitlement.ExpirationTypes)
			if err == nil && kind != entitlement.ExpirationNotSpecified && kind != entitlement.ExpirationNone {
				err = entitlement.Unsupported(n.at, "Access that ends by itself is not enforced by this server yet, so %s '%s' is not stored. It can be %s or %s.",
					n.at, kind, entitlement.ExpirationNone, entitlement.ExpirationNotSpecified)
			}
		case "endDateTime", "duration":
			if n.kind != isNull {
				err = entitlement.Unsupported(n.at, "Access that ends by itself is not enforced by this server yet, so %s must be null.", n.at)
			}
		default:
			return false, nil
		}
		return true, err
	})
	return &entitlement.Expiration{Type: kind}, err
}
