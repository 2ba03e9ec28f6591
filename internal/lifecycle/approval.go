package lifecycle

import (
	"slices"
	"strings"
	"time"

	"anteroom/internal/entitlement"
)

// nextApproval begins the next stage of approval, or goes on when all are passed.
//
// contract: lifecycle e
func (s *step) nextApproval() {
	i := len(s.p.Approvals)
	if i == len(s.p.Plan.Approval) {
		if i == 0 {
			s.note(entitlement.ActivityAutoApprove, entitlement.AuditSuccess, "")
		} else {
			s.note(entitlement.ActivityApprove, entitlement.AuditSuccess, "")
		}
		s.move(entitlement.PhaseApproved)
		s.nextCallout()
		return
	}
	if s.p.Plan.Approval[i].Dynamic {
		s.move(entitlement.PhaseDetermining)
		s.nextCallout()
		return
	}
	s.beginApproval(i)
}

// beginApproval begins a stage. Whom it means is found out before anybody is asked.
func (s *step) beginApproval(i int) {
	s.move(entitlement.PhaseApproval)
	s.p.Wait++
	stage := &s.p.Plan.Approval[i]
	run := entitlement.ApprovalRun{
		ID: entitlement.ApprovalStageID(s.p.Plan.Seed, i), Stage: i, Wait: s.p.Wait, Status: entitlement.ApprovalInProgress,
		StartedAt: s.now, ExpiresAt: s.now.Add(stage.AutomaticDenial),
	}
	first := stage.AutomaticDenial
	if stage.Escalates() {
		run.EscalateAt = s.now.Add(stage.Escalation)
		first = min(first, stage.Escalation)
	}
	run.RemindAt = s.now.Add((first / 2).Truncate(time.Microsecond))
	s.p.Approvals = append(s.p.Approvals, run)
	s.do(FindApprovers, s.now)
}

// inApproval handles what can happen while approvers are asked, but for their decision.
func (s *step) inApproval(ev entitlement.Event) error {
	run := s.p.Approval()
	switch {
	case ev.Kind != entitlement.EventApproversFound && ev.Kind != entitlement.EventTimedOut:
		return ignored("approvers are being asked")
	case ev.Wait != s.p.Wait || run == nil || run.Wait != ev.Wait:
		return s.stale(ev)
	case ev.Kind == entitlement.EventApproversFound:
		if run.Approvers != nil {
			return ignored("the approvers are known already")
		}
		s.ask(run, ev.Approvers)
		return nil
	case run.Approvers == nil:
		return ignored("it is not known yet whom to ask")
	}
	s.approvalMoments(run)
	return nil
}

// ask asks the approvers of a stage: the primary ones or, where there are none, those for
// that case. A stage that nobody can decide denies at once, rather than hang.
func (s *step) ask(run *entitlement.ApprovalRun, found entitlement.FoundApprovers) {
	orElse := func(first, second []entitlement.ID) []entitlement.ID {
		if len(first) == 0 {
			return slices.Clone(second)
		}
		return slices.Clone(first)
	}
	run.Approvers = orElse(found.Primary, found.FallbackPrimary)
	if !run.EscalateAt.IsZero() {
		run.Alternates = orElse(found.Alternates, found.FallbackAlternates)
	}
	if len(run.Approvers) == 0 {
		run.Status = entitlement.ApprovalCompleted
		run.RemindAt, run.EscalateAt = time.Time{}, time.Time{}
		s.p.Detail = "There is nobody who may approve: neither the approvers of the stage nor those for that case could be found, and nobody approves their own request."
		s.deny("", s.p.Detail)
		return
	}
	if run.Stage == 0 {
		s.note(entitlement.ActivityCreateApproval, entitlement.AuditSuccess, "")
	}
	s.join(run.Approvers)
	s.notify(entitlement.NoticeApprovalRequested, run.Approvers, run.ExpiresAt, "")
	s.do(WakeAt, nextMoment(run))
}

// join lets people decide from now on.
func (s *step) join(people []entitlement.ID) {
	s.effects = append(s.effects, Effect{Kind: AskApprovers, Wait: s.p.Wait, At: s.now, To: people})
	s.note(entitlement.ActivityAddApprover, entitlement.AuditSuccess, "")
}

// nextMoment is when something happens to a stage that nobody decides.
func nextMoment(run *entitlement.ApprovalRun) time.Time {
	next := run.ExpiresAt
	for _, t := range []time.Time{run.RemindAt, run.EscalateAt} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// approvalMoments does what is due: approvers are reminded, alternates join them, and in
// the end the request is denied.
func (s *step) approvalMoments(run *entitlement.ApprovalRun) {
	for {
		moment := nextMoment(run)
		switch {
		case moment.After(s.now):
			s.do(WakeAt, moment)
			return
		case moment.Equal(run.RemindAt):
			run.RemindAt = time.Time{}
			s.notify(entitlement.NoticeApprovalReminder, run.Approvers, run.ExpiresAt, "")
		case moment.Equal(run.EscalateAt):
			run.EscalateAt = time.Time{}
			if run.Escalated = len(run.Alternates) > 0; run.Escalated {
				s.join(run.Alternates)
				s.notify(entitlement.NoticeApprovalForwarded, run.Alternates, run.ExpiresAt, "")
			}
		default:
			s.expireApproval(run)
			return
		}
	}
}

func (s *step) expireApproval(run *entitlement.ApprovalRun) {
	run.Status = entitlement.ApprovalExpired
	run.RemindAt, run.EscalateAt = time.Time{}, time.Time{}
	s.endWait()
	s.p.Detail = "Nobody decided within the time that the policy gives approvers."
	s.note(entitlement.ActivityTimedOut, entitlement.AuditTimeout, s.p.Detail)
	s.notify(entitlement.NoticeApprovalExpired, asked(run), time.Time{}, "")
	s.notify(entitlement.NoticeRequestExpired, nil, time.Time{}, "")
	s.finish(entitlement.PhaseDenied)
}

// asked are the people who may decide.
func asked(run *entitlement.ApprovalRun) []entitlement.ID {
	if !run.Escalated {
		return run.Approvers
	}
	all := slices.Concat(run.Approvers, run.Alternates)
	slices.Sort(all)
	return slices.Compact(all)
}

// deny ends the request because somebody, or the server, said no.
func (s *step) deny(detail, reason string) {
	s.note(entitlement.ActivityDeny, entitlement.AuditSuccess, reason)
	s.notify(entitlement.NoticeRequestDenied, nil, time.Time{}, detail)
	s.finish(entitlement.PhaseDenied)
}

// decided records the decision of an approver. One decision settles a stage; the same
// again by the same person changes nothing.
//
// graph: approvalstage-update
func (s *step) decided(ev entitlement.Event) error {
	d := ev.Decision
	if d.Result != entitlement.ReviewApproved && d.Result != entitlement.ReviewDenied {
		return entitlement.Invalid("reviewResult", "reviewResult must be Approve or Deny.")
	}
	run, err := s.decidable(ev)
	if err != nil {
		return err
	}
	stage := &s.p.Plan.Approval[run.Stage]
	if stage.NeedsJustification() && strings.TrimSpace(d.Justification) == "" {
		return entitlement.Invalid("justification", "The policy wants approvers to say why (isApproverJustificationRequired): justification is missing or blank. Nothing was changed.")
	}
	d.At = s.now
	run.Decision, run.Status = d, entitlement.ApprovalCompleted
	run.RemindAt, run.EscalateAt = time.Time{}, time.Time{}
	s.endWait()
	s.note(entitlement.ActivityStageCompleted, entitlement.AuditSuccess, d.Justification)
	if d.Result == entitlement.ReviewDenied {
		told := "" // who asked learns why only where the policy lets them
		if stage.Visibility == entitlement.VisibilityVisible {
			told = d.Justification
		}
		s.deny(told, d.Justification)
		return nil
	}
	s.notify(entitlement.NoticeRequestApproved, asked(run), time.Time{}, d.Justification)
	s.nextApproval()
	return nil
}

// decidable returns the stage that the event is about, if its author may decide it now.
func (s *step) decidable(ev entitlement.Event) (*entitlement.ApprovalRun, error) {
	i := slices.IndexFunc(s.p.Approvals, func(r entitlement.ApprovalRun) bool { return r.ID == ev.ApprovalStage })
	if i < 0 {
		for n := range s.p.Plan.Approval {
			if entitlement.ApprovalStageID(s.p.Plan.Seed, n) == ev.ApprovalStage {
				return nil, entitlement.Errorf(entitlement.CodeApprovalNotOpen, "status", "This stage of the approval has not begun: its turn comes when the stages before it are approved.")
			}
		}
		return nil, entitlement.NotFound("approvalStage", ev.ApprovalStage)
	}
	run, by := &s.p.Approvals[i], ev.Decision.By.ObjectID
	if !slices.Contains(asked(run), by) || by == "" {
		return nil, entitlement.Errorf(entitlement.CodeNotApprover, "", "User is not authorized to perform the operation. Reason: you are not among those who are asked to decide this stage. Nobody decides on their own request.")
	}
	state, status := PublicState(s.p)
	switch {
	case run.Decision.Result == ev.Decision.Result && run.Decision.By.ObjectID == by:
		return nil, ignored("the decision is recorded already")
	case run.Decision.Result != "":
		return nil, entitlement.Errorf(entitlement.CodeApprovalDecided, "reviewResult",
			"This stage was decided already: '%s', at %s. One decision settles a stage.", run.Decision.Result, run.Decision.At.UTC().Format(time.RFC3339))
	case run.Status != entitlement.ApprovalInProgress || s.p.Approval() != run:
		return nil, entitlement.Errorf(entitlement.CodeApprovalNotOpen, "status",
			"This stage cannot be decided any more: the request is in state '%s', status '%s'.", state, status)
	case !s.now.Before(run.ExpiresAt):
		return nil, entitlement.Errorf(entitlement.CodeApprovalNotOpen, "status",
			"The time to decide this stage ended at %s.", run.ExpiresAt.UTC().Format(time.RFC3339))
	}
	return run, nil
}
