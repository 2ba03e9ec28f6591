package simulation

import (
	"fmt"
	"time"

	"anteroom/internal/audit"
	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// state is all that is stored.
type state struct {
	requests    map[entitlement.ID]*entitlement.Request
	assignments map[entitlement.ID]*entitlement.Assignment
	grants      []*entitlement.Grant
	members     map[entitlement.ID]*entitlement.Membership
	jobs        map[store.JobKey]store.Job
	history     []*entitlement.Record
}

func (w *world) read() *state {
	s := &state{
		requests: map[entitlement.ID]*entitlement.Request{}, assignments: map[entitlement.ID]*entitlement.Assignment{},
		members: map[entitlement.ID]*entitlement.Membership{}, jobs: map[store.JobKey]store.Job{},
	}
	for _, r := range w.requests(nil) {
		s.requests[r.ID] = r
	}
	for _, a := range w.assignments(nil) {
		s.assignments[a.ID] = a
	}
	w.look(func(tx *store.Tx) (err error) {
		if s.grants, err = tx.Grants.List(w.ctx, query.Query{}); err != nil {
			return err
		}
		members, err := tx.Memberships.List(w.ctx, query.Query{})
		for _, m := range members {
			s.members[m.ID] = m
		}
		if err != nil {
			return err
		}
		s.history, err = tx.History.List(w.ctx, 0, 1_000_000)
		return err
	})
	was := w.calm
	w.calm = true
	jobs, err := w.store.DueJobs(w.ctx, w.now.Add(100*365*24*time.Hour), nil, 1_000_000)
	w.calm = was
	must(err)
	for _, j := range jobs {
		s.jobs[j.JobKey] = j
	}
	return s
}

// check returns what is wrong, or "".
func (w *world) check() string {
	s := w.read()
	for _, one := range []func(*state) string{w.checkRequests, w.checkAssignments, w.checkAccess, w.checkAcknowledged, checkHistory} {
		if wrong := one(s); wrong != "" {
			return wrong
		}
	}
	for _, id := range sorted(w.sent) {
		if w.sent[id] > 1 && !w.crashed[id] {
			return fmt.Sprintf("notice %s was sent %d times", id, w.sent[id])
		}
	}
	return ""
}

func (w *world) checkRequests(s *state) string {
	open := map[string]entitlement.ID{}
	for _, id := range sorted(s.requests) {
		r := s.requests[id]
		state, status := lifecycle.PublicState(r.Progress)
		finished := r.Progress.Phase.Finished()
		switch {
		case state != r.State || status != r.Status:
			return fmt.Sprintf("request %s shows %s/%s and is %s/%s", id, r.State, r.Status, state, status)
		case finished == r.CompletedAt.IsZero(), finished != (r.OpenKey == ""):
			return fmt.Sprintf("request %s is %s, completed %v, key %q", id, r.Progress.Phase, r.CompletedAt, r.OpenKey)
		}
		if !finished {
			if other := open[r.OpenKey]; other != "" {
				return fmt.Sprintf("requests %s and %s ask for the same", id, other)
			}
			open[r.OpenKey] = id
		}
		if wrong := w.checkTimer(s, r); wrong != "" {
			return wrong
		}
	}
	return ""
}

// checkTimer holds that exactly what waits for a time has a timer, for that time.
func (w *world) checkTimer(s *state, r *entitlement.Request) string {
	var at time.Time
	p := &r.Progress
	switch c := p.Current(); {
	case c != nil && c.Status == entitlement.WaitingForCallback:
		at = c.Deadline
	case p.Phase == entitlement.PhaseScheduled:
		at = p.Plan.Schedule.StartAt
	case p.Approval() != nil:
		run := p.Approval()
		at = run.ExpiresAt
		for _, t := range []time.Time{run.RemindAt, run.EscalateAt} {
			if !t.IsZero() && t.Before(at) {
				at = t
			}
		}
	}
	for key, job := range s.jobs {
		if key.Ref != r.ID || (key.Kind != store.JobTimeout && key.Kind != store.JobCallout) {
			continue
		}
		switch {
		case p.Phase.Finished():
			return fmt.Sprintf("request %s is %s and has a job %s %d", r.ID, p.Phase, key.Kind, key.N)
		case key.Kind == store.JobTimeout && (key.N != p.Wait || !job.Due.Equal(at)):
			return fmt.Sprintf("request %s waits at %d until %s and has a timer %d for %s", r.ID, p.Wait, at, key.N, job.Due)
		}
	}
	if _, has := s.jobs[store.JobKey{Tenant: tenant, Kind: store.JobTimeout, Ref: r.ID, N: p.Wait}]; has == at.IsZero() {
		return fmt.Sprintf("request %s in %s waits until %v, timer %v", r.ID, p.Phase, at, has)
	}
	if c := p.Current(); c != nil && !c.NextAttempt.IsZero() {
		if _, has := s.jobs[store.JobKey{Tenant: tenant, Kind: store.JobCallout, Ref: r.ID, N: c.Wait}]; !has {
			return fmt.Sprintf("request %s is to call at %s and has no job for it", r.ID, c.NextAttempt)
		}
	}
	return ""
}

func (w *world) checkAssignments(s *state) string {
	live := map[[2]entitlement.ID]entitlement.ID{}
	for _, id := range sorted(s.assignments) {
		a := s.assignments[id]
		if a.State.Live() {
			key := [2]entitlement.ID{a.PolicyID, a.TargetID}
			if other := live[key]; other != "" {
				return fmt.Sprintf("assignments %s and %s are of one policy and target", id, other)
			}
			live[key] = id
		}
		given := a.State == entitlement.AssignmentDelivered || a.State == entitlement.AssignmentPartiallyDelivered
		_, timer := s.jobs[store.JobKey{Tenant: tenant, Kind: store.JobWake, Ref: id, N: a.Wait}]
		waits := given && !a.Ending && (!a.EndAt.IsZero() || !a.GraceUntil.IsZero())
		if timer != waits {
			return fmt.Sprintf("assignment %s (%s, ends %v, ending %v) has a timer: %v", id, a.State, a.EndAt, a.Ending, timer)
		}
		if a.Ending && !a.EndAt.IsZero() && a.EndAt.After(w.latest) && a.GraceUntil.IsZero() && !a.Automatic {
			return fmt.Sprintf("assignment %s ends at %s and is ending already", id, a.EndAt)
		}
		if wrong := w.checkReason(s, a); wrong != "" {
			return wrong
		}
	}
	return ""
}

// checkReason holds that nobody has access without a request that everybody agreed to.
func (w *world) checkReason(s *state, a *entitlement.Assignment) string {
	if a.State != entitlement.AssignmentDelivered && a.State != entitlement.AssignmentPartiallyDelivered {
		return ""
	}
	r := s.requests[a.RequestID]
	if r == nil {
		if w.deleted[a.RequestID] || w.now.Sub(a.StartAt) > 90*24*time.Hour {
			return ""
		}
		return fmt.Sprintf("assignment %s was given without a request", a.ID)
	}
	p := &r.Progress
	if p.Phase != entitlement.PhaseDelivered && p.Phase != entitlement.PhasePartial && p.Failures == nil {
		return fmt.Sprintf("assignment %s is %s and its request %s", a.ID, a.State, p.Phase)
	}
	if len(p.Approvals) != len(p.Plan.Approval) {
		return fmt.Sprintf("assignment %s was given after %d of %d approvals", a.ID, len(p.Approvals), len(p.Plan.Approval))
	}
	for _, run := range p.Approvals {
		by := run.Decision.By.ObjectID
		if run.Decision.Result != entitlement.ReviewApproved || by == r.TargetID || by == r.RequestorID {
			return fmt.Sprintf("assignment %s was given by the decision %v", a.ID, run.Decision)
		}
	}
	for _, c := range p.Callouts {
		if c.Answer.Outcome == entitlement.OutcomeDenied || c.Answer.Outcome == entitlement.OutcomeCanceled {
			return fmt.Sprintf("assignment %s was given although callout %s was answered %s", a.ID, c.ID, c.Answer.Outcome)
		}
	}
	return ""
}

// checkAccess holds that grants belong to assignments that give access, and that nobody is
// a member because of a grant that is gone.
func (w *world) checkAccess(s *state) string {
	granted := map[entitlement.ID]bool{}
	for _, g := range s.grants {
		a := s.assignments[g.AssignmentID]
		if a == nil || (a.State != entitlement.AssignmentDelivered && a.State != entitlement.AssignmentPartiallyDelivered) {
			return fmt.Sprintf("grant %s belongs to no access", g.ID)
		}
		granted[entitlement.MembershipID(g.GroupID, g.MemberID)] = true
	}
	for _, id := range sorted(s.members) {
		if s.members[id].Granted && !granted[id] {
			return fmt.Sprintf("membership %s was granted and no grant is left", id)
		}
	}
	return ""
}

// checkAcknowledged holds that what was answered with success is there, and is what it
// was.
func (w *world) checkAcknowledged(s *state) string {
	for _, id := range sorted(w.created) {
		if r := s.requests[id]; r == nil && !w.deleted[id] && !w.purged(s, id) {
			return fmt.Sprintf("request %s was acknowledged and is gone", id)
		}
	}
	for _, id := range sorted(s.requests) {
		p := &s.requests[id].Progress
		for _, c := range p.Callouts {
			if first := w.answers[c.ID]; first != "" && c.Answer.Outcome != first {
				return fmt.Sprintf("callout %s was answered %s and has %q", c.ID, first, c.Answer.Outcome)
			}
		}
		for _, run := range p.Approvals {
			if first := w.decided[run.ID]; first != "" && run.Decision.Result != first {
				return fmt.Sprintf("stage %s was decided %s and has %q", run.ID, first, run.Decision.Result)
			}
		}
	}
	return ""
}

// purged reports whether the history says that the server forgot the request.
func (w *world) purged(s *state, id entitlement.ID) bool {
	for i := len(s.history) - 1; i >= 0; i-- {
		if s.history[i].Ref == id {
			return s.history[i].Action == "delete"
		}
	}
	return false
}

// checkHistory rebuilds requests and assignments from their records alone.
func checkHistory(s *state) string {
	f := &audit.Fold{}
	for _, r := range s.history {
		f.Add(r)
	}
	for _, id := range sorted(s.requests) {
		f.Request(s.requests[id])
	}
	for _, id := range sorted(s.assignments) {
		f.Assignment(s.assignments[id])
	}
	f.Finish()
	if f.Count > 0 {
		return f.First[0]
	}
	return ""
}
