package engine

import (
	"context"

	"anteroom/internal/entitlement"
)

// Decide records what an approver says about a stage of the approval of a request.
//
// graph: approvalstage-update
func (e *Engine) Decide(ctx context.Context, by entitlement.Actor, request, stage entitlement.ID, approve bool, justification string) error {
	return entitlement.NotFound("approval", request)
}

// Reprocess takes a request that failed, or was delivered in part, up again.
//
// graph: accesspackageassignmentrequest-reprocess
func (e *Engine) Reprocess(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return entitlement.NotFound("assignmentRequest", id)
}

// ReprocessAssignment gives the target of a delivered assignment again what somebody took
// away by hand.
//
// graph: accesspackageassignment-reprocess
func (e *Engine) ReprocessAssignment(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return entitlement.NotFound("assignment", id)
}
