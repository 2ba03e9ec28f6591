package lifecycle

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// TestMatrix prints what each event does in each phase. No cell may be undefined: each
// one is a move, an event that changes nothing, or a refusal with a code.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	for _, phase := range entitlement.Phases {
		fmt.Fprintf(&b, "%s\n", phase)
		for _, row := range matrixEvents {
			fmt.Fprintf(&b, "  %-22s %s\n", row.name, cell(t, inPhase(phase), row.event, epoch.Add(row.at)))
		}
	}
	const golden = "testdata/matrix.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the matrix differs (-want +got), rewrite with -update:\n%s", diff)
	}
}

var matrixEvents = []struct {
	name  string
	event func(p entitlement.Progress) entitlement.Event
	at    time.Duration // after everything else happened
}{
	{"submitted", simple(entitlement.EventSubmitted, 0), 0},
	{"sent", simple(entitlement.EventSent, 0), 0},
	{"sent, old wait", simple(entitlement.EventSent, -1), 0},
	{"sendFailed", simple(entitlement.EventSendFailed, 0), 0},
	{"timedOut", simple(entitlement.EventTimedOut, 0), 0},
	{"timedOut, old wait", simple(entitlement.EventTimedOut, -1), 0},
	{"cancel", simple(entitlement.EventCancel, 0), 0},
	{"granted", simple(entitlement.EventGranted, 0), 0},
	{"revoked", simple(entitlement.EventRevoked, 0), 0},
	{"deliveryFailed", simple(entitlement.EventDeliveryFailed, 0), 0},
	{"continue", answer(entitlement.OutcomeContinue), 0},
	{"denied", answer(entitlement.OutcomeDenied), 0},
	{"canceled", answer(entitlement.OutcomeCanceled), 0},
	{"continue, stage", supply, 0},
	{"partlyGranted", simple(entitlement.EventPartlyGranted, 0), 0},
	{"approversFound", found("ann"), 0},
	{"approversFound, none", found(), 0},
	{"approversFound, old", simple(entitlement.EventApproversFound, -1), 0},
	{"approved", decide("ann", entitlement.ReviewApproved), 0},
	{"disapproved", decide("ann", entitlement.ReviewDenied), 0},
	{"approved, not asked", decide("eve", entitlement.ReviewApproved), 0},
	{"admitted", simple(entitlement.EventAdmitted, 0), 0},
	{"refused", simple(entitlement.EventRefused, 0), 0},
	{"reprocess", simple(entitlement.EventReprocess, 0), 0},
	{"timedOut, due", simple(entitlement.EventTimedOut, 0), aYear},
	{"continue, too late", answer(entitlement.OutcomeContinue), aYear},
	{"approved, too late", decide("ann", entitlement.ReviewApproved), aYear},
}

func supply(p entitlement.Progress) entitlement.Event {
	ev := answer(entitlement.OutcomeContinue)(p)
	ev.Supplied = &entitlement.ApprovalStage{
		AutomaticDenial: time.Hour, Primary: []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: "ann"}},
	}
	return ev
}

func found(primary ...entitlement.ID) func(entitlement.Progress) entitlement.Event {
	return func(p entitlement.Progress) entitlement.Event {
		return entitlement.Event{Kind: entitlement.EventApproversFound, Wait: p.Wait, Approvers: entitlement.FoundApprovers{Primary: primary}}
	}
}

func decide(by entitlement.ID, result entitlement.ReviewResult) func(entitlement.Progress) entitlement.Event {
	return func(p entitlement.Progress) entitlement.Event {
		return entitlement.Event{
			Kind: entitlement.EventDecided, ApprovalStage: entitlement.ApprovalStageID(p.Plan.Seed, 0),
			Decision: entitlement.Decision{Result: result, By: entitlement.Subject{ObjectID: by}},
		}
	}
}

func simple(kind entitlement.EventKind, shift int) func(entitlement.Progress) entitlement.Event {
	return func(p entitlement.Progress) entitlement.Event {
		return entitlement.Event{Kind: kind, Wait: p.Wait + shift}
	}
}

func answer(o entitlement.Outcome) func(entitlement.Progress) entitlement.Event {
	return func(p entitlement.Progress) entitlement.Event {
		ev := entitlement.Event{Kind: entitlement.EventCallback, Answer: entitlement.Answer{Outcome: o}}
		if n := len(p.Callouts); n > 0 {
			ev.Instance, ev.Stage = p.Callouts[n-1].ID, p.Callouts[n-1].Stage
		}
		return ev
	}
}

// inPhase returns a request in the phase, by the shortest way to it with a callout that
// waits where the phase has one.
func inPhase(phase entitlement.Phase) entitlement.Progress {
	wait := func(stages ...entitlement.Stage) entitlement.Progress {
		p := entitlement.Progress{Phase: entitlement.PhaseNew, Plan: entitlement.Plan{Seed: "seed", AllowDenyAtCreated: true}}
		for _, s := range stages {
			p.Plan.Callouts = append(p.Plan.Callouts, entitlement.PlannedCallout{Stage: s, ExtensionID: "x", CallbackTimeout: entitlement.MaxCallbackTimeout})
			p.Plan.Removes = s == entitlement.StageRemoved
		}
		return p
	}
	take := func(p entitlement.Progress, events ...func(entitlement.Progress) entitlement.Event) entitlement.Progress {
		for _, ev := range events {
			next, _, err := Step(p, ev(p), epoch)
			var nothing *Ignored
			if err != nil && !errors.As(err, &nothing) {
				panic(err)
			}
			p = next
		}
		return p
	}
	submit, revoked := simple(entitlement.EventSubmitted, 0), simple(entitlement.EventRevoked, 0)
	admitted, granted, goOn := simple(entitlement.EventAdmitted, 0), simple(entitlement.EventGranted, 0), answer(entitlement.OutcomeContinue)
	created := wait(entitlement.StageCreated)
	switch phase {
	case entitlement.PhaseCreated:
		return take(created, submit)
	case entitlement.PhaseDetermining:
		p := wait(entitlement.StageDetermining)
		p.Plan.Approval = []entitlement.ApprovalStage{{Dynamic: true}}
		return take(p, submit)
	case entitlement.PhaseApproval:
		p := wait()
		p.Plan.Approval = []entitlement.ApprovalStage{{AutomaticDenial: time.Hour}}
		return take(p, submit, found("ann"))
	case entitlement.PhaseApproved:
		return take(wait(entitlement.StageApproved), submit)
	case entitlement.PhaseScheduled:
		p := wait()
		p.Plan.Schedule.StartAt = epoch.Add(time.Hour)
		return take(p, submit)
	case entitlement.PhaseReady:
		return take(wait(), submit)
	case entitlement.PhaseGranted:
		return take(wait(entitlement.StageGranted), submit, admitted)
	case entitlement.PhaseGranting:
		return take(created, submit, goOn, admitted)
	case entitlement.PhaseUpdating:
		p := wait()
		p.Plan.Updates = true
		return take(p, submit, admitted)
	case entitlement.PhaseRevoking:
		return take(wait(entitlement.StageRemoved), submit)
	case entitlement.PhaseRemoved:
		return take(wait(entitlement.StageRemoved), submit, revoked)
	case entitlement.PhaseDelivered:
		return take(created, submit, goOn, admitted, granted)
	case entitlement.PhasePartial:
		return take(wait(), submit, admitted, func(p entitlement.Progress) entitlement.Event {
			return entitlement.Event{Kind: entitlement.EventPartlyGranted, Wait: p.Wait, Failures: []entitlement.RoleFailure{{Reason: "gone"}}}
		})
	case entitlement.PhaseFailed:
		return take(created, submit, simple(entitlement.EventRefused, 0), goOn, simple(entitlement.EventRefused, 0))
	case entitlement.PhaseDenied:
		return take(created, submit, answer(entitlement.OutcomeDenied))
	case entitlement.PhaseCanceled:
		return take(created, submit, simple(entitlement.EventCancel, 0))
	}
	return wait(entitlement.StageCreated)
}

// aYear is later than every deadline of inPhase.
const aYear = 365 * 24 * time.Hour

func cell(t *testing.T, p entitlement.Progress, event func(entitlement.Progress) entitlement.Event, now time.Time) string {
	t.Helper()
	next, effects, err := Step(p, event(p), now)
	var refusal *entitlement.Error
	var nothing *Ignored
	switch {
	case errors.As(err, &refusal):
		return "refused: " + string(refusal.Code)
	case errors.As(err, &nothing):
		return nothing.Error()
	case err != nil:
		t.Errorf("%s: undefined: %v", p.Phase, err)
		return "undefined"
	}
	var kinds []string
	for _, e := range effects {
		kinds = append(kinds, string(e.Kind))
	}
	return fmt.Sprintf("-> %s [%s]", next.Phase, strings.Join(kinds, " "))
}

// TestDiagram holds the diagram in docs/lifecycle.md to the edges.
func TestDiagram(t *testing.T) {
	const doc = "../../docs/lifecycle.md"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "```mermaid\n", "```\n"
	head, rest, ok := strings.Cut(string(text), begin)
	drawn, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no diagram", doc)
	}
	if *update {
		if err := os.WriteFile(doc, []byte(head+begin+Diagram()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(Diagram(), drawn); diff != "" {
		t.Errorf("the diagram in %s differs from the edges (-want +got), rewrite with -update:\n%s", doc, diff)
	}
}
