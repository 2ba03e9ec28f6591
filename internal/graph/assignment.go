package graph

import (
	"context"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
)

func assignments(r engine.Reader) engine.Visible[entitlement.Assignment] { return r.Assignments }

// graph: accessPackageAssignment
func (s *schema) describeAssignment() {
	s.assignment = entityType[entitlement.Assignment]{
		name: "accessPackageAssignment",
		props: []property[entitlement.Assignment]{
			identity[entitlement.Assignment](),
			filtered(byWord, readOnly(word("state", entitlement.AssignmentStates, func(a *entitlement.Assignment) *entitlement.AssignmentState { return &a.State }))),
			shown("status", func(e *encoder, a *entitlement.Assignment) {
				if a.State == "" { // it does not exist yet, or never will
					e.null()
					return
				}
				e.text(lifecycle.AssignmentStatus(*a))
			}),
			instant("expiredDateTime", func(a *entitlement.Assignment) time.Time { return a.ExpiredAt }),
			shown("schedule", writeTerm),
			shown("customExtensionCalloutInstances", func(e *encoder, a *entitlement.Assignment) { writeCallouts(e, a.Callouts) }),
			shown("resourceFailures", func(e *encoder, a *entitlement.Assignment) { writeFailures(e, a.Failures) }), // ours
		},
		filters: []filterPath{
			{path: "accessPackage/id", kind: byID}, {path: "assignmentPolicy/id", kind: byID},
			{path: "accessPackage/catalog/id", kind: byID}, {path: "target/objectId", kind: byID}, {path: "target/id", kind: byID},
		},
		navs: []navigation[entitlement.Assignment]{
			inside("target", false, &s.subject, func(a *entitlement.Assignment) []*entitlement.Subject { return []*entitlement.Subject{&a.Target} }),
			one("accessPackage", &s.pkg, packages, func(a *entitlement.Assignment) entitlement.ID { return a.PackageID }),
			one("assignmentPolicy", &s.policy, policies, func(a *entitlement.Assignment) entitlement.ID { return a.PolicyID }),
		},
	}
	s.assignment.finish()
}

// writeTerm writes when access began and when it ends by itself. Before it begins neither is
// known.
func writeTerm(e *encoder, a *entitlement.Assignment) {
	start, x := a.StartAt, &entitlement.Expiration{Type: entitlement.ExpirationNone}
	switch {
	case !a.EndAt.IsZero():
		x = &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, EndAt: a.EndAt}
	case !start.IsZero():
	case a.State == entitlement.AssignmentDelivered || a.State == entitlement.AssignmentExpired:
		start = a.CreatedAt // it was given by a version that kept no dates
	default:
		x = nil
	}
	writeSchedule(e, start, x)
}

// writeSchedule writes an entitlementManagementSchedule; without an expiration nothing was
// said about its end.
func writeSchedule(e *encoder, start time.Time, x *entitlement.Expiration) {
	if x == nil {
		x = &entitlement.Expiration{Type: entitlement.ExpirationNotSpecified}
	}
	e.open()
	e.key("startDateTime").instant(start)
	e.key("recurrence").null()
	e.key("expiration")
	writeExpiration(e, x)
	e.close()
}

// writeExpiration writes an expirationPattern.
func writeExpiration(e *encoder, x *entitlement.Expiration) {
	if x == nil {
		e.null()
		return
	}
	e.open()
	e.key("type").text(string(x.Type))
	e.key("endDateTime").instant(x.EndAt)
	if x.Type == entitlement.ExpirationAfterDuration {
		e.key("duration").text(entitlement.FormatDuration(x.Duration))
	} else {
		e.key("duration").null()
	}
	e.close()
}

// assignmentOf returns the assignment that a request is about. Before there is one, and
// where there never will be one, it is made up of what the request says.
func assignmentOf(ctx context.Context, c *call, page []*entitlement.Request) (map[*entitlement.Request][]*entitlement.Assignment, error) {
	list, err := c.server.engine.AssignmentsOf(ctx, c.actor, page)
	if err != nil {
		return nil, err
	}
	byID := make(map[entitlement.ID]*entitlement.Assignment, len(list))
	for _, a := range list {
		byID[a.ID] = a
	}
	found := make(map[*entitlement.Request][]*entitlement.Assignment, len(page))
	for _, r := range page {
		a := byID[r.AssignmentID]
		if a == nil {
			a = &entitlement.Assignment{
				Object: entitlement.Object{ID: r.AssignmentID}, PackageID: r.PackageID, PolicyID: r.PolicyID,
				CatalogID: r.CatalogID, TargetID: r.TargetID, Target: r.Target,
			}
		}
		found[r] = []*entitlement.Assignment{a}
	}
	return found, nil
}

// graph: accesspackageassignment-reprocess
func (s *Server) reprocessAssignment(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignment")
	if err != nil {
		return reply{}, err
	}
	if err := c.noParameters("reprocess"); err != nil {
		return reply{}, err
	}
	return accepted, s.engine.ReprocessAssignment(ctx, c.actor, id)
}
