package lifecycle

import (
	"time"

	"anteroom/internal/entitlement"
)

// cancel ends a request for which nothing was granted or taken away yet, or that failed.
//
// graph: accesspackageassignmentrequest-cancel
func (s *step) cancel() error {
	switch s.p.Phase {
	case entitlement.PhaseNew, entitlement.PhaseCreated, entitlement.PhaseDetermining, entitlement.PhaseApproval,
		entitlement.PhaseApproved, entitlement.PhaseScheduled, entitlement.PhaseReady, entitlement.PhaseGranted:
		if s.p.Plan.Removes || s.p.Failures != nil {
			break
		}
		s.abandonCallout()
		if run := s.p.Approval(); run != nil {
			run.RemindAt, run.EscalateAt, run.Status = time.Time{}, time.Time{}, entitlement.ApprovalCompleted
		}
		s.endWait()
		if s.p.Phase == entitlement.PhaseGranted {
			s.do(DropAssignment, s.now)
		}
		s.note(entitlement.ActivityCancel, entitlement.AuditSuccess, "")
		s.finish(entitlement.PhaseCanceled)
		return nil
	case entitlement.PhaseFailed:
		s.note(entitlement.ActivityCancel, entitlement.AuditSuccess, "")
		s.finish(entitlement.PhaseCanceled)
		return nil
	case entitlement.PhaseCanceled:
		return ignored("the request is canceled already")
	}
	state, status := PublicState(s.p)
	why := "only a request whose access has not been delivered can be canceled"
	switch {
	case s.p.Plan.Removes:
		why = "a removal withdraws the access at once, and canceling it would not give it back"
	case s.p.Failures != nil:
		why = "some roles were given already; take the access away with a request of type adminRemove"
	}
	return entitlement.Errorf(entitlement.CodeRequestNotCancelable, "state",
		"The request cannot be canceled: it is in state '%s', status '%s', and %s.", state, status, why)
}

// abandonCallout closes the callout that is under way without an answer.
func (s *step) abandonCallout() {
	c := s.p.Current()
	if c == nil {
		return
	}
	c.NextAttempt = time.Time{}
	c.Status = entitlement.CalloutFailed
	if c.Attempts > 0 && c.LastError == "" {
		c.Status = entitlement.CalloutSent
	}
}

// reprocess takes a request up again where it failed. A callout that timed out is made
// anew, as another instance.
//
// graph: accesspackageassignmentrequest-reprocess
func (s *step) reprocess() error {
	if s.p.Phase != entitlement.PhaseFailed && s.p.Phase != entitlement.PhasePartial {
		state, status := PublicState(s.p)
		return entitlement.Errorf(entitlement.CodeRequestNotReprocessable, "state",
			"Only a request in state 'deliveryFailed' or 'partiallyDelivered' can be reprocessed; this one is in state '%s', status '%s'.", state, status)
	}
	from := s.p.FailedIn
	s.p.Reason, s.p.Detail, s.p.FailedIn = "", "", ""
	s.do(Reopen, s.now)
	s.note(entitlement.ActivityUpdate, entitlement.AuditSuccess, "reprocess")
	switch from {
	case entitlement.PhaseCreated, entitlement.PhaseDetermining, entitlement.PhaseApproved:
		s.move(from)
		s.nextCallout()
	default: // it is checked again that the access may be given
		s.ready()
	}
	return nil
}
