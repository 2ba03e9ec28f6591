package lifecycle

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata")

// epoch is the time at which every trace begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestTraces runs testdata/*.txt. A trace is a list of blocks: commands, a line of
// dashes, what they print, an empty line. The commands:
//
//	plan add|remove STAGE[:WAIT] …   begins a request; a stage with a duration waits
//	submit | sent [wait=N] | fail [wait=N] | timeout [wait=N] | cancel | granted | failed | revoked
//	resume STAGE [continue|denied|canceled] [instance=N] [type=STAGE]
//	advance DURATION                 moves the clock
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runTrace(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("trace differs (-want +got), rewrite with -update:\n%s", diff)
			}
		})
	}
}

// runTrace returns the text of a trace with what its commands print now.
func runTrace(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	tr := &trace{now: epoch}
	expected := false // inside the expected part of a block
	var printed strings.Builder
	for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
		line := sc.Text()
		switch {
		case line == "----":
			out.WriteString("----\n" + printed.String())
			printed.Reset()
			expected = true
		case expected && line != "":
		case strings.HasPrefix(line, "#") || line == "":
			expected = false
			out.WriteString(line + "\n")
		default:
			out.WriteString(line + "\n")
			printed.WriteString(tr.run(t, line))
		}
	}
	return out.String()
}

type trace struct {
	p   entitlement.Progress
	now time.Time
}

func (tr *trace) run(t *testing.T, line string) string {
	t.Helper()
	words := strings.Fields(line)
	switch words[0] {
	case "plan":
		tr.p = entitlement.Progress{Phase: entitlement.PhaseNew, Plan: parsePlan(t, words[1:])}
		return ""
	case "advance":
		d, err := entitlement.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		tr.now = tr.now.Add(d)
		return ""
	}
	next, effects, err := Step(tr.p, tr.event(t, words), tr.now)
	if err != nil {
		var refusal *entitlement.Error
		if errors.As(err, &refusal) {
			return fmt.Sprintf("%s: refused %s (%s)\n", words[0], refusal.Code, refusal.Target)
		}
		return fmt.Sprintf("%s: %v\n", words[0], err)
	}
	tr.p = next
	return tr.print(words[0], effects)
}

func (tr *trace) print(name string, effects []Effect) string {
	var b strings.Builder
	state, status := PublicState(tr.p)
	fmt.Fprintf(&b, "%s: %s %s/%s\n", name, tr.p.Phase, state, status)
	for _, e := range effects {
		fmt.Fprintf(&b, "  %s wait=%d", e.Kind, e.Wait)
		if e.Kind == SendCallout || e.Kind == WakeAt {
			fmt.Fprintf(&b, " in=%s", entitlement.FormatDuration(e.At.Sub(tr.now)))
		}
		b.WriteByte('\n')
	}
	for i, c := range tr.p.Callouts {
		fmt.Fprintf(&b, "  callout %d: %s %s", i+1, c.Stage, c.Status)
		if c.Attempts > 0 {
			fmt.Fprintf(&b, " attempts=%d", c.Attempts)
		}
		if c.LastError != "" {
			fmt.Fprintf(&b, " error=%q", c.LastError)
		}
		if c.Answer.Outcome != "" {
			fmt.Fprintf(&b, " answer=%s", c.Answer.Outcome)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (tr *trace) event(t *testing.T, words []string) entitlement.Event {
	t.Helper()
	ev := entitlement.Event{Wait: tr.p.Wait}
	switch words[0] {
	case "submit":
		ev.Kind = entitlement.EventSubmitted
	case "sent":
		ev.Kind = entitlement.EventSent
	case "fail":
		ev.Kind, ev.Error = entitlement.EventSendFailed, "the endpoint answered 500"
	case "timeout":
		ev.Kind = entitlement.EventTimedOut
	case "cancel":
		ev.Kind = entitlement.EventCancel
	case "granted":
		ev.Kind = entitlement.EventGranted
	case "failed":
		ev.Kind, ev.Error = entitlement.EventDeliveryFailed, "no such group"
	case "revoked":
		ev.Kind = entitlement.EventRevoked
	case "resume":
		return tr.callback(t, words[1:])
	default:
		t.Fatalf("unknown command %q", words[0])
	}
	for _, w := range words[1:] {
		if _, err := fmt.Sscanf(w, "wait=%d", &ev.Wait); err != nil {
			t.Fatalf("%s: %v", w, err)
		}
	}
	return ev
}

func (tr *trace) callback(t *testing.T, words []string) entitlement.Event {
	t.Helper()
	ev := entitlement.Event{Kind: entitlement.EventCallback, Answer: entitlement.Answer{Outcome: entitlement.OutcomeContinue}}
	instance := len(tr.p.Callouts)
	for _, w := range words {
		switch name, value, _ := strings.Cut(w, "="); name {
		case "continue", "denied", "canceled":
			ev.Answer.Outcome = entitlement.Outcome(w)
		case "instance":
			fmt.Sscanf(value, "%d", &instance)
		case "type":
			ev.TypeStage, _ = entitlement.ParseStage("assignmentRequest" + value)
		default:
			stage, ok := entitlement.ParseStage("assignmentRequest" + w)
			if !ok {
				t.Fatalf("unknown stage %q", w)
			}
			ev.Stage = stage
		}
	}
	if instance >= 1 && instance <= len(tr.p.Callouts) {
		ev.Instance = tr.p.Callouts[instance-1].ID
	} else {
		ev.Instance = "00000000-0000-0000-0000-000000000000"
	}
	return ev
}

func parsePlan(t *testing.T, words []string) entitlement.Plan {
	t.Helper()
	plan := entitlement.Plan{Seed: "seed", Removes: words[0] == "remove", AllowDenyAtCreated: true}
	for _, w := range words[1:] {
		if w == "no-deny-at-created" {
			plan.AllowDenyAtCreated = false
			continue
		}
		name, wait, waits := strings.Cut(w, ":")
		stage, ok := entitlement.ParseStage("assignmentRequest" + name)
		if !ok {
			t.Fatalf("unknown stage %q", name)
		}
		c := entitlement.PlannedCallout{Stage: stage, ExtensionID: entitlement.ID("extension-" + name), URL: "https://example.org/" + name}
		if waits {
			d, err := entitlement.ParseDuration(wait)
			if err != nil {
				t.Fatal(err)
			}
			c.CallbackTimeout = d
		}
		plan.Callouts = append(plan.Callouts, c)
	}
	return plan
}
