// Package lifecycle holds the pure state machines of a request, its callouts and an
// assignment: what happens to them, and nothing else. It reads no clock, does no I/O
// and keeps nothing; the data that it works on is in package entitlement, and package
// engine applies what it decides. No transition is decided anywhere else.
package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"anteroom/internal/entitlement"
)

// Effect is something that must be done because of a step, in the transaction that
// stores its result.
type Effect struct {
	Kind EffectKind
	// Wait is the wait that the effect belongs to; its outcome comes back as an event
	// with the same number.
	Wait int
	// At is when to do it (SendCallout, WakeAt), on the clock that Step was given.
	At time.Time
}

// EffectKind tells effects apart.
type EffectKind string

// Kinds of effect.
const (
	SendCallout       EffectKind = "sendCallout"       // make an attempt to call the current extension
	WakeAt            EffectKind = "wakeAt"            // a timedOut event is due then
	EndWait           EffectKind = "endWait"           // what was to be done later for the wait is not to be done any more
	OpenAssignment    EffectKind = "openAssignment"    // the assignment comes to be, in state delivering
	Grant             EffectKind = "grant"             // give the target all roles of the package
	Revoke            EffectKind = "revoke"            // take away what the assignment gave
	DeliverAssignment EffectKind = "deliverAssignment" // the assignment is delivered
	FailAssignment    EffectKind = "failAssignment"    // the assignment that was opened failed
	DropAssignment    EffectKind = "dropAssignment"    // the assignment that was opened is not to be
	Complete          EffectKind = "complete"          // the request is finished
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
	// The repeat of an answer is looked for before the state is looked at: the first
	// answer may have finished the request long ago.
	if ev.Kind == entitlement.EventCallback {
		return s.callback(ev)
	}
	if ev.Kind == entitlement.EventCancel {
		return s.cancel()
	}
	switch s.p.Phase {
	case entitlement.PhaseNew:
		return s.inNew(ev)
	case entitlement.PhaseCreated, entitlement.PhaseApproved, entitlement.PhaseGranted, entitlement.PhaseRemoved:
		return s.inCallouts(ev)
	case entitlement.PhaseGranting:
		return s.inGranting(ev)
	case entitlement.PhaseRevoking:
		return s.inRevoking(ev)
	case entitlement.PhaseDelivered, entitlement.PhaseFailed, entitlement.PhaseDenied, entitlement.PhaseCanceled:
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

func (s *step) inGranting(ev entitlement.Event) error {
	switch {
	case ev.Kind != entitlement.EventGranted && ev.Kind != entitlement.EventDeliveryFailed:
		return ignored("roles are being given")
	case ev.Wait != s.p.Wait:
		return s.stale(ev)
	case ev.Kind == entitlement.EventGranted:
		s.do(DeliverAssignment, s.now)
		s.finish(entitlement.PhaseDelivered)
	default:
		s.p.Reason = entitlement.FailureDelivery
		s.do(FailAssignment, s.now)
		s.finish(entitlement.PhaseFailed)
	}
	return nil
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

// cancel ends a request for which nothing was granted or taken away yet.
//
// graph: accesspackageassignmentrequest-cancel
func (s *step) cancel() error {
	switch s.p.Phase {
	case entitlement.PhaseNew, entitlement.PhaseCreated, entitlement.PhaseApproved, entitlement.PhaseGranted:
		if s.p.Plan.Removes {
			break
		}
		if c := s.p.Current(); c != nil {
			c.NextAttempt = time.Time{}
			c.Status = entitlement.CalloutFailed
			if c.Attempts > 0 && c.LastError == "" {
				c.Status = entitlement.CalloutSent
			}
		}
		s.endWait()
		s.abandon(DropAssignment)
		s.finish(entitlement.PhaseCanceled)
		return nil
	case entitlement.PhaseCanceled:
		return ignored("the request is canceled already")
	}
	state, status := PublicState(s.p)
	why := "only a request whose access has not been delivered can be canceled"
	if s.p.Plan.Removes {
		why = "a removal withdraws the access at once, and canceling it would not give it back"
	}
	return entitlement.Errorf(entitlement.CodeRequestNotCancelable, "state",
		"The request cannot be canceled: it is in state '%s', status '%s', and %s.", state, status, why)
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

// abandon undoes the opening of the assignment where it was opened.
func (s *step) abandon(kind EffectKind) {
	if s.p.Phase == entitlement.PhaseGranted {
		s.do(kind, s.now)
	}
}

func (s *step) endWait() { s.do(EndWait, s.now) }

func (s *step) do(kind EffectKind, at time.Time) {
	s.effects = append(s.effects, Effect{Kind: kind, Wait: s.p.Wait, At: at})
}

func (s *step) stale(ev entitlement.Event) error {
	return ignored("it belongs to wait %d, and the request is at wait %d", ev.Wait, s.p.Wait)
}

func ignored(format string, args ...any) error {
	return &Ignored{Reason: fmt.Sprintf(format, args...)}
}
