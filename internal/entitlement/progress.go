package entitlement

import "time"

// Progress is how far a request has come: all that lifecycle.Step reads and writes.
type Progress struct {
	Phase Phase `json:"phase"`
	// Wait is raised on entering each wait. An event that carries another number
	// belongs to a wait that is over and is ignored.
	Wait int `json:"wait,omitzero"`
	// Reason says why a request failed: a word for the status, not a sentence.
	Reason FailureReason `json:"reason,omitzero"`
	// Plan is frozen when the request is made.
	Plan Plan `json:"plan"`
	// Callouts are the instances made so far, oldest first; the last one is the
	// current one while a phase of callouts lasts.
	Callouts []Callout `json:"callouts,omitzero"`
	// Approvals are the stages of approval that were begun, in order; the last one is the
	// current one during PhaseApproval.
	Approvals []ApprovalRun `json:"approvals,omitzero"`
	// FailedIn is the phase in which the request failed: reprocess goes back there.
	FailedIn Phase `json:"failedIn,omitzero"`
	// Failures are the roles that could not be given, with the reason for each.
	Failures []RoleFailure `json:"failures,omitzero"`
	// Detail says in words why the request failed or was denied, where the server decided.
	Detail string `json:"detail,omitzero"`
	// Notices counts the notices so far: it tells them apart.
	Notices int `json:"notices,omitzero"`
}

// RoleFailure is a role that could not be given, and why.
type RoleFailure struct {
	RoleScopeID ID     `json:"roleScope"`
	Name        string `json:"name,omitzero"` // of the resource and the role
	Reason      string `json:"reason"`
}

// Phase is where a request stands. It is finer than the state that clients see.
type Phase string

// Phases. An add goes new → created → determining and approval, by turns, once for each
// stage of approval → approved → scheduled → ready → granted → granting → delivered; an
// update goes the same way to ready, then updating → delivered; a removal new → revoking →
// removed → delivered. What there is nothing to do in is left at once.
const (
	PhaseNew         Phase = "new"         // nothing has happened yet
	PhaseCreated     Phase = "created"     // callouts of assignmentRequestCreated
	PhaseDetermining Phase = "determining" // the callout that says who approves
	PhaseApproval    Phase = "approval"    // a stage of approval
	PhaseApproved    Phase = "approved"    // callouts of assignmentRequestApproved
	PhaseScheduled   Phase = "scheduled"   // access begins later
	PhaseReady       Phase = "ready"       // it is checked once more that the access may be given
	PhaseGranted     Phase = "granted"     // callouts of assignmentRequestGranted; nothing is granted yet
	PhaseGranting    Phase = "granting"    // roles are being given
	PhaseUpdating    Phase = "updating"    // the assignment is being changed
	PhaseRevoking    Phase = "revoking"    // roles are being taken away
	PhaseRemoved     Phase = "removed"     // callouts of assignmentRequestRemoved; roles are gone
	PhaseDelivered   Phase = "delivered"   // finished as asked
	PhasePartial     Phase = "partial"     // finished; some roles could not be given
	PhaseFailed      Phase = "failed"      // finished without success; nothing was granted
	PhaseDenied      Phase = "denied"
	PhaseCanceled    Phase = "canceled"
)

// Phases lists all phases in the order of the story.
var Phases = []Phase{
	PhaseNew, PhaseCreated, PhaseDetermining, PhaseApproval, PhaseApproved, PhaseScheduled, PhaseReady, PhaseGranted, PhaseGranting,
	PhaseUpdating, PhaseRevoking, PhaseRemoved, PhaseDelivered, PhasePartial, PhaseFailed, PhaseDenied, PhaseCanceled,
}

// Finished reports whether nothing happens any more by itself. A request that failed, or
// was delivered in part, can be reprocessed.
func (p Phase) Finished() bool {
	return p == PhaseDelivered || p == PhasePartial || p == PhaseFailed || p == PhaseDenied || p == PhaseCanceled
}

// FailureReason is the status word of a failed request.
type FailureReason string

// Failure reasons.
const (
	FailureCallbackTimedOut FailureReason = "CallbackTimedOut"
	FailureDelivery         FailureReason = "DeliveryFailed"
	FailureIncompatible     FailureReason = "IncompatibleAccess" // the target came to have what excludes it
	FailureNotAllowed       FailureReason = "RequirementsNotMet" // the target, the package or the assignment is gone or blocked
	FailureScheduleOver     FailureReason = "ScheduleOver"       // the end of the access came before its beginning
)

// Plan is what the policy says about one request, frozen when it is submitted: edits
// of the policy or of an extension do not move requests under way.
type Plan struct {
	// Removes is set for a request that takes access away, Updates for one that changes an
	// assignment.
	Removes bool `json:"removes,omitzero"`
	Updates bool `json:"updates,omitzero"`
	// PackageName is what the package was called, for the audit log.
	PackageName string `json:"package,omitzero"`
	// Seed makes the ids of callout instances: 32 random hexadecimal digits.
	Seed string `json:"seed"`
	// AllowDenyAtCreated is the server setting of that name at submission.
	AllowDenyAtCreated bool             `json:"denyAtCreated,omitzero"`
	Callouts           []PlannedCallout `json:"callouts,omitzero"`
	// Approval are the stages of approval that have to be passed. What a dynamic one is
	// comes with the answer to its callout.
	Approval []ApprovalStage `json:"approval,omitzero"`
	// Schedule is what was asked for, Expiration what the policy allows.
	Schedule   Schedule    `json:"schedule,omitzero"`
	Expiration *Expiration `json:"expires,omitzero"`
	// NotificationDisabled silences the notices about the assignment; Quiet is set for a
	// direct assignment, of whose outcome nobody is told.
	NotificationDisabled bool `json:"silent,omitzero"`
	Quiet                bool `json:"quiet,omitzero"`
	// Automatic is set where an automatic assignment policy asked.
	Automatic bool `json:"automatic,omitzero"`
}

// PlannedCallout is one call that the plan foresees. Calls of one stage are made in
// the order in which they stand.
type PlannedCallout struct {
	Stage         Stage         `json:"stage"`
	ExtensionID   ID            `json:"extension"`
	ExtensionName string        `json:"name,omitzero"`
	URL           string        `json:"url"`
	Timeout       time.Duration `json:"timeout,format:nano"` // of one HTTP call
	Retries       int           `json:"retries,omitzero"`
	// CallbackTimeout is how long to wait for resume; zero means launch and continue.
	CallbackTimeout time.Duration `json:"wait,omitzero,format:nano"`
	// ApprovalStage is the index of the stage of approval that StageDetermining determines.
	ApprovalStage int `json:"approvalStage,omitzero"`
}

// Waits reports whether the request stops until resume is called.
func (c PlannedCallout) Waits() bool { return c.CallbackTimeout > 0 }

// Callout is a customExtensionCalloutInstance: one extension called for one request.
type Callout struct {
	ID ID `json:"id"` // the customExtensionStageInstanceId
	// Plan is the index of the planned callout.
	Plan        int           `json:"plan,omitzero"`
	Stage       Stage         `json:"stage"`
	ExtensionID ID            `json:"extension"`
	Wait        int           `json:"wait"` // the wait that it opened
	Status      CalloutStatus `json:"status,omitzero"`

	// Attempts counts those whose result was recorded. NextAttempt is zero when none
	// is to come. LastError is what went wrong last, in words for an operator.
	Attempts    int       `json:"attempts,omitzero"`
	LastAttempt time.Time `json:"lastAttempt,omitzero,format:unixmicro"`
	NextAttempt time.Time `json:"nextAttempt,omitzero,format:unixmicro"`
	LastError   string    `json:"lastError,omitzero"`
	// StartedAt is when the instance was made, Deadline when its wait ends; the
	// latter is zero for launch and continue.
	StartedAt time.Time `json:"startedAt,format:unixmicro"`
	Deadline  time.Time `json:"deadline,omitzero,format:unixmicro"`

	// Answer is the callback that was recorded; its Outcome is empty while there is
	// none.
	Answer Answer `json:"answer,omitzero"`
}

// CalloutStatus is customExtensionCalloutInstanceStatus. It is empty for a call that
// does not wait and has not been made yet.
type CalloutStatus string

// Members of customExtensionCalloutInstanceStatus.
const (
	CalloutSent        CalloutStatus = "calloutSent"
	CalloutFailed      CalloutStatus = "calloutFailed"
	CallbackReceived   CalloutStatus = "callbackReceived"
	CallbackTimedOut   CalloutStatus = "callbackTimedOut"
	WaitingForCallback CalloutStatus = "waitingForCallback"
)

// Answer is what a caller of resume said about one callout instance.
//
// graph: accesspackageassignmentrequest-resume
type Answer struct {
	Outcome Outcome   `json:"outcome,omitzero"`
	Source  string    `json:"source,omitzero"` // who answers, in the caller's words
	Type    string    `json:"type,omitzero"`   // the type member as it was sent
	Detail  string    `json:"detail,omitzero"` // customExtensionStageInstanceDetail
	At      time.Time `json:"at,omitzero,format:unixmicro"`
	By      ID        `json:"by,omitzero"` // object id of the caller
}

// Outcome is what an answer does to the request.
type Outcome string

// Outcomes. An absent state in the callback data means OutcomeContinue.
const (
	OutcomeContinue Outcome = "continue"
	OutcomeDenied   Outcome = "denied"
	OutcomeCanceled Outcome = "canceled"
)

// Limits of an answer, in characters.
const (
	MaxSource = 256
	MaxDetail = 4000
)

// Current returns the callout that is under way or nil.
func (p *Progress) Current() *Callout {
	switch p.Phase {
	case PhaseCreated, PhaseDetermining, PhaseApproved, PhaseGranted, PhaseRemoved:
		if n := len(p.Callouts); n > 0 {
			return &p.Callouts[n-1]
		}
	}
	return nil
}

// Callout returns the instance with that id or nil.
func (p *Progress) Callout(id ID) *Callout {
	for i := range p.Callouts {
		if p.Callouts[i].ID == id {
			return &p.Callouts[i]
		}
	}
	return nil
}

// Approval returns the stage of approval that is under way or nil.
func (p *Progress) Approval() *ApprovalRun {
	if n := len(p.Approvals); n > 0 && p.Phase == PhaseApproval {
		return &p.Approvals[n-1]
	}
	return nil
}
