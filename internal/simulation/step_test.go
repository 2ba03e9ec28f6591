package simulation

import (
	"errors"
	"fmt"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// step lets one thing happen.
func (w *world) step() {
	type event struct {
		weight int
		do     func()
	}
	events := []event{
		{30, w.performJob}, {14, w.submit}, {10, w.resume}, {10, w.decide}, {8, w.change}, {6, w.advance},
		{3, w.cancel}, {3, w.reprocess}, {1, w.deleteRequest}, {3, w.changePerson}, {1, w.changePolicy}, {1, w.exclude}, {1, w.toggleMember}, {1, w.toggleGroup},
	}
	total := 0
	for _, e := range events {
		total += e.weight
	}
	n := w.rng.IntN(total)
	for _, e := range events {
		if n -= e.weight; n < 0 {
			e.do()
			return
		}
	}
}

// outcome is what a call ended with, in a word, and whether it is known to have happened.
func outcome(err error) (string, bool) {
	var refusal *entitlement.Error
	switch {
	case err == nil:
		return "ok", true
	case errors.Is(err, store.ErrUnavailable):
		return "unknown", false
	case errors.As(err, &refusal):
		return string(refusal.Code), false
	}
	panic(fmt.Sprintf("an error that no caller may see: %v", err))
}

// performJob performs one of the jobs that are due, as several workers would: not always
// the first.
func (w *world) performJob() {
	calm := w.calm
	w.calm = true
	jobs, err := w.store.DueJobs(w.ctx, w.now, nil, 5)
	w.calm = calm
	must(err)
	job, ok := pick(w, jobs)
	if !ok {
		return
	}
	before := len(w.sent)
	err = w.Perform(w.ctx, job)
	w.did("job %s %s %d: %v", job.Kind, job.Ref, job.N, err)
	if job.Kind == store.JobNotice && err != nil {
		// It may have been sent without a record of it: it is sent again, with the same id.
		for _, id := range sorted(w.sent) {
			w.crashed[id] = true
		}
		_ = before
	}
	if w.rng.IntN(6) == 0 { // another worker had it, too
		w.did("once more: %v", w.Perform(w.ctx, job))
		for _, id := range sorted(w.sent) {
			w.crashed[id] = w.crashed[id] || job.Kind == store.JobNotice
		}
	}
}

func (w *world) submit() {
	who, _ := pick(w, w.people)
	pkg, _ := pick(w, w.packages)
	o := engine.Order{Type: entitlement.TypeUserAdd, PackageID: pkg, TargetID: who}
	by := w.person(who)
	if w.rng.IntN(3) == 0 {
		o.Type, by = entitlement.TypeAdminAdd, w.admin()
		o.PolicyID, _ = pick(w, w.policies)
	}
	if w.rng.IntN(4) == 0 {
		o.Schedule.StartAt = w.now.Add(time.Duration(w.rng.IntN(20*24)) * time.Hour)
	}
	r, err := w.Submit(w.ctx, by, o)
	word, done := outcome(err)
	w.did("%s of %s for %s: %s", o.Type, pkg, who, word)
	if done {
		w.created[r.ID] = true
	}
}

// resume answers a callout, most often one that is waited for.
func (w *world) resume() {
	r, ok := pick(w, w.requests(query.Equal("open", w.rng.IntN(8) > 0)))
	if !ok || len(r.Progress.Callouts) == 0 {
		return
	}
	c := r.Progress.Callouts[len(r.Progress.Callouts)-1-w.rng.IntN(len(r.Progress.Callouts))*w.rng.IntN(2)]
	ev := entitlement.Event{Instance: c.ID, Stage: c.Stage, Answer: entitlement.Answer{Outcome: entitlement.OutcomeContinue, Source: "simulation"}}
	switch w.rng.IntN(8) {
	case 0:
		ev.Answer.Outcome = entitlement.OutcomeDenied
	case 1:
		ev.Answer.Outcome = entitlement.OutcomeCanceled
	}
	word, done := outcome(w.Resume(w.ctx, w.owner(), r.ID, ev))
	w.did("resume %s of %s %s: %s", c.Stage, r.ID, ev.Answer.Outcome, word)
	if done {
		w.answers[c.ID] = ev.Answer.Outcome
	}
}

func (w *world) decide() {
	r, ok := pick(w, w.requests(&query.And{Parts: []query.Expr{query.Equal("hasApproval", true), query.Equal("open", w.rng.IntN(8) > 0)}}))
	if !ok || len(r.Progress.Approvals) == 0 {
		return
	}
	run := r.Progress.Approvals[w.rng.IntN(len(r.Progress.Approvals))]
	who, _ := pick(w, w.people)
	if len(run.Approvers) > 0 && w.rng.IntN(4) > 0 {
		who, _ = pick(w, run.Approvers)
	}
	approve := w.rng.IntN(4) > 0
	word, done := outcome(w.Decide(w.ctx, w.person(who), r.ID, run.ID, approve, "because"))
	w.did("decide %s stage %d by %s %v: %s", r.ID, run.Stage, who, approve, word)
	if done {
		w.decided[run.ID] = entitlement.ReviewDenied
		if approve {
			w.decided[run.ID] = entitlement.ReviewApproved
		}
	}
}

// change asks that an assignment be extended or taken away.
func (w *world) change() {
	a, ok := pick(w, w.assignments(query.Equal("live", true)))
	if !ok {
		return
	}
	types := []entitlement.RequestType{
		entitlement.TypeAdminRemove, entitlement.TypeUserRemove, entitlement.TypeAdminUpdate, entitlement.TypeUserUpdate, entitlement.TypeUserUpdate,
	}
	typ, _ := pick(w, types)
	by := w.admin()
	if typ == entitlement.TypeUserRemove || typ == entitlement.TypeUserUpdate {
		by = w.person(a.TargetID)
	}
	o := engine.Order{Type: typ, AssignmentID: a.ID}
	if typ == entitlement.TypeAdminUpdate && w.rng.IntN(2) == 0 {
		o.Schedule.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: time.Duration(1+w.rng.IntN(40*24)) * time.Hour}
	}
	r, err := w.Submit(w.ctx, by, o)
	word, done := outcome(err)
	w.did("%s of %s: %s", typ, a.ID, word)
	if done {
		w.created[r.ID] = true
	}
}

func (w *world) cancel() {
	r, ok := pick(w, w.requests(nil))
	if !ok {
		return
	}
	by := w.admin()
	if w.rng.IntN(2) == 0 {
		by = w.person(r.RequestorID)
	}
	word, _ := outcome(w.Cancel(w.ctx, by, r.ID))
	w.did("cancel %s: %s", r.ID, word)
}

func (w *world) reprocess() {
	if w.rng.IntN(3) == 0 {
		if a, ok := pick(w, w.assignments(nil)); ok {
			word, _ := outcome(w.ReprocessAssignment(w.ctx, w.admin(), a.ID))
			w.did("reprocess assignment %s: %s", a.ID, word)
		}
		return
	}
	state := entitlement.RequestDeliveryFailed
	if w.rng.IntN(3) == 0 {
		state = entitlement.RequestPartiallyDelivered
	}
	if r, ok := pick(w, w.requests(query.Equal("state", string(state)))); ok {
		word, _ := outcome(w.Reprocess(w.ctx, w.admin(), r.ID))
		w.did("reprocess %s: %s", r.ID, word)
	}
}

func (w *world) deleteRequest() {
	r, ok := pick(w, w.requests(nil))
	if !ok {
		return
	}
	word, done := outcome(w.DeleteRequest(w.ctx, w.admin(), r.ID))
	w.did("delete %s: %s", r.ID, word)
	if done || word == "unknown" {
		w.deleted[r.ID] = true
	}
}

// advance moves the real clock: a little, often; far, seldom. Once in a while it is set
// back.
func (w *world) advance() {
	by := time.Duration(1+w.rng.IntN(180)) * time.Minute
	switch w.rng.IntN(10) {
	case 0, 1, 2:
		by = time.Duration(1+w.rng.IntN(96)) * time.Hour
	case 3:
		by = time.Duration(1+w.rng.IntN(30)) * 24 * time.Hour
	case 4:
		by = -time.Duration(1+w.rng.IntN(3600)) * time.Second
	}
	w.now = w.now.Add(by)
	if w.now.After(w.latest) {
		w.latest = w.now
	}
	w.did("the clock moves by %s", by)
}

// changePerson moves somebody to another department, or locks them out and in.
func (w *world) changePerson() {
	id, _ := pick(w, w.people[1:])
	sales := w.rng.IntN(2) == 0
	lock := w.rng.IntN(5) == 0
	_, err := w.UpdateUser(w.ctx, w.admin(), id, func(u *entitlement.User) error {
		department := "Sales"
		if !sales {
			department = "Research"
		}
		u.SetAttribute("department", &department)
		u.AccountEnabled = !lock
		return nil
	})
	word, _ := outcome(err)
	w.did("person %s: sales %v, locked %v: %s", id, sales, lock, word)
}

// changePolicy makes approval harder or easier: requests under way must not notice.
func (w *world) changePolicy() {
	id, _ := pick(w, w.policies)
	_, err := w.ReplacePolicy(w.ctx, w.admin(), id, func(p *entitlement.Policy) error {
		yes := true
		p.ApprovalSettings = nil
		if w.rng.IntN(2) == 0 {
			p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: &yes, Stages: []entitlement.ApprovalStage{w.randomStage()}}
		}
		return nil
	})
	word, _ := outcome(err)
	w.did("policy %s: %s", id, word)
}

// exclude makes a package one that may not be had together with another, or allows it.
func (w *world) exclude() {
	a, _ := pick(w, w.packages)
	b, _ := pick(w, w.packages)
	err := w.AddIncompatiblePackage(w.ctx, w.admin(), a, b)
	if w.rng.IntN(2) == 0 {
		err = w.RemoveIncompatiblePackage(w.ctx, w.admin(), a, b)
	}
	word, _ := outcome(err)
	w.did("exclude %s %s: %s", a, b, word)
}

// toggleGroup deletes a group that packages bundle, or makes it again.
func (w *world) toggleGroup() {
	id, _ := pick(w, w.groups)
	g := &entitlement.Group{DisplayName: "Again", SecurityEnabled: true}
	g.ID = id
	err := w.CreateGroup(w.ctx, w.admin(), g)
	if w.rng.IntN(2) == 0 {
		err = w.DeleteGroup(w.ctx, w.admin(), id)
	}
	word, _ := outcome(err)
	w.did("group %s: %s", id, word)
}

// toggleMember adds or removes somebody by hand.
func (w *world) toggleMember() {
	g, _ := pick(w, w.groups)
	u, _ := pick(w, w.people)
	err := w.AddMember(w.ctx, w.admin(), g, u)
	if w.rng.IntN(2) == 0 {
		err = w.RemoveMember(w.ctx, w.admin(), g, u)
	}
	word, _ := outcome(err)
	w.did("member %s of %s: %s", u, g, word)
}
