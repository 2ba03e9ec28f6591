package graph

import (
	"context"
	"net/http"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func requests(r engine.Reader) engine.Visible[entitlement.Request] { return r.Requests }

// graph: accessPackageAssignmentRequest
func (s *schema) describeRequest() {
	s.request = entityType[entitlement.Request]{
		name: "accessPackageAssignmentRequest",
		props: []property[entitlement.Request]{
			identity[entitlement.Request](),
			filtered(byWord, property[entitlement.Request]{
				name: "requestType", words: words(entitlement.RequestTypes),
				write: func(e *encoder, r *entitlement.Request) { e.requestType(r.Type) },
			}),
			filtered(byWord, readOnly(word("state", entitlement.RequestStates, func(r *entitlement.Request) *entitlement.RequestState { return &r.State }))),
			filtered(byText, readOnly(text("status", func(r *entitlement.Request) *string { return &r.Status }))),
			created[entitlement.Request](),
			sorted(byTime, instant("completedDateTime", func(r *entitlement.Request) time.Time { return r.CompletedAt })),
			readOnly(optionalText("justification", func(r *entitlement.Request) **string { return &r.Justification })),
			shown("answers", func(e *encoder, r *entitlement.Request) { writeAnswers(e, r.Answers) }),
			shown("schedule", func(e *encoder, r *entitlement.Request) {
				writeSchedule(e, r.Progress.Plan.Schedule.StartAt, r.Progress.Plan.Schedule.Expiration)
			}),
			shown("customExtensionCalloutInstances", func(e *encoder, r *entitlement.Request) { writeCallouts(e, r.Progress.Callouts) }),
			// Ours, from here on.
			shown("statusDetail", writeStatusDetail),
			shown("resourceFailures", func(e *encoder, r *entitlement.Request) { writeFailures(e, r.Progress.Failures) }),
		},
		filters: []filterPath{
			{path: "accessPackage/id", kind: byID}, {path: "accessPackage/catalog/id", kind: byID},
			{path: "assignmentPolicy/id", kind: byID}, {path: "assignment/id", kind: byID},
			{path: "assignment/accessPackage/id", kind: byID}, {path: "assignment/assignmentPolicy/id", kind: byID},
			{path: "assignment/target/objectId", kind: byID}, {path: "assignment/target/id", kind: byID},
			{path: "requestor/objectId", kind: byID}, {path: "requestor/id", kind: byID},
			{path: "target/objectId", kind: byID}, {path: "target/id", kind: byID},
		},
		navs: []navigation[entitlement.Request]{
			one("accessPackage", &s.pkg, packages, func(r *entitlement.Request) entitlement.ID { return r.PackageID }),
			link("assignment", false, &s.assignment, assignmentOf),
			inside("requestor", false, &s.subject, func(r *entitlement.Request) []*entitlement.Subject { return []*entitlement.Subject{&r.Requestor} }),
		},
	}
	s.request.finish()
}

// writeStatusDetail writes why the request failed or was denied, where the server decided.
// What a target system said may tell of the network inside.
func writeStatusDetail(e *encoder, r *entitlement.Request) {
	p := &r.Progress
	if !e.operator && (p.Reason == entitlement.FailureDelivery || len(p.Failures) > 0) {
		e.null()
		return
	}
	e.textOrNull(p.Detail)
}

// writeFailures writes the roles that could not be given. Why is for who manages the
// tenant.
func writeFailures(e *encoder, failures []entitlement.RoleFailure) {
	e.openList()
	for i := range failures {
		f := &failures[i]
		e.open()
		e.key("id").text(string(f.RoleScopeID))
		e.key("displayName").textOrNull(f.Name)
		if e.operator {
			e.key("reason").textOrNull(f.Reason)
		} else {
			e.key("reason").null()
		}
		e.close()
	}
	e.closeList()
}

// writeCallouts writes the callout instances of a request or an assignment: what the schema
// has, and behind it what somebody needs to know who asks why a request waits.
//
// graph: customExtensionCalloutInstance
func writeCallouts(e *encoder, callouts []entitlement.Callout) {
	e.openList()
	for i := range callouts {
		c := &callouts[i]
		e.open()
		e.key("id").text(string(c.ID))
		e.key("customExtensionId").text(string(c.ExtensionID))
		e.key("status").textOrNull(string(c.Status))
		e.key("detail").textOrNull(c.Answer.Detail)
		e.key("externalCorrelationId").null()
		// Ours, from here on.
		e.key("stage").text(string(c.Stage))
		e.key("source").textOrNull(c.Answer.Source)
		e.key("type").textOrNull(c.Answer.Type)
		e.key("attempts").integer(int64(c.Attempts))
		e.key("lastAttemptDateTime").instant(c.LastAttempt)
		e.key("nextAttemptDateTime").instant(c.NextAttempt)
		if e.operator { // it may tell of the network inside
			e.key("lastError").textOrNull(c.LastError)
		} else {
			e.key("lastError").null()
		}
		e.key("deadlineDateTime").instant(c.Deadline)
		e.close()
	}
	e.closeList()
}

// graph: entitlementmanagement-post-assignmentrequests
func (s *Server) createRequest(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	order, err := s.schema.readOrder(body)
	if err != nil {
		return reply{}, err
	}
	if order.IdempotencyKey, order.Digest, err = c.idempotency(body); err != nil {
		return reply{}, err
	}
	r, err := s.engine.Submit(ctx, c.actor, order)
	if err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.request, r, string(r.ID))
}

// graph: accesspackageassignmentrequest-delete
func (s *Server) deleteRequest(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentRequest")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeleteRequest(ctx, c.actor, id)
}

// cancelRequest answers 200 without a body, as clients of the service expect.
//
// graph: accesspackageassignmentrequest-cancel
func (s *Server) cancelRequest(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentRequest")
	if err != nil {
		return reply{}, err
	}
	if err := c.noParameters("cancel"); err != nil {
		return reply{}, err
	}
	return okEmpty, s.engine.Cancel(ctx, c.actor, id)
}

// accepted answers an action whose effect may come later: 202 without a body.
var accepted = reply{status: http.StatusAccepted}

// graph: accesspackageassignmentrequest-reprocess
func (s *Server) reprocessRequest(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentRequest")
	if err != nil {
		return reply{}, err
	}
	if err := c.noParameters("reprocess"); err != nil {
		return reply{}, err
	}
	return accepted, s.engine.Reprocess(ctx, c.actor, id)
}
