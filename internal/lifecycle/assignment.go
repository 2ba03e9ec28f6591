package lifecycle

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"anteroom/internal/entitlement"
)

// assignmentEdges lists every legal move of an assignment.
var assignmentEdges = map[entitlement.AssignmentState][]entitlement.AssignmentState{
	entitlement.AssignmentDelivering: {
		entitlement.AssignmentDelivered, entitlement.AssignmentPartiallyDelivered,
		entitlement.AssignmentDeliveryFailed, entitlement.AssignmentExpired,
	},
	entitlement.AssignmentPartiallyDelivered: {entitlement.AssignmentDelivered, entitlement.AssignmentExpired},
	entitlement.AssignmentDelivered:          {entitlement.AssignmentPartiallyDelivered, entitlement.AssignmentExpired},
}

// How long before the end of an assignment its two extensions are called and its target
// is told (graph: accessPackageCustomExtensionStage).
const (
	FirstWarning  = 14 * 24 * time.Hour
	SecondWarning = 24 * time.Hour
)

// StepAssignment returns the assignment after ev and what must be done about it. It is to
// an assignment what Step is to a request.
func StepAssignment(a entitlement.Assignment, ev entitlement.AssignmentEvent, now time.Time) (entitlement.Assignment, []Effect, error) {
	s := &assignmentStep{a: a, now: now}
	s.a.Callouts = slices.Clone(a.Callouts)
	err := s.apply(ev)
	if err == nil {
		err = s.illegal
	}
	if err != nil {
		return a, nil, err
	}
	return s.a, s.effects, nil
}

type assignmentStep struct {
	a       entitlement.Assignment
	now     time.Time
	effects []Effect
	illegal error
}

func (s *assignmentStep) apply(ev entitlement.AssignmentEvent) error {
	if ev.Kind == entitlement.AssignmentEventCalled {
		return s.called(ev)
	}
	if !s.a.State.Live() {
		return ignored("the assignment is over (%s)", s.a.State)
	}
	switch ev.Kind {
	case entitlement.AssignmentEventDelivered, entitlement.AssignmentEventPartly:
		s.delivered(ev)
	case entitlement.AssignmentEventFailed:
		if s.a.State != entitlement.AssignmentDelivering {
			return ignored("the assignment was delivered before (%s)", s.a.State)
		}
		s.move(entitlement.AssignmentDeliveryFailed)
	case entitlement.AssignmentEventExtended:
		s.endsAt(ev.EndAt)
		s.note(entitlement.ActivityExtend)
	case entitlement.AssignmentEventRepaired:
		return s.repaired(ev)
	case entitlement.AssignmentEventWoken:
		return s.woken(ev)
	case entitlement.AssignmentEventLeft:
		return s.left(ev)
	case entitlement.AssignmentEventReturned:
		if s.a.GraceUntil.IsZero() {
			return ignored("the target did not leave")
		}
		s.a.GraceUntil = time.Time{}
		s.arm()
	case entitlement.AssignmentEventRemoved:
		s.removed()
	default:
		return fmt.Errorf("lifecycle: unknown event %q of an assignment", ev.Kind)
	}
	return nil
}

// delivered records what was given. Access that was there before keeps its beginning.
func (s *assignmentStep) delivered(ev entitlement.AssignmentEvent) {
	s.a.Failures = slices.Clone(ev.Failures)
	if s.a.StartAt.IsZero() {
		s.a.StartAt = s.now
	}
	to := entitlement.AssignmentDelivered
	if ev.Kind == entitlement.AssignmentEventPartly {
		to = entitlement.AssignmentPartiallyDelivered
	}
	s.move(to)
	s.endsAt(ev.EndAt)
}

// repaired records that the roles were given again, but for those that could not be. When
// the access ends stays as it is.
func (s *assignmentStep) repaired(ev entitlement.AssignmentEvent) error {
	to := entitlement.AssignmentDelivered
	if len(ev.Failures) > 0 {
		to = entitlement.AssignmentPartiallyDelivered
	}
	if s.a.State == to && slices.Equal(s.a.Failures, ev.Failures) {
		return ignored("the assignment is as it was")
	}
	s.a.Failures = slices.Clone(ev.Failures)
	s.move(to)
	return nil
}

// endsAt sets the end. A moment before it that is past will not come any more.
func (s *assignmentStep) endsAt(end time.Time) {
	s.a.EndAt, s.a.Warned, s.a.NearEnd = end, 0, false
	if !end.IsZero() {
		for _, before := range []time.Duration{FirstWarning, SecondWarning} {
			if !end.Add(-before).After(s.now) {
				s.a.Warned++
			}
		}
	}
	s.arm()
}

// next is the next moment that the assignment waits for, zero for none.
func (s *assignmentStep) next() time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	consider(s.a.GraceUntil)
	if end := s.a.EndAt; !end.IsZero() {
		consider(end)
		switch s.a.Warned {
		case 0:
			consider(end.Add(-FirstWarning))
		case 1:
			consider(end.Add(-SecondWarning))
		}
	}
	return next
}

// arm sets the timer for the next moment, in place of the one before.
func (s *assignmentStep) arm() {
	if s.a.Wait > 0 {
		s.do(EndWait)
	}
	next := s.next()
	if next.IsZero() && s.a.Wait == 0 {
		return // there never was a timer
	}
	s.a.Wait++
	if !next.IsZero() && !s.a.Ending && s.a.State.Live() {
		s.effects = append(s.effects, Effect{Kind: WakeAt, Wait: s.a.Wait, At: next})
	}
}

// woken does what is due.
func (s *assignmentStep) woken(ev entitlement.AssignmentEvent) error {
	switch {
	case ev.Wait != s.a.Wait:
		return ignored("it belongs to timer %d, and the assignment is at timer %d", ev.Wait, s.a.Wait)
	case s.a.Ending || s.next().IsZero():
		return ignored("the assignment waits for nothing")
	}
	for !s.a.Ending {
		moment := s.next()
		if moment.After(s.now) {
			break
		}
		end := s.a.EndAt
		switch {
		case !end.IsZero() && s.a.Warned < 2 && !moment.Equal(end) && !moment.Equal(s.a.GraceUntil):
			s.warn()
		default:
			s.end()
		}
	}
	s.arm()
	return nil
}

// warn calls the extensions of the next moment before the end, and tells the target.
func (s *assignmentStep) warn() {
	stage := entitlement.StageFourteenDays
	if s.a.Warned == 1 {
		stage, s.a.NearEnd = entitlement.StageOneDay, true
	}
	s.a.Warned++
	for i, planned := range s.a.Planned {
		if planned.Stage != stage {
			continue
		}
		n := len(s.a.Callouts)
		s.a.Callouts = append(s.a.Callouts, entitlement.Callout{
			ID:   entitlement.DeriveID(string(s.a.ID), s.a.EndAt.UTC().Format(time.RFC3339Nano), strconv.Itoa(n)),
			Plan: i, Stage: stage, ExtensionID: planned.ExtensionID, Wait: n, StartedAt: s.now, NextAttempt: s.now,
		})
		s.effects = append(s.effects, Effect{Kind: WarnCallout, Wait: n, At: s.now})
	}
	s.notify(entitlement.NoticeAccessExpiring, s.a.EndAt)
}

// end lets the server ask that the access be taken away.
func (s *assignmentStep) end() {
	s.a.Ending = true
	s.do(EndAccess)
}

// left begins the grace period of an automatic assignment, or ends it at once.
func (s *assignmentStep) left(ev entitlement.AssignmentEvent) error {
	switch {
	case !s.a.Automatic:
		return ignored("the assignment is not an automatic one")
	case s.a.State == entitlement.AssignmentDelivering:
		return ignored("nothing was given yet, and it is checked before anything is")
	case s.a.Ending || !s.a.GraceUntil.IsZero():
		return ignored("the assignment is ending already")
	case ev.Grace <= 0:
		s.end()
	default:
		s.a.GraceUntil = s.now.Add(ev.Grace)
	}
	s.arm()
	return nil
}

func (s *assignmentStep) removed() {
	s.move(entitlement.AssignmentExpired)
	s.a.ExpiredAt = s.now
	s.arm()
	s.note(entitlement.ActivityRemove)
	s.notify(entitlement.NoticeAccessEnded, time.Time{})
}

// called records how the call of an extension went. It is made once and never waits.
func (s *assignmentStep) called(ev entitlement.AssignmentEvent) error {
	i := slices.IndexFunc(s.a.Callouts, func(c entitlement.Callout) bool { return c.ID == ev.Callout })
	if i < 0 || s.a.Callouts[i].Attempts > 0 {
		return ignored("the extension was called already")
	}
	c := &s.a.Callouts[i]
	c.Attempts, c.LastAttempt, c.NextAttempt, c.LastError = 1, s.now, time.Time{}, ev.Error
	c.Status = entitlement.CalloutSent
	result := entitlement.AuditSuccess
	if ev.Error != "" {
		c.Status, result = entitlement.CalloutFailed, entitlement.AuditFailure
	}
	s.effects = append(s.effects, Effect{Kind: Note, At: s.now, Activity: entitlement.ActivityExecuteExtension, Result: result, Detail: ev.Error})
	return nil
}

// move goes to another state along an edge; the state that it is in changes nothing.
func (s *assignmentStep) move(to entitlement.AssignmentState) {
	if s.a.State == to {
		return
	}
	if !slices.Contains(assignmentEdges[s.a.State], to) && s.illegal == nil {
		s.illegal = fmt.Errorf("lifecycle: illegal move of an assignment from %s to %s", s.a.State, to)
	}
	s.a.State = to
	if !to.Live() {
		s.a.GraceUntil = time.Time{}
	}
}

func (s *assignmentStep) do(kind EffectKind) {
	s.effects = append(s.effects, Effect{Kind: kind, Wait: s.a.Wait, At: s.now})
}

func (s *assignmentStep) note(a entitlement.Activity) {
	s.effects = append(s.effects, Effect{Kind: Note, Wait: s.a.Wait, At: s.now, Activity: a, Result: entitlement.AuditSuccess})
}

func (s *assignmentStep) notify(kind entitlement.NoticeKind, due time.Time) {
	if s.a.Silent {
		return
	}
	s.a.Notices++
	s.effects = append(s.effects, Effect{Kind: Notify, Wait: s.a.Notices, At: s.now, Notice: kind, Due: due})
}
