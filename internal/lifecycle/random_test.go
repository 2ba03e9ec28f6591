package lifecycle

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

// randomSteps is how many random events TestRandom takes in all; ANTEROOM_RANDOM_STEPS
// replaces it.
var randomSteps = 200_000

// TestRandom takes random events through random plans and checks after each step that
// what must always hold does. A failure prints its seed.
func TestRandom(t *testing.T) {
	if n, err := strconv.Atoi(os.Getenv("ANTEROOM_RANDOM_STEPS")); err == nil {
		randomSteps = n
	}
	seen := map[entitlement.Phase]bool{}
	for seed, steps := uint64(1), 0; steps < randomSteps; seed++ {
		w := &walk{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), now: epoch, answered: map[entitlement.ID]entitlement.Answer{}, decided: map[entitlement.ID]entitlement.Decision{}}
		w.p = randomPlan(w.rng)
		for range 40 {
			w.step()
			steps++
			seen[w.p.Phase] = true
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	if len(seen) != len(entitlement.Phases) {
		t.Errorf("only the phases %v were reached", seen)
	}
}

// walk is one request on its way, with what a store would hold for it.
type walk struct {
	t        *testing.T
	seed     uint64
	rng      *rand.Rand
	p        entitlement.Progress
	now      time.Time
	timer    int // the wait whose timer is stored, 0 for none
	timerAt  time.Time
	open     bool // the assignment is open
	given    bool // the roles were asked for
	checked  bool // it was asked whether the access may be given, since the request was opened
	answered map[entitlement.ID]entitlement.Answer
	decided  map[entitlement.ID]entitlement.Decision
}

var approvers = []entitlement.ID{"ann", "ben", "carl", "dora"}

func randomPlan(rng *rand.Rand) entitlement.Progress {
	p := entitlement.Progress{Phase: entitlement.PhaseNew, Plan: entitlement.Plan{
		Seed: "seed", Removes: rng.IntN(5) == 0, AllowDenyAtCreated: rng.IntN(8) > 0,
	}}
	plan := &p.Plan
	for range rng.IntN(5) {
		c := entitlement.PlannedCallout{Stage: entitlement.RequestStages[rng.IntN(3)], ExtensionID: "x"}
		if plan.Removes {
			c.Stage = entitlement.StageRemoved
		}
		if rng.IntN(3) > 0 {
			c.CallbackTimeout = time.Duration(5+rng.IntN(1000)) * time.Minute
		}
		plan.Callouts = append(plan.Callouts, c)
	}
	if plan.Removes {
		return p
	}
	plan.Updates = rng.IntN(4) == 0
	if rng.IntN(4) == 0 {
		plan.Schedule.StartAt = epoch.Add(time.Duration(rng.IntN(3000)) * time.Second)
	}
	for i := range max(0, rng.IntN(6)-2) {
		if rng.IntN(4) > 0 {
			plan.Approval = append(plan.Approval, randomStage(rng))
			continue
		}
		plan.Approval = append(plan.Approval, entitlement.ApprovalStage{Dynamic: true})
		if rng.IntN(8) > 0 {
			plan.Callouts = append(plan.Callouts, entitlement.PlannedCallout{
				Stage: entitlement.StageDetermining, ExtensionID: "who", CallbackTimeout: time.Hour, ApprovalStage: i,
			})
		}
	}
	return p
}

func randomStage(rng *rand.Rand) entitlement.ApprovalStage {
	yes := true
	s := entitlement.ApprovalStage{
		AutomaticDenial: time.Duration(10+rng.IntN(100)) * time.Minute, Primary: []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: "ann"}},
	}
	if rng.IntN(3) == 0 {
		s.EscalationEnabled, s.Escalation, s.Alternates = &yes, s.AutomaticDenial/3, s.Primary
	}
	if rng.IntN(3) == 0 {
		s.JustificationRequired = &yes
	}
	return s
}

// likely is what usually happens next in each phase: a walk of blind chance would not get
// far.
var likely = map[entitlement.Phase][]entitlement.EventKind{
	entitlement.PhaseNew:         {entitlement.EventSubmitted},
	entitlement.PhaseCreated:     {entitlement.EventSent, entitlement.EventCallback},
	entitlement.PhaseDetermining: {entitlement.EventSent, entitlement.EventCallback},
	entitlement.PhaseApproval:    {entitlement.EventApproversFound, entitlement.EventDecided, entitlement.EventTimedOut},
	entitlement.PhaseApproved:    {entitlement.EventSent, entitlement.EventCallback},
	entitlement.PhaseScheduled:   {entitlement.EventTimedOut},
	entitlement.PhaseReady:       {entitlement.EventAdmitted},
	entitlement.PhaseGranted:     {entitlement.EventSent, entitlement.EventCallback},
	entitlement.PhaseGranting:    {entitlement.EventGranted, entitlement.EventPartlyGranted},
	entitlement.PhaseUpdating:    {entitlement.EventGranted},
	entitlement.PhaseRevoking:    {entitlement.EventRevoked},
	entitlement.PhaseRemoved:     {entitlement.EventSent, entitlement.EventCallback},
	entitlement.PhasePartial:     {entitlement.EventReprocess},
	entitlement.PhaseFailed:      {entitlement.EventReprocess},
}

func (w *walk) randomEvent() entitlement.Event {
	kinds := entitlement.EventKinds
	if next := likely[w.p.Phase]; next != nil && w.rng.IntN(3) > 0 {
		kinds = next
	}
	ev := entitlement.Event{Kind: kinds[w.rng.IntN(len(kinds))], Wait: w.p.Wait}
	if w.rng.IntN(8) == 0 {
		ev.Wait = w.rng.IntN(w.p.Wait + 2)
	}
	switch ev.Kind {
	case entitlement.EventCallback:
		w.randomCallback(&ev)
	case entitlement.EventApproversFound:
		ev.Approvers = entitlement.FoundApprovers{Primary: w.people(), FallbackPrimary: w.people(), Alternates: w.people()}
	case entitlement.EventDecided:
		ev.ApprovalStage = entitlement.ApprovalStageID(w.p.Plan.Seed, max(0, len(w.p.Approvals)-1-w.rng.IntN(8)/7))
		ev.Decision = entitlement.Decision{Result: entitlement.ReviewApproved, By: entitlement.Subject{ObjectID: approvers[w.rng.IntN(len(approvers))]}}
		if w.rng.IntN(5) == 0 {
			ev.Decision.Result = entitlement.ReviewDenied
		}
		if w.rng.IntN(3) > 0 {
			ev.Decision.Justification = "because"
		}
	case entitlement.EventPartlyGranted:
		ev.Failures = []entitlement.RoleFailure{{Reason: "gone"}}
	}
	return ev
}

func (w *walk) people() []entitlement.ID {
	return approvers[w.rng.IntN(len(approvers)):]
}

func (w *walk) randomCallback(ev *entitlement.Event) {
	outcomes := []entitlement.Outcome{
		entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeDenied, entitlement.OutcomeCanceled, "nonsense",
	}
	ev.Answer = entitlement.Answer{Outcome: outcomes[w.rng.IntN(len(outcomes))], Detail: "d"}
	if n := len(w.p.Callouts); n > 0 && w.rng.IntN(10) > 0 {
		c := w.p.Callouts[n-1-w.rng.IntN(n)*w.rng.IntN(2)]
		ev.Instance, ev.Stage = c.ID, c.Stage
	}
	if w.rng.IntN(10) == 0 {
		ev.Stage = entitlement.Stages[w.rng.IntN(4)]
	}
	if (ev.Stage == entitlement.StageDetermining) != (w.rng.IntN(10) == 0) {
		stage := randomStage(w.rng)
		ev.Supplied = &stage
	}
}

func (w *walk) step() {
	w.now = w.now.Add(time.Duration(w.rng.IntN(400)) * time.Second)
	ev, before := w.randomEvent(), w.p
	callouts, approvals := slices.Clone(w.p.Callouts), slices.Clone(w.p.Approvals)
	next, effects, err := Step(w.p, ev, w.now)
	if !slices.Equal(callouts, before.Callouts) || !slices.EqualFunc(approvals, before.Approvals, sameRun) || before.Wait != w.p.Wait {
		w.t.Errorf("Step changed its argument")
	}
	if err != nil {
		w.checkError(err, effects)
		return
	}
	if before.Phase.Finished() && ev.Kind != entitlement.EventReprocess && (ev.Kind != entitlement.EventCancel || before.Phase != entitlement.PhaseFailed) {
		w.t.Errorf("%s in %s was accepted", ev.Kind, before.Phase)
	}
	w.p = next
	w.apply(effects, ev)
	w.check(ev)
}

func sameRun(a, b entitlement.ApprovalRun) bool {
	return a.Status == b.Status && a.Decision == b.Decision && a.Escalated == b.Escalated && a.RemindAt.Equal(b.RemindAt) && a.EscalateAt.Equal(b.EscalateAt)
}

func (w *walk) checkError(err error, effects []Effect) {
	var refusal *entitlement.Error
	var nothing *Ignored
	if !errors.As(err, &refusal) && !errors.As(err, &nothing) {
		w.t.Errorf("unexpected error: %v", err)
	}
	if errors.As(err, &refusal) && refusal.Message == "" {
		w.t.Errorf("a refusal without a message: %v", refusal)
	}
	if len(effects) > 0 {
		w.t.Errorf("effects %v with error %v", effects, err)
	}
}

// apply keeps what a store would keep.
func (w *walk) apply(effects []Effect, ev entitlement.Event) {
	if ev.Kind == entitlement.EventTimedOut && w.timer == ev.Wait {
		w.timer = 0 // the transaction that reports it removes it first
	}
	for _, e := range effects {
		switch e.Kind {
		case WakeAt:
			if e.At.Before(w.now) && ev.Kind != entitlement.EventApproversFound {
				w.t.Errorf("a timer for the past")
			}
			w.timer, w.timerAt = e.Wait, e.At
		case EndWait:
			if w.timer == e.Wait {
				w.timer = 0
			}
		case Admit:
			w.checked = true
		case Reopen:
			w.checked = false
		case OpenAssignment:
			w.open = true
		case FailAssignment, DropAssignment:
			if !w.open {
				w.t.Errorf("%s without an open assignment", e.Kind)
			}
			w.open = false
		case Grant, Update:
			if (e.Kind == Grant) != w.open || (e.Kind == Update) != w.p.Plan.Updates || w.p.Plan.Removes {
				w.t.Errorf("%s, open %v, updates %v", e.Kind, w.open, w.p.Plan.Updates)
			}
			if !w.checked {
				w.t.Errorf("%s without a check", e.Kind)
			}
			w.given = true
		case Revoke:
			if !w.p.Plan.Removes {
				w.t.Errorf("an add revokes")
			}
		}
	}
}

func (w *walk) check(ev entitlement.Event) {
	state, status := PublicState(w.p)
	if state == "" || status == "" {
		w.t.Errorf("%s has no public state", w.p.Phase)
	}
	waiting := false
	if c := w.p.Current(); c != nil {
		waiting = c.Status == entitlement.WaitingForCallback
	}
	if waiting != (status == entitlement.StatusWaitingForCallback) {
		w.t.Errorf("status %q, waiting %v", status, waiting)
	}
	if run := w.p.Approval(); w.p.Phase == entitlement.PhaseScheduled || (run != nil && len(run.Approvers) > 0) {
		waiting = true
	}
	if waiting && w.timer != w.p.Wait {
		w.t.Errorf("%s is waiting at %d without a timer (%d)", w.p.Phase, w.p.Wait, w.timer)
	}
	if !waiting && w.timer != 0 {
		w.t.Errorf("%s is not waiting and has a timer for %d", w.p.Phase, w.timer)
	}
	denied := w.checkAnswers()
	if w.given && !w.p.Plan.Removes {
		w.checkGiven(denied)
	}
	if ev.Kind == entitlement.EventTimedOut && w.p.Phase == entitlement.PhaseDelivered && !w.p.Plan.Removes {
		w.t.Errorf("a timeout delivered")
	}
}

// checkAnswers holds that the first answer of each callout and the first decision of each
// stage stand, and reports whether one of them was a no.
func (w *walk) checkAnswers() (denied bool) {
	for _, c := range w.p.Callouts {
		first, had := w.answered[c.ID]
		if had && first != c.Answer {
			w.t.Errorf("the first answer %v became %v", first, c.Answer)
		}
		if c.Answer.Outcome != "" {
			w.answered[c.ID] = c.Answer
		}
		denied = denied || c.Answer.Outcome == entitlement.OutcomeDenied || c.Answer.Outcome == entitlement.OutcomeCanceled
		if c.Status == entitlement.WaitingForCallback && c.Answer.Outcome != "" {
			w.t.Errorf("answered and waiting")
		}
	}
	for _, r := range w.p.Approvals {
		first, had := w.decided[r.ID]
		if had && first != r.Decision {
			w.t.Errorf("the first decision %v became %v", first, r.Decision)
		}
		if r.Decision.Result != "" {
			w.decided[r.ID] = r.Decision
		}
		denied = denied || r.Decision.Result == entitlement.ReviewDenied || r.Status == entitlement.ApprovalExpired
		if r.Decision.Result != "" && !slices.Contains(asked(&r), r.Decision.By.ObjectID) {
			w.t.Errorf("%s decided without being asked", r.Decision.By.ObjectID)
		}
	}
	return denied
}

// checkGiven holds that roles are only given when nobody denied and everybody who had to
// answer, or to approve, has.
func (w *walk) checkGiven(denied bool) {
	if denied {
		w.t.Errorf("given although denied")
	}
	for i, planned := range w.p.Plan.Callouts {
		if w.p.Plan.Updates && planned.Stage == entitlement.StageGranted {
			continue // an update does not go through it
		}
		made := false
		for _, c := range w.p.Callouts {
			made = made || (c.Plan == i && (!planned.Waits() || c.Answer.Outcome == entitlement.OutcomeContinue))
		}
		if !made {
			w.t.Errorf("given without callout %d (%s)", i, planned.Stage)
		}
	}
	if len(w.p.Approvals) != len(w.p.Plan.Approval) {
		w.t.Errorf("given after %d of %d stages of approval", len(w.p.Approvals), len(w.p.Plan.Approval))
	}
	for _, r := range w.p.Approvals {
		if r.Decision.Result != entitlement.ReviewApproved {
			w.t.Errorf("given without the approval of stage %d", r.Stage)
		}
	}
}

// TestRepeatedAnswers: in any sequence of answers to one instance the first accepted one
// is the only one ever visible, and exactly its repeats succeed (P4 of the promises).
func TestRepeatedAnswers(t *testing.T) {
	outcomes := []entitlement.Outcome{entitlement.OutcomeContinue, entitlement.OutcomeDenied, entitlement.OutcomeCanceled}
	for seed := uint64(1); seed <= 10_000; seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := inPhase([]entitlement.Phase{entitlement.PhaseCreated, entitlement.PhaseApproved}[rng.IntN(2)])
		id, stage := p.Callouts[0].ID, p.Callouts[0].Stage
		var first entitlement.Outcome
		for range 12 {
			o := outcomes[rng.IntN(3)]
			ev := entitlement.Event{Kind: entitlement.EventCallback, Instance: id, Stage: stage, Answer: entitlement.Answer{Outcome: o, Source: string(o)}}
			next, _, err := Step(p, ev, epoch)
			var nothing *Ignored
			accepted := err == nil || errors.As(err, &nothing)
			if first == "" {
				first = o
			}
			if accepted != (o == first) {
				t.Fatalf("seed %d: %s after %s: %v", seed, o, first, err)
			}
			if err == nil {
				p = next
			}
			if got := p.Callout(id).Answer; got.Outcome != first || got.Source != string(first) {
				t.Fatalf("seed %d: answer %v, first %s", seed, got, first)
			}
			if rng.IntN(3) == 0 && p.Phase == entitlement.PhaseReady {
				p, _, _ = Step(p, entitlement.Event{Kind: entitlement.EventAdmitted, Wait: p.Wait}, epoch)
				p, _, _ = Step(p, entitlement.Event{Kind: entitlement.EventGranted, Wait: p.Wait}, epoch)
			}
		}
	}
}
