package entitlement

import "time"

// Request is an accessPackageAssignmentRequest: somebody's wish to be given access,
// or to have it taken away, and how far it has come.
type Request struct {
	Object
	Type         RequestType `json:"-"`
	PackageID    ID          `json:"-"`
	PolicyID     ID          `json:"-"`
	CatalogID    ID          `json:"-"`
	AssignmentID ID          `json:"-"`
	RequestorID  ID          `json:"-"` // object id of the requestor
	TargetID     ID          `json:"-"` // object id of the target
	// State and Status are lifecycle.PublicState(Progress), stored so that they can
	// be filtered.
	State       RequestState `json:"-"`
	Status      string       `json:"-"`
	CompletedAt time.Time    `json:"-"` // zero until the request is finished
	// OpenKey says what an open request asks for: no two open ones of a tenant are the
	// same. It is empty once the request is finished.
	OpenKey string `json:"-"`
	// Approval is "required" where the request has to be approved, else empty.
	Approval string `json:"-"`
	// WaitsAt is the phase in which the request waits, empty once it is finished. WaitsSince
	// is when it came to it: real time, not the tenant's, as it is for operators.
	WaitsAt    Phase     `json:"-"`
	WaitsSince time.Time `json:"-"`

	Requestor     Subject          `json:"requestor"`
	Target        Subject          `json:"target"`
	Justification *string          `json:"justification,omitzero"`
	Answers       []QuestionAnswer `json:"answers,omitzero"`
	Progress      Progress         `json:"progress"`
	// Trace is what continues the trace of the call that made the request, as a header
	// traceparent has it; empty where nobody traces.
	//
	// W3C Trace Context
	Trace string `json:"trace,omitzero"`
}

// RequestType is accessPackageRequestType.
type RequestType string

// Members of accessPackageRequestType, in schema order.
const (
	TypeNotSpecified   RequestType = "notSpecified"
	TypeUserAdd        RequestType = "userAdd"
	TypeUserUpdate     RequestType = "userUpdate"
	TypeUserRemove     RequestType = "userRemove"
	TypeAdminAdd       RequestType = "adminAdd"
	TypeAdminUpdate    RequestType = "adminUpdate"
	TypeAdminRemove    RequestType = "adminRemove"
	TypeSystemAdd      RequestType = "systemAdd"
	TypeSystemUpdate   RequestType = "systemUpdate"
	TypeSystemRemove   RequestType = "systemRemove"
	TypeOnBehalfAdd    RequestType = "onBehalfAdd"
	TypeApproverRemove RequestType = "approverRemove"
)

// RequestTypes lists the members in schema order.
var RequestTypes = []RequestType{
	TypeNotSpecified, TypeUserAdd, TypeUserUpdate, TypeUserRemove, TypeAdminAdd, TypeAdminUpdate, TypeAdminRemove,
	TypeSystemAdd, TypeSystemUpdate, TypeSystemRemove, TypeOnBehalfAdd, TypeApproverRemove,
}

// Removes reports whether a request of the type takes access away.
func (t RequestType) Removes() bool {
	return t == TypeUserRemove || t == TypeAdminRemove || t == TypeSystemRemove || t == TypeApproverRemove
}

// Updates reports whether a request of the type changes an assignment.
func (t RequestType) Updates() bool {
	return t == TypeUserUpdate || t == TypeAdminUpdate || t == TypeSystemUpdate
}

// OpenKeyOf is what an open request asks for: to have a package, or to lose an assignment.
func OpenKeyOf(r *Request) string {
	if r.Type.Removes() {
		return "remove/" + string(r.AssignmentID)
	}
	return "have/" + string(r.PackageID) + "/" + string(r.TargetID)
}

// IdempotencyKey keeps what was answered to a request that carried an Idempotency-Key, so
// that its repeat is answered the same.
type IdempotencyKey struct {
	Object           // its id is made of the caller and the key
	RequestID ID     `json:"-"`
	Digest    string `json:"digest"` // SHA-256 of what was asked, hexadecimal
	// The rest is the part of the request that changes, as it was answered.
	State       RequestState `json:"state"`
	Status      string       `json:"status"`
	CompletedAt time.Time    `json:"completed,omitzero,format:unixmicro"`
	Progress    Progress     `json:"progress"`
}

// RequestState is accessPackageRequestState. It has no member for "waiting for a
// callback": that shows in the status.
type RequestState string

// Members of accessPackageRequestState, in schema order.
const (
	RequestSubmitted          RequestState = "submitted"
	RequestPendingApproval    RequestState = "pendingApproval"
	RequestDelivering         RequestState = "delivering"
	RequestDelivered          RequestState = "delivered"
	RequestDeliveryFailed     RequestState = "deliveryFailed"
	RequestDenied             RequestState = "denied"
	RequestScheduled          RequestState = "scheduled"
	RequestCanceled           RequestState = "canceled"
	RequestPartiallyDelivered RequestState = "partiallyDelivered"
)

// RequestStates lists the members in schema order.
var RequestStates = []RequestState{
	RequestSubmitted, RequestPendingApproval, RequestDelivering, RequestDelivered, RequestDeliveryFailed,
	RequestDenied, RequestScheduled, RequestCanceled, RequestPartiallyDelivered,
}

// StatusWaitingForCallback is the one status word that clients depend on.
const StatusWaitingForCallback = "WaitingForCallback"

// Subject is an accessPackageSubject: a person or an application as it was when the
// request was made. Its id is its object id.
type Subject struct {
	ObjectID      ID          `json:"id"`
	Type          SubjectType `json:"type"`
	DisplayName   string      `json:"displayName,omitzero"`
	PrincipalName string      `json:"principalName,omitzero"`
	Email         string      `json:"email,omitzero"`
	// ConnectedOrganizationID is that of a guest who belongs to one.
	ConnectedOrganizationID ID `json:"organization,omitzero"`
}

// SubjectType is accessPackageSubjectType.
type SubjectType string

// Members of accessPackageSubjectType.
const (
	SubjectUser             SubjectType = "user"
	SubjectServicePrincipal SubjectType = "servicePrincipal"
	SubjectSystem           SubjectType = "" // the server itself
)
