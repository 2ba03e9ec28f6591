// Package lifecycle holds the pure state machines of a request, its approval, its callouts
// and an assignment: what happens to them, and nothing else. It reads no clock, does no I/O
// and keeps nothing; the data that it works on is in package entitlement, and package
// engine applies what it decides. No transition is decided anywhere else.
package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"anteroom/internal/entitlement"
)

// Ignored is returned for an event that changes nothing: a timer of a wait that is
// over, or the same answer once more. It is no failure.
type Ignored struct{ Reason string }

// Error gives the reason.
func (i *Ignored) Error() string { return "ignored: " + i.Reason }

// Step returns the progress after ev and what must be done about it. It reads no clock
// and touches nothing outside its arguments; now is the tenant's clock.
//
// The error is an *entitlement.Error for what a caller asked and may not have, *Ignored
// for what changes nothing, and anything else for an event that makes no sense. With an
// error the progress is p and there are no effects.
func Step(p entitlement.Progress, ev entitlement.Event, now time.Time) (entitlement.Progress, []Effect, error) {
	s := &step{p: p, now: now}
	s.p.Callouts = slices.Clone(p.Callouts)
	s.p.Approvals = slices.Clone(p.Approvals)
	err := s.apply(ev)
	if err == nil {
		err = s.illegal
	}
	if err != nil {
		return p, nil, err
	}
	return s.p, s.effects, nil
}

// step is one application of Step.
type step struct {
	p       entitlement.Progress
	now     time.Time
	effects []Effect
	illegal error // a move that edges do not allow
}

func (s *step) apply(ev entitlement.Event) error {
	switch ev.Kind {
	case entitlement.EventCallback:
		// The repeat of an answer is looked for before the state is looked at: the first
		// answer may have finished the request long ago.
		return s.callback(ev)
	case entitlement.EventDecided:
		return s.decided(ev) // likewise
	case entitlement.EventCancel:
		return s.cancel()
	case entitlement.EventReprocess:
		return s.reprocess()
	}
	switch s.p.Phase {
	case entitlement.PhaseNew:
		return s.inNew(ev)
	case entitlement.PhaseCreated, entitlement.PhaseDetermining, entitlement.PhaseApproved, entitlement.PhaseGranted, entitlement.PhaseRemoved:
		return s.inCallouts(ev)
	case entitlement.PhaseApproval:
		return s.inApproval(ev)
	case entitlement.PhaseScheduled:
		return s.inScheduled(ev)
	case entitlement.PhaseReady:
		return s.inReady(ev)
	case entitlement.PhaseGranting, entitlement.PhaseUpdating:
		return s.inGranting(ev)
	case entitlement.PhaseRevoking:
		return s.inRevoking(ev)
	}
	if s.p.Phase.Finished() {
		return ignored("the request is finished (%s)", s.p.Phase)
	}
	return fmt.Errorf("lifecycle: unknown phase %q", s.p.Phase)
}

func (s *step) inNew(ev entitlement.Event) error {
	if ev.Kind != entitlement.EventSubmitted {
		return ignored("nothing was submitted yet")
	}
	if s.p.Plan.Removes {
		s.move(entitlement.PhaseRevoking)
		s.p.Wait++
		s.do(Revoke, s.now)
		return nil
	}
	s.move(entitlement.PhaseCreated)
	s.nextCallout()
	return nil
}

// schedule goes on once everybody who had to agree has: at the time for which the access
// was asked. An update takes effect at once.
func (s *step) schedule() {
	start := s.p.Plan.Schedule.StartAt
	if s.p.Plan.Updates || !start.After(s.now) {
		s.ready()
		return
	}
	s.move(entitlement.PhaseScheduled)
	s.p.Wait++
	s.do(WakeAt, start)
	s.note(entitlement.ActivitySchedule, entitlement.AuditSuccess, "")
}

func (s *step) inScheduled(ev entitlement.Event) error {
	switch {
	case ev.Kind != entitlement.EventTimedOut:
		return ignored("the access begins later")
	case ev.Wait != s.p.Wait:
		return s.stale(ev)
	case s.now.Before(s.p.Plan.Schedule.StartAt):
		s.do(WakeAt, s.p.Plan.Schedule.StartAt)
		return nil
	}
	s.ready()
	return nil
}

// ready asks once more whether the access may be given: much may have happened since the
// request was made.
func (s *step) ready() {
	s.move(entitlement.PhaseReady)
	s.p.Wait++
	s.do(Admit, s.now)
}

func (s *step) inReady(ev entitlement.Event) error {
	switch {
	case ev.Kind != entitlement.EventAdmitted && ev.Kind != entitlement.EventRefused:
		return ignored("it is being checked")
	case ev.Wait != s.p.Wait:
		return s.stale(ev)
	case ev.Kind == entitlement.EventRefused:
		s.fail(ev.Reason, ev.Error)
		return nil
	}
	s.note(entitlement.ActivityReady, entitlement.AuditSuccess, "")
	if s.p.Plan.Updates {
		s.move(entitlement.PhaseUpdating)
		s.p.Wait++
		s.do(Update, s.now)
		return nil
	}
	s.move(entitlement.PhaseGranted)
	s.do(OpenAssignment, s.now)
	s.nextCallout()
	return nil
}

func (s *step) inGranting(ev entitlement.Event) error {
	switch ev.Kind {
	case entitlement.EventGranted, entitlement.EventPartlyGranted, entitlement.EventDeliveryFailed:
	default:
		return ignored("roles are being given")
	}
	if ev.Wait != s.p.Wait {
		return s.stale(ev)
	}
	switch {
	case ev.Kind == entitlement.EventDeliveryFailed:
		s.fail(ev.Reason, ev.Error)
	case ev.Kind == entitlement.EventPartlyGranted && s.p.Phase == entitlement.PhaseGranting:
		s.p.Failures = slices.Clone(ev.Failures)
		s.p.FailedIn = s.p.Phase
		s.do(PartlyDeliverAssignment, s.now)
		s.note(entitlement.ActivityPartlyFulfill, entitlement.AuditFailure, "some roles could not be given")
		s.finish(entitlement.PhasePartial)
	default:
		s.p.Failures = nil
		s.delivered()
		s.finish(entitlement.PhaseDelivered)
	}
	return nil
}

// delivered says that everything was done as asked.
func (s *step) delivered() {
	if s.p.Phase == entitlement.PhaseUpdating {
		return // the assignment says what became of it
	}
	s.do(DeliverAssignment, s.now)
	s.note(entitlement.ActivityFulfill, entitlement.AuditSuccess, "")
	s.notify(entitlement.NoticeAccessGranted, nil, time.Time{}, "")
}

func (s *step) inRevoking(ev entitlement.Event) error {
	switch {
	case ev.Kind != entitlement.EventRevoked:
		return ignored("roles are being taken away")
	case ev.Wait != s.p.Wait:
		return s.stale(ev)
	}
	s.move(entitlement.PhaseRemoved)
	s.nextCallout()
	return nil
}

// move goes to another phase along an edge.
func (s *step) move(to entitlement.Phase) {
	if !slices.Contains(edges[s.p.Phase], to) && s.illegal == nil {
		s.illegal = fmt.Errorf("lifecycle: illegal move from %s to %s", s.p.Phase, to)
	}
	s.p.Phase = to
}

// finish ends the request.
func (s *step) finish(as entitlement.Phase) {
	s.move(as)
	s.do(Complete, s.now)
}

// fail ends the request without success. One that had been delivered in part stays so.
func (s *step) fail(reason entitlement.FailureReason, detail string) {
	if reason == "" {
		reason = entitlement.FailureDelivery
	}
	s.p.Detail = detail
	result := entitlement.AuditFailure
	if reason == entitlement.FailureCallbackTimedOut {
		result = entitlement.AuditTimeout
	}
	s.note(entitlement.ActivityFailed, result, detail)
	if s.p.Failures != nil {
		s.finish(entitlement.PhasePartial)
		return
	}
	s.p.Reason, s.p.FailedIn = reason, s.p.Phase
	if s.p.Phase == entitlement.PhaseGranted || s.p.Phase == entitlement.PhaseGranting {
		s.do(FailAssignment, s.now)
	}
	s.finish(entitlement.PhaseFailed)
}

func (s *step) stale(ev entitlement.Event) error {
	return ignored("it belongs to wait %d, and the request is at wait %d", ev.Wait, s.p.Wait)
}

func ignored(format string, args ...any) error {
	return &Ignored{Reason: fmt.Sprintf(format, args...)}
}
