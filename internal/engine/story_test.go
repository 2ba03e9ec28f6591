package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/store"
)

const (
	created  = entitlement.StageCreated
	approved = entitlement.StageApproved
	granted  = entitlement.StageGranted
	removed  = entitlement.StageRemoved
)

func TestAnAddWaitsAtEachStageAndLetsNobodyInBeforeTheLast(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created, approved, granted)
	r, err := w.Submit(t.Context(), person(alice), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
	must(t, err)
	for i, want := range []struct{ status, assignment string }{
		{"submitted WaitingForCallback", ""}, {"submitted WaitingForCallback", ""}, {"delivering WaitingForCallback", "delivering"},
	} {
		wait := []string{"1", "2", "4"}[i] // the third is the check before delivery
		w.is(r, want.status)
		if got := w.assignment(w.request(r.ID).AssignmentID); string(got) != want.assignment {
			t.Errorf("wait %s: the assignment is %q, want %q", wait, got, want.assignment)
		}
		w.membership(alice, "")
		if diff := cmp.Diff([]string{"callout " + wait + " in 0s", "timeout " + wait + " in 1h0m0s"}, w.due(r)); diff != "" {
			t.Errorf("wait %s leaves jobs (-want +got):\n%s", wait, diff)
		}
		w.run()
		w.is(r, want.status)
		if diff := cmp.Diff([]string{"timeout " + wait + " in 1h0m0s"}, w.due(r)); diff != "" {
			t.Errorf("wait %s, called, leaves jobs (-want +got):\n%s", wait, diff)
		}
		w.goOn(r)
	}
	w.is(r, "delivered Delivered")
	w.membership(alice, "1")
	if got := w.assignment(w.request(r.ID).AssignmentID); got != entitlement.AssignmentDelivered {
		t.Errorf("the assignment is %q", got)
	}
	if n := len(w.caller.calls); n != 3 {
		t.Errorf("%d calls were made, want 3", n)
	}
	for i, call := range w.caller.calls {
		if call.Callout.Stage != entitlement.RequestStages[i] || call.Callout.ID != w.request(r.ID).Progress.Callouts[i].ID ||
			call.Package.ID != w.pkg || call.Catalog.ID != w.catalog || call.Policy.ID != w.policy || len(call.KeySeed) != 32 {
			t.Errorf("call %d is %+v", i, call)
		}
	}
}

func TestCalloutsThatDoNotWaitHoldNothingUp(t *testing.T) {
	for name, answer := range map[string]error{"taken": nil, "failed": errors.New("the endpoint answered 500")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.caller.answer = func(engine.Call) error { return answer }
			w.bind(0, created, approved, granted, granted)
			r := w.add(alice)
			w.is(r, "submitted Accepted")
			w.membership(alice, "")
			w.run()
			w.is(r, "delivered Delivered")
			w.membership(alice, "1")
			if n := len(w.caller.calls); n != 4 {
				t.Errorf("%d calls were made, want 4", n)
			}
			for _, c := range w.request(r.ID).Progress.Callouts {
				if (c.Status == entitlement.CalloutSent) != (answer == nil) || c.Attempts != 1 || (c.LastError == "") != (answer == nil) {
					t.Errorf("a callout ended as %+v", c)
				}
			}
		})
	}
}

func TestARemovalTakesAccessAwayBeforeItAsksAnybody(t *testing.T) {
	for name, end := range map[string]func(*world, *entitlement.Request){
		"answered":  func(w *world, r *entitlement.Request) { w.goOn(r) },
		"timed out": func(w *world, _ *entitlement.Request) { w.advance(time.Hour); w.run() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.assign(alice).AssignmentID
			w.bind(time.Hour, removed)
			w.membership(alice, "1")
			r := w.removal(a)
			w.is(r, "delivering WaitingForCallback")
			w.membership(alice, "")
			if got := w.assignment(a); got != entitlement.AssignmentExpired {
				t.Errorf("the assignment is %s while the removal waits", got)
			}
			w.unchanged("a refusal", func() {
				refused(t, w.Cancel(t.Context(), app, r.ID), entitlement.CodeRequestNotCancelable)
				refused(t, w.Resume(t.Context(), answers, r.ID, w.answer(r.ID, entitlement.OutcomeDenied)), entitlement.CodeOutcomeNotAllowed)
				_, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminRemove, AssignmentID: a})
				refused(t, err, entitlement.CodeInvalidModel)
			})
			w.run()
			end(w, r)
			w.is(r, "delivered Delivered")
			w.membership(alice, "")
		})
	}
}

func TestAnAnswerEndsARequestWhereItMay(t *testing.T) {
	for stage, ends := range map[entitlement.Stage]bool{created: true, approved: true, granted: false} {
		for outcome, want := range map[entitlement.Outcome]string{
			entitlement.OutcomeDenied: "denied Denied", entitlement.OutcomeCanceled: "canceled Canceled",
		} {
			t.Run(fmt.Sprint(stage, outcome), func(t *testing.T) {
				w := newWorld(t)
				w.bind(time.Hour, stage)
				r := w.add(alice)
				before := w.request(r.ID)
				deny := w.answer(r.ID, outcome)
				if !ends {
					w.unchanged("a refusal", func() {
						refused(t, w.Resume(t.Context(), answers, r.ID, deny), entitlement.CodeOutcomeNotAllowed)
					})
					w.goOn(r)
					w.membership(alice, "1")
					return
				}
				must(t, w.Resume(t.Context(), answers, r.ID, deny))
				w.is(r, want)
				w.membership(alice, "")
				if got := w.assignment(before.AssignmentID); got != "" {
					t.Errorf("there is an assignment in state %s", got)
				}
			})
		}
	}
}

func TestARepeatedAnswerChangesNothingAndAnotherIsRefused(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	r := w.add(alice)
	first, deny := w.answer(r.ID, entitlement.OutcomeContinue), w.answer(r.ID, entitlement.OutcomeDenied)
	must(t, w.Resume(t.Context(), answers, r.ID, first))
	w.is(r, "delivered Delivered")
	again := first
	again.Answer.Detail, again.Answer.Source = "another", "another"
	w.unchanged("a repeat", func() { must(t, w.Resume(t.Context(), app2(), r.ID, again)) })
	w.unchanged("another answer", func() {
		refused(t, w.Resume(t.Context(), answers, r.ID, deny), entitlement.CodeOutcomeAlreadyRecorded)
	})
	want := entitlement.Answer{Outcome: entitlement.OutcomeContinue, Source: "source", Detail: "detail", At: start.Truncate(time.Microsecond), By: answers.ObjectID}
	if diff := cmp.Diff(want, w.request(r.ID).Progress.Callouts[0].Answer); diff != "" {
		t.Errorf("the answer that is kept (-want +got):\n%s", diff)
	}
}

// app2 is another application that may answer.
func app2() entitlement.Actor {
	a := answers
	a.ObjectID = "a9900000-0000-4000-8000-000000000003"
	return a
}

func TestWhoMayNotAnswerChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	r := w.add(alice)
	ev := w.answer(r.ID, entitlement.OutcomeContinue)
	admin := func(id entitlement.ID) entitlement.Actor {
		return entitlement.Actor{Tenant: tenant, User: true, Administrator: true, ObjectID: id, Permissions: []string{entitlement.PermissionReadWrite}}
	}
	wrong := ev
	wrong.Instance = "00000000-0000-4000-8000-000000000000"
	stage := ev
	stage.Stage = approved
	w.unchanged("a refusal", func() {
		for _, tt := range []struct {
			by   entitlement.Actor
			ev   entitlement.Event
			code entitlement.Code
		}{
			{person(alice), ev, entitlement.CodeForbidden},
			{person(bob), ev, entitlement.CodeNotFound},
			{app, ev, entitlement.CodeForbidden}, // its requestor
			{admin(alice), ev, entitlement.CodeForbidden},
			{entitlement.Actor{Tenant: tenant, ObjectID: bob}, ev, entitlement.CodeForbidden},
			{answers, wrong, entitlement.CodeUnknownCalloutInstance},
			{answers, stage, entitlement.CodeStageMismatch},
		} {
			refused(t, w.Resume(t.Context(), tt.by, r.ID, tt.ev), tt.code)
		}
		refused(t, w.Resume(t.Context(), answers, w.pkg, ev), entitlement.CodeNotFound)
		refused(t, w.Cancel(t.Context(), person(bob), r.ID), entitlement.CodeNotFound)
		refused(t, w.DeleteRequest(t.Context(), app, r.ID), entitlement.CodeRequestNotDeletable)
	})
	must(t, w.Resume(t.Context(), admin(bob), r.ID, ev))
	w.is(r, "delivered Delivered")
}

func TestCancelAtEachPhase(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stages []entitlement.Stage
		wait   time.Duration
		goOn   int
	}{
		{"created", []entitlement.Stage{created}, time.Hour, 0},
		{"created, without waiting", []entitlement.Stage{created}, 0, 0},
		{"approved", []entitlement.Stage{created, approved}, time.Hour, 1},
		{"granted", []entitlement.Stage{created, granted}, time.Hour, 1},
		{"granted, the second", []entitlement.Stage{granted, granted}, time.Hour, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.bind(tt.wait, tt.stages...)
			r := w.add(alice)
			for range tt.goOn {
				w.goOn(r)
			}
			ev := w.answer(r.ID, entitlement.OutcomeContinue)
			must(t, w.Cancel(t.Context(), person(alice), r.ID))
			w.is(r, "canceled Canceled")
			if got := w.assignment(w.request(r.ID).AssignmentID); got != "" {
				t.Errorf("the assignment is left in state %s", got)
			}
			w.unchanged("a late event", func() {
				must(t, w.Cancel(t.Context(), app, r.ID))
				refused(t, w.Resume(t.Context(), answers, r.ID, ev), entitlement.CodeRequestNotWaiting)
				w.advance(2 * time.Hour)
				w.run()
			})
			w.membership(alice, "")
			must(t, w.DeleteRequest(t.Context(), app, r.ID))
			w.unchanged("a deleted request", func() {
				refused(t, w.Cancel(t.Context(), app, r.ID), entitlement.CodeNotFound)
			})
		})
	}
}

func TestATimeoutLetsNobodyIn(t *testing.T) {
	for stage, assignment := range map[entitlement.Stage]entitlement.AssignmentState{
		created: "", approved: "", granted: entitlement.AssignmentDeliveryFailed,
	} {
		t.Run(string(stage), func(t *testing.T) {
			w := newWorld(t)
			w.bind(14*24*time.Hour, stage)
			r := w.add(alice)
			ev := w.answer(r.ID, entitlement.OutcomeContinue)
			w.run()
			w.advance(14*24*time.Hour - 2*time.Microsecond)
			w.run() // what looks for old requests each day
			w.advance(time.Microsecond)
			w.unchanged("a moment before", w.run)
			w.advance(time.Microsecond)
			refused(t, w.Resume(t.Context(), answers, r.ID, ev), entitlement.CodeCallbackTimedOut)
			w.run()
			w.is(r, "deliveryFailed CallbackTimedOut")
			w.membership(alice, "")
			if got := w.assignment(w.request(r.ID).AssignmentID); got != assignment {
				t.Errorf("the assignment is %q, want %q", got, assignment)
			}
			w.unchanged("a late answer", func() {
				refused(t, w.Resume(t.Context(), answers, r.ID, ev), entitlement.CodeCallbackTimedOut)
				refused(t, w.Cancel(t.Context(), person(alice), r.ID), entitlement.CodeRequestNotCancelable)
			})
			if c := w.request(r.ID).Progress.Callouts[0]; c.Status != entitlement.CallbackTimedOut {
				t.Errorf("the callout ended as %s", c.Status)
			}
		})
	}
}

// TestAttemptsAreRepeatedUntilTheDeadline follows a wait whose endpoint never answers.
func TestAttemptsAreRepeatedUntilTheDeadline(t *testing.T) {
	w := newWorld(t)
	w.caller.answer = func(engine.Call) error { return errors.New("the endpoint answered 500") }
	w.bind(6*time.Hour, created)
	r := w.add(alice)
	w.run()
	attempts := 1
	for next := lifecycle.FirstRetry; ; next = min(2*next, lifecycle.LastRetry) {
		c := w.request(r.ID).Progress.Callouts[0]
		if c.Status != entitlement.WaitingForCallback || c.Attempts != attempts || c.LastError == "" || len(w.caller.calls) != attempts {
			t.Fatalf("after %d attempts the callout is %+v and %d calls were made", attempts, c, len(w.caller.calls))
		}
		if !w.clock().Add(next).Before(c.Deadline) {
			break
		}
		callout := slices.IndexFunc(w.jobs(r.ID), func(j store.Job) bool { return j.Kind == store.JobCallout })
		job := w.jobs(r.ID)[callout]
		if job.Due != w.clock().Add(next) || job.Attempt != attempts || job.Lane != "example.org" || !c.NextAttempt.Equal(job.Due) {
			t.Fatalf("the next attempt is %+v, want in %s; the callout says %s", job, next, c.NextAttempt)
		}
		w.advance(next)
		w.run()
		attempts++
	}
	if attempts < 14 {
		t.Errorf("only %d attempts were made in six hours", attempts)
	}
	if got := w.due(r); len(got) != 1 || !strings.HasPrefix(got[0], "timeout 1 in ") {
		t.Errorf("the last attempt leaves %v", got)
	}
	ids := make(map[entitlement.ID]bool)
	for _, call := range w.caller.calls {
		ids[call.Callout.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("attempts carry %d ids", len(ids))
	}
	w.goOn(r) // the endpoint may have received it after all
	w.is(r, "delivered Delivered")
}

func TestAnAnswerMayComeBeforeTheCallIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created, granted)
	var r *entitlement.Request
	w.caller.answer = func(c engine.Call) error {
		w.goOn(r)
		return errors.New("it took the call and answered 500")
	}
	r = w.add(alice)
	w.run()
	w.is(r, "delivered Delivered")
	if n := len(w.caller.calls); n != 2 {
		t.Errorf("%d calls were made, want 2", n)
	}
}

// TestThePlanIsFrozen: what is edited while a request waits does not move it.
func TestThePlanIsFrozen(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created, approved)
	r := w.add(alice)
	_, err := w.ReplacePolicy(t.Context(), app, w.policy, func(p *entitlement.Policy) error { p.StageSettings = nil; return nil })
	must(t, err)
	w.goOn(r)
	w.is(r, "submitted WaitingForCallback")
	w.membership(alice, "")
	w.goOn(r)
	w.is(r, "delivered Delivered")
	if got := w.add(bob); got.State != entitlement.RequestDelivered {
		t.Errorf("a new request is %s", got.State)
	}
}
