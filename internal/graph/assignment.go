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
				e.text(lifecycle.AssignmentStatus(a.State))
			}),
			instant("expiredDateTime", func(a *entitlement.Assignment) time.Time { return a.ExpiredAt }),
			shown("schedule", func(e *encoder, a *entitlement.Assignment) { writeSchedule(e, a.CreatedAt, entitlement.ExpirationNone) }),
			shown("customExtensionCalloutInstances", func(e *encoder, _ *entitlement.Assignment) { e.openList(); e.closeList() }),
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

// writeSchedule writes an entitlementManagementSchedule that does not end.
func writeSchedule(e *encoder, start time.Time, kind entitlement.ExpirationType) {
	e.open()
	e.key("startDateTime").instant(start)
	e.key("recurrence").null()
	e.key("expiration")
	writeExpiration(e, &entitlement.Expiration{Type: kind})
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
	list, err := c.reader().Assignments.Linked(ctx, "id", distinct(page, func(r *entitlement.Request) entitlement.ID { return r.AssignmentID }))
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
