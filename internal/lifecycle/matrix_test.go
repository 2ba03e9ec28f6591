package lifecycle

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

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
			fmt.Fprintf(&b, "  %-18s %s\n", row.name, cell(t, inPhase(phase), row.event))
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
}{
	{"submitted", simple(entitlement.EventSubmitted, 0)},
	{"sent", simple(entitlement.EventSent, 0)},
	{"sent, old wait", simple(entitlement.EventSent, -1)},
	{"sendFailed", simple(entitlement.EventSendFailed, 0)},
	{"timedOut", simple(entitlement.EventTimedOut, 0)},
	{"timedOut, old wait", simple(entitlement.EventTimedOut, -1)},
	{"cancel", simple(entitlement.EventCancel, 0)},
	{"granted", simple(entitlement.EventGranted, 0)},
	{"revoked", simple(entitlement.EventRevoked, 0)},
	{"deliveryFailed", simple(entitlement.EventDeliveryFailed, 0)},
	{"continue", answer(entitlement.OutcomeContinue)},
	{"denied", answer(entitlement.OutcomeDenied)},
	{"canceled", answer(entitlement.OutcomeCanceled)},
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
			if err != nil {
				panic(err)
			}
			p = next
		}
		return p
	}
	submit, revoked := simple(entitlement.EventSubmitted, 0), simple(entitlement.EventRevoked, 0)
	switch phase {
	case entitlement.PhaseCreated:
		return take(wait(entitlement.StageCreated), submit)
	case entitlement.PhaseApproved:
		return take(wait(entitlement.StageApproved), submit)
	case entitlement.PhaseGranted:
		return take(wait(entitlement.StageGranted), submit)
	case entitlement.PhaseGranting:
		return take(wait(entitlement.StageCreated), submit, answer(entitlement.OutcomeContinue))
	case entitlement.PhaseRevoking:
		return take(wait(entitlement.StageRemoved), submit)
	case entitlement.PhaseRemoved:
		return take(wait(entitlement.StageRemoved), submit, revoked)
	case entitlement.PhaseDelivered:
		return take(wait(entitlement.StageCreated), submit, answer(entitlement.OutcomeContinue), simple(entitlement.EventGranted, 0))
	case entitlement.PhaseFailed:
		return take(wait(entitlement.StageCreated), submit, simple(entitlement.EventTimedOut, 0))
	case entitlement.PhaseDenied:
		return take(wait(entitlement.StageCreated), submit, answer(entitlement.OutcomeDenied))
	case entitlement.PhaseCanceled:
		return take(wait(entitlement.StageCreated), submit, simple(entitlement.EventCancel, 0))
	}
	return wait(entitlement.StageCreated)
}

func cell(t *testing.T, p entitlement.Progress, event func(entitlement.Progress) entitlement.Event) string {
	t.Helper()
	next, effects, err := Step(p, event(p), epoch)
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
