package lifecycle

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

// randomSteps is how many random events TestRandom takes in all.
const randomSteps = 200_000

// TestRandom takes random events through random plans and checks after each step that
// what must always hold does. A failure prints its seed.
func TestRandom(t *testing.T) {
	for seed, steps := uint64(1), 0; steps < randomSteps; seed++ {
		w := &walk{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), now: epoch, answered: map[entitlement.ID]entitlement.Answer{}}
		w.p = randomPlan(w.rng)
		for range 40 {
			w.step()
			steps++
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
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
	open     bool
	given    bool // the roles were asked for
	answered map[entitlement.ID]entitlement.Answer
}

func randomPlan(rng *rand.Rand) entitlement.Progress {
	p := entitlement.Progress{Phase: entitlement.PhaseNew, Plan: entitlement.Plan{
		Seed: "seed", Removes: rng.IntN(4) == 0, AllowDenyAtCreated: rng.IntN(8) > 0,
	}}
	for range rng.IntN(5) {
		c := entitlement.PlannedCallout{Stage: entitlement.RequestStages[rng.IntN(3)], ExtensionID: "x"}
		if p.Plan.Removes {
			c.Stage = entitlement.StageRemoved
		}
		if rng.IntN(3) > 0 {
			c.CallbackTimeout = time.Duration(5+rng.IntN(1000)) * time.Minute
		}
		p.Plan.Callouts = append(p.Plan.Callouts, c)
	}
	return p
}

func (w *walk) randomEvent() entitlement.Event {
	ev := entitlement.Event{Kind: entitlement.EventKinds[w.rng.IntN(len(entitlement.EventKinds))], Wait: w.p.Wait}
	if w.rng.IntN(6) == 0 {
		ev.Wait = w.rng.IntN(w.p.Wait + 2)
	}
	if ev.Kind != entitlement.EventCallback {
		return ev
	}
	outcomes := []entitlement.Outcome{entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeDenied, entitlement.OutcomeCanceled, "nonsense"}
	ev.Answer = entitlement.Answer{Outcome: outcomes[w.rng.IntN(len(outcomes))], Detail: "d"}
	if n := len(w.p.Callouts); n > 0 && w.rng.IntN(10) > 0 {
		c := w.p.Callouts[w.rng.IntN(n)]
		ev.Instance, ev.Stage = c.ID, c.Stage
	}
	if w.rng.IntN(10) == 0 {
		ev.Stage = entitlement.Stages[w.rng.IntN(4)]
	}
	return ev
}

func (w *walk) step() {
	w.now = w.now.Add(time.Duration(w.rng.IntN(90)) * time.Second)
	ev, before := w.randomEvent(), w.p
	before.Callouts = slices.Clone(w.p.Callouts)
	next, effects, err := Step(w.p, ev, w.now)
	if !slices.Equal(before.Callouts, w.p.Callouts) || before.Wait != w.p.Wait || before.Phase != w.p.Phase {
		w.t.Errorf("Step changed its argument")
	}
	if err != nil {
		w.checkError(err, effects)
		return
	}
	if before.Phase.Finished() {
		w.t.Errorf("%s in %s was accepted", ev.Kind, before.Phase)
	}
	w.p = next
	w.apply(effects, ev)
	w.check(ev)
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
	for _, e := range effects {
		switch e.Kind {
		case WakeAt:
			w.timer = e.Wait
		case EndWait:
			if w.timer == e.Wait {
				w.timer = 0
			}
		case OpenAssignment:
			w.open = true
		case FailAssignment, DropAssignment:
			if !w.open {
				w.t.Errorf("%s without an open assignment", e.Kind)
			}
			w.open = false
		case Grant:
			if !w.open || w.p.Plan.Removes {
				w.t.Errorf("grant without an open assignment")
			}
			w.given = true
		case Revoke:
			if !w.p.Plan.Removes {
				w.t.Errorf("an add revokes")
			}
		}
	}
	if ev.Kind == entitlement.EventTimedOut && w.timer == ev.Wait {
		w.timer = 0
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
	if waiting && w.timer != w.p.Wait {
		w.t.Errorf("waiting at %d without a timer (%d)", w.p.Wait, w.timer)
	}
	if !waiting && w.timer != 0 {
		w.t.Errorf("%s is not waiting and has a timer for %d", w.p.Phase, w.timer)
	}
	if waiting != (status == entitlement.StatusWaitingForCallback) {
		w.t.Errorf("status %q, waiting %v", status, waiting)
	}
	denied := false
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
	if w.given && !w.p.Plan.Removes {
		w.checkGiven(denied)
	}
	if ev.Kind == entitlement.EventTimedOut && w.p.Phase == entitlement.PhaseDelivered && !w.p.Plan.Removes {
		w.t.Errorf("a timeout delivered")
	}
}

// checkGiven holds that roles are only given when nobody denied and everybody who had to
// answer has.
func (w *walk) checkGiven(denied bool) {
	if denied {
		w.t.Errorf("given although denied")
	}
	if len(w.p.Callouts) != len(w.p.Plan.Callouts) {
		w.t.Errorf("given after %d of %d callouts", len(w.p.Callouts), len(w.p.Plan.Callouts))
	}
	for _, c := range w.p.Callouts {
		if !c.Deadline.IsZero() && c.Answer.Outcome != entitlement.OutcomeContinue {
			w.t.Errorf("given while callout %s was not answered", c.ID)
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
			if rng.IntN(3) == 0 && p.Phase == entitlement.PhaseGranting {
				p, _, _ = Step(p, entitlement.Event{Kind: entitlement.EventGranted, Wait: p.Wait}, epoch)
			}
		}
	}
}
