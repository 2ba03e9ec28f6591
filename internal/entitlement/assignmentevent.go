package entitlement

import "time"

// AssignmentEvent is something that happens to an assignment. What it does is decided by
// lifecycle.StepAssignment.
type AssignmentEvent struct {
	Kind AssignmentEventKind
	// Wait belongs to a woken event: the timer's number.
	Wait int
	// EndAt is the end that an assignment gets by delivered and extended; zero is none.
	EndAt time.Time
	// Grace is how long an assignment stays whose target left the automatic rule.
	Grace time.Duration
	// Failures belongs to partlyDelivered and repaired. Callout and Error belong to called.
	Failures []RoleFailure
	Callout  ID
	Error    string
}

// AssignmentEventKind tells events of an assignment apart.
type AssignmentEventKind string

// Kinds of event of an assignment.
const (
	AssignmentEventDelivered AssignmentEventKind = "delivered"       // all roles were given
	AssignmentEventPartly    AssignmentEventKind = "partlyDelivered" // some were
	AssignmentEventFailed    AssignmentEventKind = "failed"          // nothing was given
	AssignmentEventExtended  AssignmentEventKind = "extended"        // it ends at another time
	AssignmentEventWoken     AssignmentEventKind = "woken"           // a moment came that it waits for
	AssignmentEventLeft      AssignmentEventKind = "left"            // the target left the automatic rule
	AssignmentEventReturned  AssignmentEventKind = "returned"        // and came back within the grace period
	AssignmentEventRemoved   AssignmentEventKind = "removed"         // the roles were taken away
	AssignmentEventCalled    AssignmentEventKind = "called"          // an extension was called before the end
	AssignmentEventRepaired  AssignmentEventKind = "repaired"        // the roles were given again
)

// AssignmentEventKinds lists all kinds.
var AssignmentEventKinds = []AssignmentEventKind{
	AssignmentEventDelivered, AssignmentEventPartly, AssignmentEventFailed, AssignmentEventExtended, AssignmentEventWoken,
	AssignmentEventLeft, AssignmentEventReturned, AssignmentEventRemoved, AssignmentEventCalled, AssignmentEventRepaired,
}
