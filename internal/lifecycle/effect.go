package lifecycle

import (
	"time"

	"anteroom/internal/entitlement"
)

// Effect is something that must be done because of a step, in the transaction that
// stores its result.
type Effect struct {
	Kind EffectKind
	// Wait is the wait that the effect belongs to; its outcome comes back as an event
	// with the same number. For WarnCallout it is the index of the callout.
	Wait int
	// At is when to do it (SendCallout, WakeAt, WarnCallout), on the clock that Step was given.
	At time.Time
	// Notice, To, Due and Detail belong to Notify: what is told, to whom (nobody named means
	// the requestor or the target), until when to act, and words for a reader.
	Notice entitlement.NoticeKind
	To     []entitlement.ID
	Due    time.Time
	Detail string
	// Activity and Result belong to Note, with Detail as the reason.
	Activity entitlement.Activity
	Result   entitlement.AuditResult
}

// EffectKind tells effects apart.
type EffectKind string

// Kinds of effect of a request.
const (
	SendCallout             EffectKind = "sendCallout"             // make an attempt to call the current extension
	WakeAt                  EffectKind = "wakeAt"                  // a timedOut (or woken) event is due then
	EndWait                 EffectKind = "endWait"                 // what was to be done later for the wait is not to be done any more
	FindApprovers           EffectKind = "findApprovers"           // find out whom the stage of approval means
	AskApprovers            EffectKind = "askApprovers"            // the people in To may decide from now on
	Admit                   EffectKind = "admit"                   // check whether the access may be given
	OpenAssignment          EffectKind = "openAssignment"          // the assignment comes to be, in state delivering
	Grant                   EffectKind = "grant"                   // give the target all roles of the package
	Update                  EffectKind = "update"                  // change the assignment as was asked
	Revoke                  EffectKind = "revoke"                  // take away what the assignment gave
	DeliverAssignment       EffectKind = "deliverAssignment"       // the assignment is delivered
	PartlyDeliverAssignment EffectKind = "partlyDeliverAssignment" // some roles could not be given
	FailAssignment          EffectKind = "failAssignment"          // the assignment that was opened failed
	DropAssignment          EffectKind = "dropAssignment"          // the assignment that was opened is not to be
	Complete                EffectKind = "complete"                // the request is finished
	Reopen                  EffectKind = "reopen"                  // the request is not finished any more
	Notify                  EffectKind = "notify"                  // somebody is to be told
	Note                    EffectKind = "note"                    // the audit log has a name for it
)

// Kinds of effect of an assignment, beside WakeAt, EndWait, Notify and Note.
const (
	WarnCallout EffectKind = "warnCallout" // call an extension before the end
	EndAccess   EffectKind = "endAccess"   // the server asks that the access be taken away
)

func (s *step) endWait() { s.do(EndWait, s.now) }

func (s *step) do(kind EffectKind, at time.Time) {
	s.effects = append(s.effects, Effect{Kind: kind, Wait: s.p.Wait, At: at})
}

// note says under which name the audit log shows what happened.
func (s *step) note(a entitlement.Activity, result entitlement.AuditResult, reason string) {
	s.effects = append(s.effects, Effect{Kind: Note, Wait: s.p.Wait, At: s.now, Activity: a, Result: result, Detail: reason})
}

// notify tells somebody. Nobody is told of the outcome of a direct assignment, and of what
// becomes of access only where the policy does not silence it.
func (s *step) notify(kind entitlement.NoticeKind, to []entitlement.ID, due time.Time, detail string) {
	plan := &s.p.Plan
	if (kind.OfAssignment() && plan.NotificationDisabled) || (to == nil && plan.Quiet) {
		return
	}
	s.p.Notices++
	s.effects = append(s.effects, Effect{Kind: Notify, Wait: s.p.Notices, At: s.now, Notice: kind, To: to, Due: due, Detail: detail})
}
