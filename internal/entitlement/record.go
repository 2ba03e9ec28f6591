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

	// Activity is the name under which directory audits show the record; empty where they
	// do not. Result is how it ended.
	Activity Activity    `json:"-"`
	Result   AuditResult `json:"-"`

	From string `json:"from,omitzero"` // phase or state before; empty when it was made
	To   string `json:"to,omitzero"`   // phase or state after
	// By is who did it; the server itself has no id.
	By RecordActor `json:"by,omitzero"`
	// OnBehalfOf is for whom it was done, where that is somebody else.
	OnBehalfOf    ID     `json:"onBehalfOf,omitzero"`
	CorrelationID string `json:"-"`               // request-id of the call that caused it
	Detail        string `json:"detail,omitzero"` // what else an auditor needs to know, in words
	// Answer is set where a callback was recorded.
	Answer *Answer `json:"answer,omitzero"`
	// Callout is the callout instance that it is about, if any.
	Callout ID `json:"callout,omitzero"`
	// Targets are the things that it is about, as they were called then.
	Targets []RecordTarget `json:"targets,omitzero"`
	// Details are keys and values for the additionalDetails of a directory audit.
	Details []RecordDetail `json:"details,omitzero"`
}

// RecordTarget is a thing that a record is about.
//
// graph: targetResource
type RecordTarget struct {
	ID      ID             `json:"id"`
	Kind    string         `json:"kind"` // such as User, AccessPackage
	Name    string         `json:"name,omitzero"`
	UPN     string         `json:"upn,omitzero"`
	Changes []RecordChange `json:"changes,omitzero"`
}

// RecordChange is a property that was changed; the values are JSON.
//
// graph: modifiedProperty
type RecordChange struct {
	Name string `json:"name"`
	Old  string `json:"old,omitzero"`
	New  string `json:"new,omitzero"`
}

// RecordDetail is a key and a value of a directory audit.
type RecordDetail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// AuditResult is the result of a directory audit.
type AuditResult string

// Results of a directory audit.
const (
	AuditSuccess AuditResult = "success"
	AuditFailure AuditResult = "failure"
	AuditTimeout AuditResult = "timeout"
)

// RecordActor is an Actor as the history keeps it.
type RecordActor struct {
	ObjectID ID     `json:"id,omitzero"`
	AppID    string `json:"app,omitzero"`
	Name     string `json:"name,omitzero"`
	UPN      string `json:"upn,omitzero"`
	Address  string `json:"address,omitzero"` // from which the call came
	User     bool   `json:"user,omitzero"`
}

// RecordActorOf cuts an actor down to what the history keeps.
func RecordActorOf(a Actor) RecordActor {
	return RecordActor{ObjectID: a.ObjectID, AppID: a.AppID, Name: a.Name, UPN: a.UPN, Address: a.Address, User: a.User}
}
