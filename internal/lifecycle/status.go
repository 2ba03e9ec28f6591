package lifecycle

import "anteroom/internal/entitlement"

// PublicState returns the state and the status text that clients see. It is the only
// place that knows those words: the state enum has no member for "waiting for a
// callback", so that the wait shows in the status alone.
//
// graph: accessPackageRequestState; lifecycle a.1 of the contract for the status words.
func PublicState(p entitlement.Progress) (entitlement.RequestState, string) {
	waiting := false
	if c := p.Current(); c != nil {
		waiting = c.Status == entitlement.WaitingForCallback
	}
	pick := func(state entitlement.RequestState, status string) (entitlement.RequestState, string) {
		if waiting {
			status = entitlement.StatusWaitingForCallback
		}
		return state, status
	}
	switch p.Phase {
	case entitlement.PhaseNew, entitlement.PhaseCreated:
		return pick(entitlement.RequestSubmitted, "Accepted")
	case entitlement.PhaseDetermining:
		return pick(entitlement.RequestPendingApproval, "PendingApproval")
	case entitlement.PhaseApproval:
		if run := p.Approval(); run != nil && run.Escalated {
			return entitlement.RequestPendingApproval, "PendingApprovalEscalated"
		}
		return entitlement.RequestPendingApproval, "PendingApproval"
	case entitlement.PhaseApproved:
		if len(p.Approvals) > 0 {
			return pick(entitlement.RequestPendingApproval, "Approved")
		}
		return pick(entitlement.RequestSubmitted, "Accepted")
	case entitlement.PhaseScheduled:
		return entitlement.RequestScheduled, "PendingNotBefore"
	case entitlement.PhasePartial:
		return entitlement.RequestPartiallyDelivered, "PartiallyDelivered"
	case entitlement.PhaseDelivered:
		return entitlement.RequestDelivered, "Delivered"
	case entitlement.PhaseFailed:
		if p.Reason == "" {
			return entitlement.RequestDeliveryFailed, string(entitlement.FailureDelivery)
		}
		return entitlement.RequestDeliveryFailed, string(p.Reason)
	case entitlement.PhaseDenied:
		return entitlement.RequestDenied, "Denied"
	case entitlement.PhaseCanceled:
		return entitlement.RequestCanceled, "Canceled"
	}
	return pick(entitlement.RequestDelivering, "Delivering")
}

// AssignmentStatus returns the status text of an assignment.
//
// contract: lifecycle a.1 for the words
func AssignmentStatus(a entitlement.Assignment) string {
	switch a.State {
	case entitlement.AssignmentDelivered:
		switch {
		case !a.GraceUntil.IsZero():
			return "AutoAssignmentInGracePeriod"
		case a.NearEnd:
			return "NearExpiry1DayNotificationTriggered"
		}
		return "Delivered"
	case entitlement.AssignmentPartiallyDelivered:
		return "PartiallyDelivered"
	case entitlement.AssignmentExpired:
		if a.Ending {
			return "ExpiredNotificationTriggered"
		}
		return "Expired"
	case entitlement.AssignmentDeliveryFailed:
		return "DeliveryFailed"
	}
	return "Delivering"
}
