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
	case entitlement.PhaseNew, entitlement.PhaseCreated, entitlement.PhaseApproved:
		return pick(entitlement.RequestSubmitted, "Accepted")
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
func AssignmentStatus(s entitlement.AssignmentState) string {
	switch s {
	case entitlement.AssignmentDelivered:
		return "Delivered"
	case entitlement.AssignmentPartiallyDelivered:
		return "PartiallyDelivered"
	case entitlement.AssignmentExpired:
		return "Expired"
	case entitlement.AssignmentDeliveryFailed:
		return "DeliveryFailed"
	}
	return "Delivering"
}
