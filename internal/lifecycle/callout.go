package lifecycle

import (
	"strconv"
	"time"

	"anteroom/internal/entitlement"
)

// Attempts of a callout that waits are repeated after FirstRetry, then after twice as
// long each time up to LastRetry, until the wait's deadline.
const (
	FirstRetry = 5 * time.Second
	LastRetry  = time.Hour
)

// Backoff is how long to wait after the given number of failed attempts.
func Backoff(failed int) time.Duration {
	d := FirstRetry
	for i := 1; i < failed && d < LastRetry; i++ {
		d *= 2
	}
	return min(d, LastRetry)
}

// stageOf is the stage whose extensions a phase calls.
func stageOf(p entitlement.Phase) entitlement.Stage {
	switch p {
	case entitlement.PhaseCreated:
		return entitlement.StageCreated
	case entitlement.PhaseDetermining:
		return entitlement.StageDetermining
	case entitlement.PhaseApproved:
		return entitlement.StageApproved
	case entitlement.PhaseGranted:
		return entitlement.StageGranted
	case entitlement.PhaseRemoved:
		return entitlement.StageRemoved
	}
	return ""
}

// nextCallout starts the next planned callout of the phase, or leaves the phase where
// there is none.
func (s *step) nextCallout() {
	stage, after := stageOf(s.p.Phase), s.madeOf(stageOf(s.p.Phase))
	for i, planned := range s.p.Plan.Callouts {
		if i > after && planned.Stage == stage && (stage != entitlement.StageDetermining || planned.ApprovalStage == len(s.p.Approvals)) {
			s.startCallout(i, planned)
			return
		}
	}
	s.leave()
}

// madeOf is the index in the plan of the last callout of a stage that need not be made
// again, or -1. One that failed the request is made again when that is reprocessed.
func (s *step) madeOf(stage entitlement.Stage) int {
	for i := len(s.p.Callouts) - 1; i >= 0; i-- {
		c := &s.p.Callouts[i]
		switch {
		case c.Stage != stage:
		case c.Status == entitlement.CallbackTimedOut && stage != entitlement.StageRemoved:
			return c.Plan - 1
		default:
			return c.Plan
		}
	}
	return -1
}

func (s *step) startCallout(i int, planned entitlement.PlannedCallout) {
	s.p.Wait++
	c := entitlement.Callout{
		ID: entitlement.DeriveID(s.p.Plan.Seed, strconv.Itoa(s.p.Wait)), Plan: i, Stage: planned.Stage, ExtensionID: planned.ExtensionID,
		Wait: s.p.Wait, StartedAt: s.now, NextAttempt: s.now,
	}
	s.do(SendCallout, s.now)
	if planned.Waits() {
		c.Status = entitlement.WaitingForCallback
		c.Deadline = s.now.Add(planned.CallbackTimeout)
		s.do(WakeAt, c.Deadline)
	}
	s.p.Callouts = append(s.p.Callouts, c)
}

// leave goes on to the phase after the callouts of this one.
func (s *step) leave() {
	switch s.p.Phase {
	case entitlement.PhaseCreated:
		s.nextApproval()
	case entitlement.PhaseDetermining:
		s.determined()
	case entitlement.PhaseApproved:
		s.schedule()
	case entitlement.PhaseGranted:
		s.move(entitlement.PhaseGranting)
		s.p.Wait++
		s.do(Grant, s.now)
	case entitlement.PhaseRemoved:
		s.finish(entitlement.PhaseDelivered)
	}
}

// determined begins the stage of approval that was determined. One that nobody determined
// is not passed.
func (s *step) determined() {
	i := len(s.p.Approvals)
	if s.p.Plan.Approval[i].Dynamic {
		s.p.Detail = "The policy leaves it to an extension to say who approves, and there is none to ask."
		s.deny("", s.p.Detail)
		return
	}
	s.beginApproval(i)
}

// inCallouts handles what can happen while an extension is being called or answered.
func (s *step) inCallouts(ev entitlement.Event) error {
	switch ev.Kind {
	case entitlement.EventSent, entitlement.EventSendFailed, entitlement.EventTimedOut:
	default:
		return ignored("an extension is being called")
	}
	c := s.p.Current()
	if ev.Wait != s.p.Wait || c == nil || c.Wait != ev.Wait {
		return s.stale(ev)
	}
	waits := !c.Deadline.IsZero()
	switch {
	case ev.Kind == entitlement.EventTimedOut:
		switch {
		case !waits:
			return ignored("the callout does not wait")
		case s.now.Before(c.Deadline):
			s.do(WakeAt, c.Deadline)
			return nil
		}
		s.timeOut(c)
	case ev.Kind == entitlement.EventSent:
		c.Attempts++
		c.LastAttempt, c.NextAttempt, c.LastError = s.now, time.Time{}, ""
		s.note(entitlement.ActivityExecuteExtension, entitlement.AuditSuccess, "")
		if !waits {
			c.Status = entitlement.CalloutSent
			s.nextCallout()
		}
	default:
		c.Attempts++
		c.LastAttempt, c.NextAttempt, c.LastError = s.now, time.Time{}, ev.Error
		s.note(entitlement.ActivityExecuteExtension, entitlement.AuditFailure, ev.Error)
		s.sendFailed(c, waits)
	}
	return nil
}

// sendFailed goes on after a failed attempt: a callout that does not wait had its one
// attempt, one that waits stays open, as the endpoint may have received it.
func (s *step) sendFailed(c *entitlement.Callout, waits bool) {
	if !waits {
		c.Status = entitlement.CalloutFailed
		s.nextCallout()
		return
	}
	next := s.now.Add(Backoff(c.Attempts))
	if next.Before(c.Deadline) {
		c.NextAttempt = next
		s.do(SendCallout, next)
	}
}

// timeOut ends a wait that nobody answered. Nobody is let in by it; a removal, whose
// roles are gone already, is only completed by it.
func (s *step) timeOut(c *entitlement.Callout) {
	c.Status = entitlement.CallbackTimedOut
	c.NextAttempt = time.Time{}
	s.endWait()
	s.note(entitlement.ActivityExecuteExtension, entitlement.AuditTimeout, "nobody called resume in time")
	if s.p.Phase == entitlement.PhaseRemoved {
		s.nextCallout()
		return
	}
	s.fail(entitlement.FailureCallbackTimedOut, "Nobody answered the custom extension's callout in time.")
}
