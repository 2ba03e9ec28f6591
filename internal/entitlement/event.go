package entitlement

// Event is something that happens to a request. It is data: what it does is decided
// by lifecycle.Step.
type Event struct {
	Kind EventKind
	// Wait is the wait to which a sent, sendFailed, timedOut, granted, revoked,
	// partlyGranted, deliveryFailed, approversFound, admitted or refused event belongs.
	Wait int
	// Error says in words why a sendFailed or deliveryFailed event happened.
	Error string
	// Instance, Stage, TypeStage and Answer belong to a callback: the callout instance
	// that is answered, data.stage, the stage that the type member names (empty where
	// there was none), and what is answered.
	Instance  ID
	Stage     Stage
	TypeStage Stage
	Answer    Answer
	// Supplied is the stage of approval that a callback to a dynamic stage brings.
	Supplied *ApprovalStage
	// Approvers belongs to an approversFound event.
	Approvers FoundApprovers
	// ApprovalStage and Decision belong to a decided event: the public id of the stage, and
	// what was decided.
	ApprovalStage ID
	Decision      Decision
	// Reason says why a refused or deliveryFailed event happened, as a word; Failures are
	// the roles of a partlyGranted event.
	Reason   FailureReason
	Failures []RoleFailure
}

// EventKind tells events apart. The words are stored in the history.
type EventKind string

// Kinds of event.
const (
	EventSubmitted      EventKind = "submitted"      // the request was made
	EventSent           EventKind = "sent"           // an attempt reached the endpoint, which answered 2xx
	EventSendFailed     EventKind = "sendFailed"     // an attempt did not
	EventCallback       EventKind = "callback"       // somebody called resume
	EventTimedOut       EventKind = "timedOut"       // the deadline of a wait came
	EventCancel         EventKind = "cancel"         // somebody called cancel
	EventGranted        EventKind = "granted"        // all roles were given
	EventRevoked        EventKind = "revoked"        // all roles were taken away
	EventDeliveryFailed EventKind = "deliveryFailed" // roles could not be given
	EventPartlyGranted  EventKind = "partlyGranted"  // some roles were given, some could not be
	EventApproversFound EventKind = "approversFound" // it is known whom a stage of approval asks
	EventDecided        EventKind = "decided"        // an approver decided
	EventAdmitted       EventKind = "admitted"       // the access may still be given
	EventRefused        EventKind = "refused"        // it may not
	EventReprocess      EventKind = "reprocess"      // somebody called reprocess
)

// EventKinds lists all kinds.
var EventKinds = []EventKind{
	EventSubmitted, EventSent, EventSendFailed, EventCallback, EventTimedOut, EventCancel,
	EventGranted, EventRevoked, EventDeliveryFailed, EventPartlyGranted, EventApproversFound, EventDecided, EventAdmitted,
	EventRefused, EventReprocess,
}
