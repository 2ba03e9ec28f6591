package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// randomSequences is how many requests TestRandomSequences takes through their lives.
const randomSequences = 300

// model is a request as the contract tells it: some callouts that wait, one after another.
type model struct {
	stages   []entitlement.Stage
	at       int // the callout that waits
	answers  []entitlement.Outcome
	deadline time.Time // of the callout that waits
	end      string    // state and status, once it is finished
}

const timedOut entitlement.Outcome = "timed out"

func (m *model) enter(now time.Time) {
	m.deadline = now.Add(time.Hour)
	if m.at == len(m.stages) {
		m.end = "delivered Delivered"
	}
}

// resume says how an answer to the n-th callout ends, "" for well.
func (m *model) resume(n int, o entitlement.Outcome, now time.Time) entitlement.Code {
	switch {
	case n > m.at || n == len(m.stages):
		return entitlement.CodeUnknownCalloutInstance
	case m.stages[n] == granted && o != entitlement.OutcomeContinue:
		return entitlement.CodeOutcomeNotAllowed
	case m.answers[n] == o:
		return ""
	case m.answers[n] == timedOut:
		return entitlement.CodeCallbackTimedOut
	case m.answers[n] != "":
		return entitlement.CodeOutcomeAlreadyRecorded
	case m.end != "":
		return entitlement.CodeRequestNotWaiting
	case !now.Before(m.deadline):
		return entitlement.CodeCallbackTimedOut
	}
	m.answers[n] = o
	switch o {
	case entitlement.OutcomeContinue:
		m.at++
		m.enter(now)
	case entitlement.OutcomeDenied:
		m.end = "denied Denied"
	case entitlement.OutcomeCanceled:
		m.end = "canceled Canceled"
	}
	return ""
}

func (m *model) cancel() entitlement.Code {
	if m.end != "" && m.end != "canceled Canceled" {
		return entitlement.CodeRequestNotCancelable
	}
	m.end = "canceled Canceled"
	return ""
}

func (m *model) runDue(now time.Time) {
	if m.end == "" && !now.Before(m.deadline) {
		m.answers[m.at], m.end = timedOut, "deliveryFailed CallbackTimedOut"
	}
}

// public is what clients see.
func (m *model) public() string {
	switch {
	case m.end != "":
		return m.end
	case m.stages[m.at] == granted:
		return "delivering WaitingForCallback"
	}
	return "submitted WaitingForCallback"
}

// TestRandomSequences takes requests through random sequences of resume, cancel, timeout
// and repeats, and compares each answer and each state with the model. The first answer
// that is accepted stays the only one. A failure prints its seed.
func TestRandomSequences(t *testing.T) {
	w := newWorld(t)
	w.store.once = true
	w.bind(time.Hour, created, approved, granted)
	settings := make(map[entitlement.Stage]entitlement.StageSetting)
	w.view(func(tx *store.Tx) error {
		p, err := tx.Policies.Get(t.Context(), w.policy)
		for _, s := range p.StageSettings {
			settings[s.Stage] = s
		}
		return err
	})
	for seed := range uint64(randomSequences / slower) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s := &sequence{world: w, rng: rng, m: model{stages: randomStages(rng)}}
		s.m.answers = make([]entitlement.Outcome, len(s.m.stages))
		s.begin(seed, settings)
		for range 20 {
			s.step()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		if s.m.end == "" {
			must(t, w.Cancel(t.Context(), app, s.r.ID))
		}
	}
}

// randomStages is a plan: stages in their order, some of them twice.
func randomStages(rng *rand.Rand) (plan []entitlement.Stage) {
	for len(plan) == 0 {
		for _, stage := range []entitlement.Stage{created, approved, granted} {
			for range rng.IntN(3) {
				plan = append(plan, stage)
			}
		}
	}
	return plan
}

// sequence is one request on its way, beside the model of it.
type sequence struct {
	*world
	rng *rand.Rand
	m   model
	r   *entitlement.Request
	who entitlement.ID
}

func (s *sequence) begin(seed uint64, settings map[entitlement.Stage]entitlement.StageSetting) {
	u := &entitlement.User{DisplayName: "user", UserPrincipalName: fmt.Sprintf("user%d@contoso.example", seed), AccountEnabled: true}
	must(s.t, s.CreateUser(s.t.Context(), app, u))
	_, err := s.ReplacePolicy(s.t.Context(), app, s.policy, func(p *entitlement.Policy) error {
		p.StageSettings = nil
		for _, stage := range s.m.stages {
			p.StageSettings = append(p.StageSettings, settings[stage])
		}
		return nil
	})
	must(s.t, err)
	s.caller.answer = nil
	if s.rng.IntN(2) == 0 {
		s.caller.answer = func(engine.Call) error { return errors.New("the endpoint answered 500") }
	}
	s.who, s.r = u.ID, s.add(u.ID)
	s.m.enter(s.clock())
}

func (s *sequence) step() {
	outcomes := []entitlement.Outcome{entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeDenied, entitlement.OutcomeCanceled}
	var what string
	var want entitlement.Code
	var err error
	switch n := s.rng.IntN(20); {
	case n < 10:
		i, o := s.rng.IntN(len(s.m.stages)+1), outcomes[s.rng.IntN(len(outcomes))]
		if s.rng.IntN(2) == 0 {
			i = s.m.at
		}
		what, want = fmt.Sprintf("resume %d %s", i, o), s.m.resume(i, o, s.clock())
		err = s.Resume(s.t.Context(), answers, s.r.ID, s.event(i, o))
	case n == 10:
		what, want = "cancel", s.m.cancel()
		err = s.Cancel(s.t.Context(), person(s.r.TargetID), s.r.ID)
	case n < 15:
		what = "run"
		s.m.runDue(s.clock())
		err = s.RunDue(s.t.Context(), tenant)
	default:
		what = "advance"
		s.advance(time.Duration(s.rng.IntN(35)) * time.Minute)
	}
	if want != "" {
		refused(s.t, err, want)
	} else if err != nil {
		s.t.Errorf("%s: %v, but the model accepts it", what, err)
	}
	s.compare(what)
}

// event is an answer to the i-th callout, which may not have been made yet.
func (s *sequence) event(i int, o entitlement.Outcome) entitlement.Event {
	ev := entitlement.Event{Instance: "00000000-0000-4000-8000-000000000000", Stage: created, Answer: entitlement.Answer{Outcome: o}}
	if callouts := s.request(s.r.ID).Progress.Callouts; i < len(callouts) {
		ev.Instance, ev.Stage = callouts[i].ID, callouts[i].Stage
	}
	return ev
}

func (s *sequence) compare(what string) {
	s.t.Helper()
	s.is(s.r, s.m.public())
	for i, c := range s.request(s.r.ID).Progress.Callouts {
		want := s.m.answers[i]
		if want == timedOut {
			want = ""
		}
		if c.Answer.Outcome != want {
			s.t.Errorf("after %s callout %d has the answer %q, want %q", what, i, c.Answer.Outcome, want)
		}
	}
	if s.member(group, s.who) != (s.m.end == "delivered Delivered") {
		s.t.Errorf("after %s the target is a member: %v", what, s.member(group, s.who))
	}
	if s.m.end != "" {
		return
	}
	for _, j := range s.jobs(s.r.ID) {
		if j.Kind == store.JobTimeout && j.Due.Equal(s.m.deadline) {
			return
		}
	}
	s.t.Errorf("after %s there is no timer for %s: %v", what, s.m.deadline, s.due(s.r))
}
