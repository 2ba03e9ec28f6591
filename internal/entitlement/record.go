package entitlement

import "time"

// Record is one entry of the history: one change, written in the transaction that
// made it. Records are never changed.
type Record struct {
	Seq    int64     `json:"-"` // order within the store, made by it
	At     time.Time `json:"-"` // the tenant's clock, UTC, microseconds
	Kind   string    `json:"-"` // the kind of thing that changed: "assignmentRequest", "catalog", …
	Ref    ID        `json:"-"` // its id
	Action string    `json:"-"` // what was done: "create", "update", "delete", or the name of a lifecycle event

	From string `json:"from,omitzero"` // phase before; empty when it was made
	To   string `json:"to,omitzero"`   // phase after
	// By is who did it; the server itself has no id.
	By            RecordActor `json:"by,omitzero"`
	CorrelationID string      `json:"correlation,omitzero"` // request-id of the call that caused it
	Detail        string      `json:"detail,omitzero"`      // what else an auditor needs to know, in words
	// Answer is set where a callback was recorded.
	Answer *Answer `json:"answer,omitzero"`
	// Callout is the callout instance that it is about, if any.
	Callout ID `json:"callout,omitzero"`
}

// RecordActor is an Actor as the history keeps it.
type RecordActor struct {
	ObjectID ID     `json:"id,omitzero"`
	AppID    string `json:"app,omitzero"`
	Name     string `json:"name,omitzero"`
	User     bool   `json:"user,omitzero"`
}

// RecordActorOf cuts an actor down to what the history keeps.
func RecordActorOf(a Actor) RecordActor {
	return RecordActor{ObjectID: a.ObjectID, AppID: a.AppID, Name: a.Name, User: a.User}
}
