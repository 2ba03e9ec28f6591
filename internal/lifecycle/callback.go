package lifecycle

import (
	"reflect"
	"slices"
	"time"

	"anteroom/internal/entitlement"
)

// callback records an answer to a callout instance and goes on as it says.
//
// graph: accesspackageassignmentrequest-resume. The checks come in the order of the
// contract: instance, stage and type, outcome at this stage, same outcome already
// recorded, other outcome or time-out recorded, not waiting.
func (s *step) callback(ev entitlement.Event) error {
	c := s.p.Callout(ev.Instance)
	if err := s.checkCallback(c, ev); err != nil {
		return err
	}
	if c.Answer.Outcome == ev.Answer.Outcome && s.sameApprovers(c, ev.Supplied) {
		return ignored("the answer '%s' is recorded already", c.Answer.Outcome)
	}
	if err := s.checkWaiting(c, ev); err != nil {
		return err
	}
	c.Answer = ev.Answer
	c.Answer.At = s.now
	c.Status = entitlement.CallbackReceived
	c.NextAttempt = time.Time{}
	s.endWait()
	s.note(entitlement.ActivityUpdate, entitlement.AuditSuccess, ev.Answer.Detail)
	switch ev.Answer.Outcome {
	case entitlement.OutcomeContinue:
		if ev.Supplied != nil {
			i := len(s.p.Approvals)
			s.p.Plan.Approval = slices.Clone(s.p.Plan.Approval)
			s.p.Plan.Approval[i] = *ev.Supplied
		}
		s.nextCallout()
	case entitlement.OutcomeDenied:
		s.deny(ev.Answer.Detail, ev.Answer.Detail)
	case entitlement.OutcomeCanceled:
		s.note(entitlement.ActivityCancel, entitlement.AuditSuccess, ev.Answer.Detail)
		s.finish(entitlement.PhaseCanceled)
	}
	return nil
}

// checkCallback holds what is wrong with a callback whatever state the request is in.
func (s *step) checkCallback(c *entitlement.Callout, ev entitlement.Event) error {
	switch ev.Answer.Outcome {
	case entitlement.OutcomeContinue, entitlement.OutcomeDenied, entitlement.OutcomeCanceled:
	default:
		return entitlement.Invalid("data/state", "'%s' is no outcome.", ev.Answer.Outcome)
	}
	if c == nil {
		return entitlement.Errorf(entitlement.CodeUnknownCalloutInstance, "data/customExtensionStageInstanceId",
			"This request has no callout instance '%s'. Send the CustomExtensionStageInstanceId of the callout that you received for this request.", ev.Instance)
	}
	if ev.Stage != c.Stage {
		return entitlement.Errorf(entitlement.CodeStageMismatch, "data/stage",
			"Callout instance '%s' belongs to stage '%s', but data.stage says '%s'.", c.ID, c.Stage, ev.Stage)
	}
	if ev.TypeStage != "" && ev.TypeStage != c.Stage && (ev.TypeStage != entitlement.StageCreated || c.Stage != entitlement.StageDetermining) {
		return entitlement.Errorf(entitlement.CodeStageMismatch, "type",
			"Callout instance '%s' belongs to stage '%s', but type names stage '%s'.", c.ID, c.Stage, ev.TypeStage)
	}
	if ev.Answer.Outcome == entitlement.OutcomeContinue {
		return checkSupplied(c, ev.Supplied)
	}
	switch c.Stage {
	case entitlement.StageGranted, entitlement.StageRemoved:
		return entitlement.Errorf(entitlement.CodeOutcomeNotAllowed, "data/state",
			"A request cannot be denied or canceled at stage '%s'; it can at assignmentRequestCreated and assignmentRequestApproved. Nothing was changed: leave state out to let it go on.", c.Stage)
	case entitlement.StageCreated, entitlement.StageDetermining:
		if !s.p.Plan.AllowDenyAtCreated {
			return entitlement.Errorf(entitlement.CodeOutcomeNotAllowed, "data/state",
				"This server is set not to let a request be denied or canceled at stage '%s' (lifecycle.allowDenyAtCreated). Nothing was changed.", c.Stage)
		}
	}
	return nil
}

// sameApprovers reports whether an answer that is repeated names the same approvers as the
// first, where it let the request go on and named any.
func (s *step) sameApprovers(c *entitlement.Callout, again *entitlement.ApprovalStage) bool {
	if again == nil || c.Answer.Outcome != entitlement.OutcomeContinue || c.Stage != entitlement.StageDetermining {
		return true
	}
	first := s.p.Plan.Approval[s.p.Plan.Callouts[c.Plan].ApprovalStage]
	return reflect.DeepEqual(first, *again)
}

// checkSupplied holds that exactly the callout that asks who approves is answered with a
// stage of approval.
//
// graph: assignmentRequestApprovalStageCallbackData
func checkSupplied(c *entitlement.Callout, stage *entitlement.ApprovalStage) error {
	const at = "data/approvalStage"
	switch {
	case c.Stage != entitlement.StageDetermining && stage != nil:
		return entitlement.Invalid(at, "Callout instance '%s' belongs to stage '%s', which does not ask who approves; leave approvalStage out.", c.ID, c.Stage)
	case c.Stage == entitlement.StageDetermining && stage == nil:
		return entitlement.Invalid(at, "Callout instance '%s' asks who approves: data must be of type assignmentRequestApprovalStageCallbackData and hold approvalStage, or state must be Denied. Nothing was changed.", c.ID)
	case stage != nil:
		return stage.Validate(at)
	}
	return nil
}

// checkWaiting refuses an answer that comes too late or to something that does not wait.
func (s *step) checkWaiting(c *entitlement.Callout, ev entitlement.Event) error {
	state, status := PublicState(s.p)
	switch {
	case c.Answer.Outcome != "":
		return entitlement.Errorf(entitlement.CodeOutcomeAlreadyRecorded, "data/state",
			"Callout instance '%s' was answered '%s' at %s; the answer '%s' cannot replace it. The request is in state '%s', status '%s'.",
			c.ID, c.Answer.Outcome, c.Answer.At.UTC().Format(time.RFC3339), ev.Answer.Outcome, state, status)
	case c.Status == entitlement.CallbackTimedOut:
		return entitlement.Errorf(entitlement.CodeCallbackTimedOut, "data/customExtensionStageInstanceId",
			"The wait for callout instance '%s' ended at %s without an answer. The request is in state '%s', status '%s'.",
			c.ID, c.Deadline.UTC().Format(time.RFC3339), state, status)
	case s.p.Current() != c || c.Status != entitlement.WaitingForCallback:
		return entitlement.Errorf(entitlement.CodeRequestNotWaiting, "data/customExtensionStageInstanceId",
			"The request does not wait for callout instance '%s': it is in state '%s', status '%s'.", c.ID, state, status)
	case !s.now.Before(c.Deadline):
		return entitlement.Errorf(entitlement.CodeCallbackTimedOut, "data/customExtensionStageInstanceId",
			"The wait for callout instance '%s' ended at %s; this answer is too late.", c.ID, c.Deadline.UTC().Format(time.RFC3339))
	}
	return nil
}
