package entitlement

// Event is something that happens to a request. It is data: what it does is decided
// by lifecycle.Step.
type Event struct {
	Kind EventKind
	// Wait is the wait to which a sent, sendFailed, timedOut, granted, revoked or
	// deliveryFailed event belongs.
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
)

// EventKinds lists all kinds.
var EventKinds = []EventKind{
	EventSubmitted, EventSent, EventSendFailed, EventCallback, EventTimedOut, EventCancel,
	EventGranted, EventRevoked, EventDeliveryFailed,
}
