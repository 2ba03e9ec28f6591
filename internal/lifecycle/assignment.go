package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"anteroom/internal/entitlement"
)

// assignmentEdges lists every legal move of an assignment.
var assignmentEdges = map[entitlement.AssignmentState][]entitlement.AssignmentState{
	entitlement.AssignmentDelivering: {
		entitlement.AssignmentDelivered, entitlement.AssignmentPartiallyDelivered,
		entitlement.AssignmentDeliveryFailed, entitlement.AssignmentExpired,
	},
	entitlement.AssignmentPartiallyDelivered: {entitlement.AssignmentDelivered, entitlement.AssignmentExpired},
	entitlement.AssignmentDelivered:          {entitlement.AssignmentExpired},
}

// MoveAssignment returns the assignment in another state. A move to the state that it
// is in changes nothing; one that is not legal is an error.
func MoveAssignment(a entitlement.Assignment, to entitlement.AssignmentState, now time.Time) (entitlement.Assignment, error) {
	if a.State == to {
		return a, nil
	}
	if !slices.Contains(assignmentEdges[a.State], to) {
		return a, fmt.Errorf("lifecycle: illegal move of an assignment from %s to %s", a.State, to)
	}
	a.State = to
	if to == entitlement.AssignmentExpired {
		a.ExpiredAt = now
	}
	return a, nil
}
