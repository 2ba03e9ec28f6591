package lifecycle

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
//	plan add|update|remove WORD …    begins a request. A word is STAGE or STAGE:WAIT (one that
//	                                 waits), approval=DENIAL[/ESCALATION][!] (! wants a
//	                                 justification), dynamic, start=DURATION, quiet, silent,
//	                                 no-deny-at-created, checks (else what is ready is admitted)
//	submit | sent | fail | timeout | cancel | found PRIMARY/FALLBACK/ALTERNATES | admitted |
//	refused REASON | granted | partly | failed | revoked | reprocess   each with [wait=N]
//	resume STAGE [continue|denied|canceled] [instance=N] [type=STAGE] [supply=DENIAL]
//	approve|deny WHO [stage=N] [because=WORD]
//	advance DURATION                 moves the clock
//
// What is expected in a trace leaves notices and audit names out unless a command ends in
// a plus.
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
	p       entitlement.Progress
	now     time.Time
	verbose bool
	checks  bool // the trace itself says whether the access may be given
}

func (tr *trace) run(t *testing.T, line string) string {
	t.Helper()
	words := strings.Fields(line)
	tr.verbose = words[len(words)-1] == "+"
	if tr.verbose {
		words = words[:len(words)-1]
	}
	switch words[0] {
	case "plan":
		tr.checks = slices.Contains(words, "checks")
		words = slices.DeleteFunc(words, func(w string) bool { return w == "checks" })
		tr.p, tr.now = entitlement.Progress{Phase: entitlement.PhaseNew, Plan: parsePlan(t, words[1:])}, epoch
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
	for _, e := range effects {
		if e.Kind == Admit && !tr.checks {
			admitted, more, err := Step(tr.p, entitlement.Event{Kind: entitlement.EventAdmitted, Wait: e.Wait}, tr.now)
			if err != nil {
				t.Fatal(err)
			}
			tr.p, effects = admitted, append(slices.DeleteFunc(effects, func(e Effect) bool { return e.Kind == Admit }), more...)
			break
		}
	}
	return tr.print(words[0], effects)
}

func (tr *trace) print(name string, effects []Effect) string {
	var b strings.Builder
	state, status := PublicState(tr.p)
	fmt.Fprintf(&b, "%s: %s %s/%s\n", name, tr.p.Phase, state, status)
	printEffects(&b, effects, tr.now, tr.verbose)
	for _, r := range tr.p.Approvals {
		fmt.Fprintf(&b, "  approval %d: %s by %s", r.Stage+1, r.Status, strings.Join(words(asked(&r)), ","))
		if r.Decision.Result != "" {
			fmt.Fprintf(&b, " %s", r.Decision.Result)
		}
		b.WriteByte('\n')
	}
	if tr.p.Detail != "" {
		fmt.Fprintf(&b, "  detail: %s\n", tr.p.Detail)
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
	case "admitted":
		ev.Kind = entitlement.EventAdmitted
	case "partly":
		ev.Kind = entitlement.EventPartlyGranted
		ev.Failures = []entitlement.RoleFailure{{RoleScopeID: "role", Name: "Member of sales", Reason: "no such group"}}
	case "reprocess":
		ev.Kind = entitlement.EventReprocess
	case "refused":
		ev.Kind, ev.Reason, ev.Error = entitlement.EventRefused, entitlement.FailureReason(words[1]), "it may not be"
		words = words[1:]
	case "found":
		lists := strings.Split(words[1]+"//", "/")
		ev.Kind = entitlement.EventApproversFound
		ev.Approvers = entitlement.FoundApprovers{Primary: people(lists[0]), FallbackPrimary: people(lists[1]), Alternates: people(lists[2])}
		words = words[1:]
	case "approve", "deny":
		return tr.decision(t, words)
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

func people(list string) (ids []entitlement.ID) {
	for _, w := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		ids = append(ids, entitlement.ID(w))
	}
	return ids
}

func words(ids []entitlement.ID) (list []string) {
	for _, id := range ids {
		list = append(list, string(id))
	}
	return list
}

func (tr *trace) decision(t *testing.T, words []string) entitlement.Event {
	t.Helper()
	ev := entitlement.Event{Kind: entitlement.EventDecided, Decision: entitlement.Decision{Result: entitlement.ReviewApproved}}
	if words[0] == "deny" {
		ev.Decision.Result = entitlement.ReviewDenied
	}
	ev.Decision.By.ObjectID = entitlement.ID(words[1])
	stage := len(tr.p.Approvals)
	for _, w := range words[2:] {
		switch name, value, _ := strings.Cut(w, "="); name {
		case "stage":
			fmt.Sscanf(value, "%d", &stage)
		case "because":
			ev.Decision.Justification = value
		default:
			t.Fatalf("unknown word %q", w)
		}
	}
	ev.ApprovalStage = entitlement.ApprovalStageID(tr.p.Plan.Seed, stage-1)
	return ev
}

// printEffects prints effects; notices and audit names only where they are wanted.
func printEffects(b *strings.Builder, effects []Effect, now time.Time, verbose bool) {
	for _, e := range effects {
		switch e.Kind {
		case Note:
			if verbose {
				fmt.Fprintf(b, "  note %q %s\n", e.Activity, e.Result)
			}
			continue
		case Notify:
			if verbose {
				fmt.Fprintf(b, "  notify %s %s\n", e.Notice, strings.Join(words(e.To), ","))
			}
			continue
		}
		fmt.Fprintf(b, "  %s wait=%d", e.Kind, e.Wait)
		if e.Kind == SendCallout || e.Kind == WakeAt {
			fmt.Fprintf(b, " in=%s", entitlement.FormatDuration(e.At.Sub(now)))
		}
		if len(e.To) > 0 {
			fmt.Fprintf(b, " to=%s", strings.Join(words(e.To), ","))
		}
		b.WriteByte('\n')
	}
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
		case "supply":
			ev.Supplied = parseApproval(t, value)
		default:
			stage, ok := entitlement.ParseStage("assignmentRequest" + strings.Replace(w, "Determining", "DeterminingApprovalRequirements", 1))
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
