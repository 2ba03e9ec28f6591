package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// all are requestor settings that let everybody do everything whom set means.
func all(set entitlement.SubjectSet) *entitlement.RequestorSettings {
	return &entitlement.RequestorSettings{
		EnableTargetsToSelfAddAccess: yes(), EnableTargetsToSelfUpdateAccess: yes(), EnableTargetsToSelfRemoveAccess: yes(),
		AllowCustomAssignmentSchedule: yes(), EnableOnBehalfRequestorsToAddAccess: yes(),
		EnableOnBehalfRequestorsToUpdateAccess: yes(), EnableOnBehalfRequestorsToRemoveAccess: yes(), OnBehalfRequestors: []entitlement.SubjectSet{set},
	}
}

func TestWhoChangesWhoseAccess(t *testing.T) {
	reason := "moved"
	w := newWorld(t)
	w.people()
	manager, nobody := level(entitlement.TargetManager, 1), one(entitlement.SingleUser, uid("outsider"))
	for _, tt := range []struct {
		name     string
		by       entitlement.Actor
		typ      entitlement.RequestType
		settings *entitlement.RequestorSettings
		want     entitlement.Code
	}{
		{"the target", person(alice), entitlement.TypeUserUpdate, all(nobody), ""},
		{"the target", person(alice), entitlement.TypeUserRemove, all(nobody), ""},
		{"the target, not allowed", person(alice), entitlement.TypeUserUpdate, nil, entitlement.CodePolicyRequirements},
		{"the target, not allowed", person(alice), entitlement.TypeUserRemove, nil, entitlement.CodePolicyRequirements},
		{"the manager", person(bob), entitlement.TypeUserUpdate, all(manager), ""},
		{"the manager", person(bob), entitlement.TypeUserRemove, all(manager), ""},
		{"the manager, not listed", person(bob), entitlement.TypeUserRemove, all(nobody), entitlement.CodeNotFound},
		{"somebody else", person(uid("kate")), entitlement.TypeUserRemove, all(manager), entitlement.CodeNotFound},
		{"somebody else", person(uid("kate")), entitlement.TypeApproverRemove, all(manager), entitlement.CodeNotFound},
		{"somebody else", person(uid("kate")), entitlement.TypeAdminRemove, all(manager), entitlement.CodeForbidden},
		{"an application", app, entitlement.TypeAdminUpdate, nil, ""},
		{"an application", app, entitlement.TypeAdminRemove, nil, ""},
		{"an application as a user", app, entitlement.TypeUserRemove, all(manager), entitlement.CodeForbidden},
	} {
		t.Run(tt.name+" "+string(tt.typ), func(t *testing.T) {
			w.t = t
			w.fresh(func(p *entitlement.Policy) { p.RequestorSettings = tt.settings })
			a := w.assign(alice).AssignmentID
			r, err := w.Submit(t.Context(), tt.by, engine.Order{Type: tt.typ, AssignmentID: a, Justification: &reason})
			if tt.want != "" {
				refused(t, err, tt.want)
				return
			}
			must(t, err)
			w.is(r, "delivered Delivered")
			if r.AssignmentID != a || r.TargetID != alice || r.PackageID != w.pkg || r.PolicyID != w.policy {
				t.Errorf("the request is %+v", r)
			}
			if gone := w.assignment(a) == entitlement.AssignmentExpired; gone != tt.typ.Removes() {
				t.Errorf("the assignment is %s", w.assignment(a))
			}
		})
	}
	w.t = t
}

// TestWhoApprovedTakesBack: and says why.
func TestWhoApprovedTakesBack(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.editPolicy(func(p *entitlement.Policy) {
		p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: yes(), Stages: []entitlement.ApprovalStage{
			{AutomaticDenial: 4 * day, Primary: []entitlement.SubjectSet{one(entitlement.SingleUser, bob), one(entitlement.SingleUser, uid("erin"))}},
		}}
	})
	r := w.ask(engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
	w.is(r, "pendingApproval PendingApproval")
	must(t, w.Decide(t.Context(), person(bob), r.ID, r.Progress.Approvals[0].ID, true, ""))
	w.is(r, "delivered Delivered")
	reason, blank := "a mistake", " "
	order := engine.Order{Type: entitlement.TypeApproverRemove, AssignmentID: w.request(r.ID).AssignmentID, Justification: &reason}
	_, err := w.Submit(t.Context(), person(uid("erin")), order) // was asked, did not approve
	refused(t, err, entitlement.CodeNotFound)
	_, err = w.Submit(t.Context(), person(alice), order)
	refused(t, err, entitlement.CodeForbidden)
	order.Justification = &blank
	_, err = w.Submit(t.Context(), person(bob), order)
	refused(t, err, entitlement.CodeInvalidModel)
	order.Justification = &reason
	back, err := w.Submit(t.Context(), person(bob), order)
	must(t, err)
	w.is(back, "delivered Delivered")
	w.membership(alice, "")
}

func TestWhatAnUpdateChanges(t *testing.T) {
	until := func(d time.Duration) entitlement.Schedule {
		return entitlement.Schedule{Expiration: &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, EndAt: start.Add(d)}}
	}
	w := newWorld(t)
	w.editPolicy(func(p *entitlement.Policy) {
		p.RequestorSettings = all(one(entitlement.SingleUser, bob))
		p.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 10 * day}
		p.Questions = []entitlement.Question{
			{ID: "00000000-0000-4000-8000-00000000000a", Kind: entitlement.TextInputQuestion, Text: "why", IsRequired: yes(), IsEditable: yes()},
			{ID: "00000000-0000-4000-8000-00000000000b", Kind: entitlement.TextInputQuestion, Text: "where", IsEditable: yes()},
			{ID: "00000000-0000-4000-8000-00000000000c", Kind: entitlement.TextInputQuestion, Text: "who"},
		}
	})
	q := func(letter, value string) entitlement.QuestionAnswer {
		return entitlement.QuestionAnswer{QuestionID: entitlement.ID("00000000-0000-4000-8000-00000000000" + letter), Value: value}
	}
	add := engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg, Answers: []entitlement.QuestionAnswer{q("b", "here")}}
	_, err := w.Submit(t.Context(), person(alice), add)
	refused(t, err, entitlement.CodeInvalidAnswer)
	add.Answers = append(add.Answers, q("a", "work"), q("c", "me"))
	a := w.ask(add).AssignmentID
	update := engine.Order{Type: entitlement.TypeUserUpdate, AssignmentID: a}
	is := func(what string, end time.Duration, want ...string) {
		t.Helper()
		as := w.holding(a)
		var got []string
		for _, x := range as.Answers {
			got = append(got, x.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" || !as.EndAt.Equal(start.Add(end)) {
			t.Errorf("%s: the access ends after %s, want %s, and has answers (-want +got):\n%s", what, as.EndAt.Sub(start), end, diff)
		}
	}
	is("at first", 10*day, "here", "work", "me")
	w.advance(day)
	w.ask(update)
	is("extended", 11*day, "here", "work", "me")
	update.Answers = []entitlement.QuestionAnswer{q("c", "you")}
	_, err = w.Submit(t.Context(), person(alice), update)
	refused(t, err, entitlement.CodeInvalidAnswer)
	update.Answers, update.Schedule = nil, until(5*day)
	w.ask(update)
	is("shortened", 5*day, "here", "work", "me")
	update.Schedule = until(20 * day)
	w.ask(update)
	is("cut to what the policy gives", 11*day, "here", "work", "me")
	w.editPolicy(func(p *entitlement.Policy) { p.Expiration = until(15 * day).Expiration })
	_, err = w.Submit(t.Context(), person(alice), update)
	refused(t, err, entitlement.CodeInvalidSchedule)
	update.Type = entitlement.TypeAdminUpdate
	_, err = w.Submit(t.Context(), app, update)
	refused(t, err, entitlement.CodeInvalidSchedule)
}

// TestAnExtensionIsOnlyForWhoIsStillLetIn.
func TestAnExtensionIsOnlyForWhoIsStillLetIn(t *testing.T) {
	w := newWorld(t)
	w.editPolicy(func(p *entitlement.Policy) { p.RequestorSettings = all(one(entitlement.SingleUser, bob)) })
	order := engine.Order{Type: entitlement.TypeUserUpdate, AssignmentID: w.assign(alice).AssignmentID}
	w.editPolicy(func(p *entitlement.Policy) {
		p.AllowedTargetScope, p.SpecificAllowedTargets = entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{one(entitlement.SingleUser, guest)}
	})
	for _, by := range []entitlement.Actor{person(alice), person(bob)} {
		_, err := w.Submit(t.Context(), by, order)
		refused(t, err, entitlement.CodePolicyRequirements)
	}
	order.Type = entitlement.TypeAdminUpdate
	_, err := w.Submit(t.Context(), app, order)
	must(t, err)
	order.Type = entitlement.TypeUserRemove
	_, err = w.Submit(t.Context(), person(alice), order)
	must(t, err)
}

// TestWhatARuleGaveIsNotForPeopleToChange, and what the server asks is made by nobody else.
func TestWhatARuleGaveIsNotForPeopleToChange(t *testing.T) {
	w := newWorld(t)
	w.fresh(func(p *entitlement.Policy) {
		p.AllowedTargetScope, p.SpecificAllowedTargets = entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.userType -eq "Member"`}}
		p.Automatic, p.RequestorSettings = &entitlement.AutomaticSettings{RequestForAllowed: yes()}, all(one(entitlement.SingleUser, bob))
	})
	order := engine.Order{Type: entitlement.TypeSystemAdd, PackageID: w.pkg, PolicyID: w.policy, TargetID: alice}
	r, err := w.Open(t.Context(), entitlement.System(tenant), order)
	must(t, err)
	w.is(r, "delivered Delivered")
	if p := r.Progress.Plan; !p.Automatic || !p.Quiet || r.Requestor != (entitlement.Subject{DisplayName: "Anteroom"}) || r.RequestorID != "" {
		t.Errorf("the request is by %+v, with the plan %+v", r.Requestor, p)
	}
	if !w.holding(r.AssignmentID).Automatic {
		t.Error("the assignment is not marked")
	}
	w.unchanged("a refusal", func() {
		for _, typ := range []entitlement.RequestType{entitlement.TypeUserUpdate, entitlement.TypeUserRemove} {
			for _, by := range []entitlement.Actor{person(alice), person(bob)} {
				_, err := w.Submit(t.Context(), by, engine.Order{Type: typ, AssignmentID: r.AssignmentID})
				refused(t, err, entitlement.CodePolicyRequirements)
			}
		}
		_, err := w.Open(t.Context(), entitlement.System(tenant), order)
		refused(t, err, entitlement.CodeExistingAssignment)
		order.TargetID = guest // whom the rule does not mean
		_, err = w.Open(t.Context(), entitlement.System(tenant), order)
		refused(t, err, entitlement.CodePolicyRequirements)
		for _, by := range []entitlement.Actor{app, person(bob), entitlement.System(tenant)} {
			_, err := w.Submit(t.Context(), by, engine.Order{Type: entitlement.TypeSystemRemove, AssignmentID: r.AssignmentID})
			refused(t, err, entitlement.CodeInvalidModel)
		}
		for _, o := range []engine.Order{
			{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, PolicyID: w.policy, TargetID: bob}, {Type: entitlement.TypeAdminRemove, AssignmentID: r.AssignmentID},
		} {
			_, err := w.Open(t.Context(), entitlement.System(tenant), o)
			refused(t, err, entitlement.CodeForbidden)
		}
		_, err = w.Open(t.Context(), app, engine.Order{Type: entitlement.TypeSystemRemove, AssignmentID: r.AssignmentID})
		refused(t, err, entitlement.CodeForbidden)
	})
	gone, err := w.Open(t.Context(), entitlement.System(tenant), engine.Order{Type: entitlement.TypeSystemRemove, AssignmentID: r.AssignmentID})
	must(t, err)
	w.is(gone, "delivered Delivered")
}

// TestARemovalOfWhoIsGone: the directory does not have the target any more.
func TestARemovalOfWhoIsGone(t *testing.T) {
	w := newWorld(t)
	a := w.assign(alice).AssignmentID
	w.put(func(tx *store.Tx) error { return tx.Users.Delete(t.Context(), alice) })
	r := w.removal(a)
	w.is(r, "delivered Delivered")
	if r.Target.DisplayName != "alice" {
		t.Errorf("the target is %+v", r.Target)
	}
}
