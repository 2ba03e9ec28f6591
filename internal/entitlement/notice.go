package entitlement

import "time"

// Notice is one moment for which the original service sends mail. It waits in the job
// table, written by the transaction that brought it about, until the sinks have it.
type Notice struct {
	// ID is that of the event, the same in every attempt.
	ID   ID         `json:"id"`
	Kind NoticeKind `json:"kind"`
	At   time.Time  `json:"at,format:unixmicro"` // on the tenant's clock

	RequestID    ID      `json:"request,omitzero"`
	AssignmentID ID      `json:"assignment,omitzero"`
	PackageID    ID      `json:"package,omitzero"`
	PackageName  string  `json:"packageName,omitzero"`
	PolicyID     ID      `json:"policy,omitzero"`
	Requestor    Subject `json:"requestor,omitzero"`
	Target       Subject `json:"target,omitzero"`
	// To are the people who are to read it.
	To []Subject `json:"to,omitzero"`
	// Due is until when something is to be done; zero where nothing is.
	Due time.Time `json:"due,omitzero,format:unixmicro"`
	// Detail is a reason or a justification, in somebody's words.
	Detail string `json:"detail,omitzero"`
}

// NoticeKind says what a notice tells.
//
// contract: lifecycle g (the mails of the original service)
type NoticeKind string

// Kinds of notice.
const (
	NoticeApprovalRequested NoticeKind = "approvalRequested" // to approvers: decide until Due
	NoticeApprovalReminder  NoticeKind = "approvalReminder"  // to approvers, halfway to the deadline
	NoticeApprovalForwarded NoticeKind = "approvalForwarded" // to alternate approvers: it was escalated to them
	NoticeApprovalExpired   NoticeKind = "approvalExpired"   // to approvers: nobody decided in time
	NoticeRequestApproved   NoticeKind = "requestApproved"   // to approvers: a stage was approved
	NoticeRequestDenied     NoticeKind = "requestDenied"     // to the requestor
	NoticeRequestExpired    NoticeKind = "requestExpired"    // to the requestor: nobody decided in time
	NoticeAccessGranted     NoticeKind = "accessGranted"     // to the target
	NoticeAccessExpiring    NoticeKind = "accessExpiring"    // to the target, 14 days and 1 day before Due
	NoticeAccessEnded       NoticeKind = "accessEnded"       // to the target
)

// NoticeKinds lists all kinds.
var NoticeKinds = []NoticeKind{
	NoticeApprovalRequested, NoticeApprovalReminder, NoticeApprovalForwarded, NoticeApprovalExpired, NoticeRequestApproved,
	NoticeRequestDenied, NoticeRequestExpired, NoticeAccessGranted, NoticeAccessExpiring, NoticeAccessEnded,
}

// OfAssignment reports whether isAssignmentNotificationDisabled silences the kind.
func (k NoticeKind) OfAssignment() bool {
	return k == NoticeAccessGranted || k == NoticeAccessExpiring || k == NoticeAccessEnded
}
