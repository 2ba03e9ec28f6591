package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const (
	raceRounds  = 200
	raceCallers = 64
)

// call is one call of a race: what is done, and with which callout.
type call struct {
	do       string // "resume", "cancel", "pass" (the deadline passes), "timer", "read"
	instance int
	outcome  entitlement.Outcome
	// early is set for a resume that was called before the deadline had passed: what
	// counts is the clock when it is decided, which others see a moment later.
	early bool
}

// raced is the request that is raced for: it waits at Created and then at Granted.
type raced struct {
	answer, second entitlement.Outcome
	end            string
	passed         bool // the deadline of the first wait
}

// linear says what one request, seen by one caller after another, answers.
var linear = porcupine.Model{
	Init: func() any { return raced{} },
	Step: func(state, input, output any) (bool, any) {
		s, c := state.(raced), input.(call)
		if c.early && output.(string) == "" {
			s.passed = false
		}
		passed := state.(raced).passed
		next, want := s.step(c)
		// Once the first wait is over its deadline is of no account.
		next.passed = next.end == "" && next.answer == "" && (next.passed || passed)
		return want == output.(string), next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v -> %q", input, output) },
}

func (s raced) step(c call) (raced, string) {
	switch c.do {
	case "resume":
		return s.resume(c)
	case "cancel":
		if s.end != "" && s.end != "canceled Canceled" {
			return s, string(entitlement.CodeRequestNotCancelable)
		}
		s.end = "canceled Canceled"
	case "pass":
		s.passed = true
	case "timer":
		if s.end == "" && s.answer == "" && s.passed {
			s.answer, s.end = timedOut, "deliveryFailed CallbackTimedOut"
		}
	case "read":
		return s, s.public()
	}
	return s, ""
}

func (s raced) resume(c call) (raced, string) {
	given := &s.answer
	if c.instance == 1 {
		given = &s.second
	}
	switch {
	case c.instance == 1 && s.answer != entitlement.OutcomeContinue:
		return s, string(entitlement.CodeUnknownCalloutInstance)
	case c.instance == 1 && c.outcome != entitlement.OutcomeContinue:
		return s, string(entitlement.CodeOutcomeNotAllowed)
	case *given == c.outcome:
		return s, ""
	case *given == timedOut:
		return s, string(entitlement.CodeCallbackTimedOut)
	case *given != "":
		return s, string(entitlement.CodeOutcomeAlreadyRecorded)
	case s.end != "":
		return s, string(entitlement.CodeRequestNotWaiting)
	case c.instance == 0 && s.passed:
		return s, string(entitlement.CodeCallbackTimedOut)
	}
	*given = c.outcome
	switch {
	case c.outcome == entitlement.OutcomeDenied:
		s.end = "denied Denied"
	case c.outcome == entitlement.OutcomeCanceled:
		s.end = "canceled Canceled"
	case c.instance == 1:
		s.end = "delivered Delivered"
	}
	return s, ""
}

func (s raced) public() string {
	switch {
	case s.end != "":
		return s.end
	case s.answer == entitlement.OutcomeContinue:
		return "delivering WaitingForCallback"
	}
	return "submitted WaitingForCallback"
}

// TestARaceHasOneOutcome lets resume, cancel and the timeout race for one request; all
// answers must fit one order of events. A failure prints its seed.
func TestARaceHasOneOutcome(t *testing.T) {
	w := newWorld(t)
	w.store.once = true
	w.bind(time.Hour, created)
	w.bind(2*time.Hour, granted) // so that the first deadline, when it passes, is the only one
	ends := make(map[string]int)
	for seed := range uint64(raceRounds / slower) {
		rng := rand.New(rand.NewPCG(seed, 0))
		history := w.race(rng)
		if got := porcupine.CheckOperationsTimeout(linear, telling(history), 20*time.Second); got != porcupine.Ok {
			for _, op := range history {
				t.Logf("%d-%d: %s", op.Call, op.Return, linear.DescribeOperation(op.Input, op.Output))
			}
			t.Fatalf("seed %d: the answers fit no order of events: %s", seed, got)
		}
		ends[history[len(history)-1].Output.(string)]++
		w.run() // leaves nothing of it behind
	}
	if len(ends) < 2 {
		t.Errorf("all races ended alike: %v", ends)
	}
	t.Log(ends)
}

// telling leaves out operations that say nothing which others do not say, or the search
// for an order takes for ever. A request only goes forward, so calls of one kind with one
// answer are all possible in one stretch of its life. Of those, the one that returned
// first says that the stretch had begun by then. Where they succeed, it may have been
// begun by the one that was called first, and does not end; where they are refused, or
// only read, the one that was called last says that it had not ended. The rest fits in.
// A timer is always answered the same, so that all of them are kept.
func telling(history []porcupine.Operation) []porcupine.Operation {
	type kind struct{ input, output any }
	returned, called := map[kind]int{}, map[kind]int{}
	keep := make([]bool, len(history))
	for i, op := range history {
		k := kind{op.Input, op.Output}
		if best, known := returned[k]; !known || op.Return < history[best].Return {
			returned[k] = i
		}
		best, known := called[k]
		if succeeds := op.Output == ""; !known || (op.Call < history[best].Call) == succeeds {
			called[k] = i
		}
		keep[i] = op.Input.(call).do == "timer"
	}
	for k := range called {
		keep[returned[k]], keep[called[k]] = true, true
	}
	var kept []porcupine.Operation
	for i, op := range history {
		if keep[i] {
			kept = append(kept, op)
		}
	}
	return kept
}

// TestTheModelRefusesTwoOutcomes: the judge of the races must not let everything pass.
func TestTheModelRefusesTwoOutcomes(t *testing.T) {
	at := func(i int64, c call, output string) porcupine.Operation {
		return porcupine.Operation{ClientId: int(i), Input: c, Output: output, Call: i, Return: 100 + i}
	}
	resume := func(o entitlement.Outcome) call { return call{do: "resume", outcome: o} }
	late := at(1, call{do: "read"}, "submitted WaitingForCallback")
	late.Call, late.Return = 200, 201
	for name, history := range map[string][]porcupine.Operation{
		"two answers accepted": {at(1, resume(entitlement.OutcomeContinue), ""), at(2, resume(entitlement.OutcomeDenied), "")},
		"a refusal of nothing": {at(1, resume(entitlement.OutcomeDenied), string(entitlement.CodeOutcomeAlreadyRecorded))},
		"denied and canceled":  {at(1, resume(entitlement.OutcomeDenied), ""), at(2, call{do: "cancel"}, ""), at(3, call{do: "read"}, "canceled Canceled")},
		"an answer undone":     {at(1, resume(entitlement.OutcomeDenied), ""), late},
	} {
		if porcupine.CheckOperations(linear, telling(history)) {
			t.Errorf("%s: accepted", name)
		}
	}
}

// race makes one request, lets all callers loose on it, and returns what they were
// answered; the last operation reads how it ended.
func (w *world) race(rng *rand.Rand) []porcupine.Operation {
	u := &entitlement.User{DisplayName: "user", UserPrincipalName: strconv.FormatUint(rng.Uint64(), 36), AccountEnabled: true}
	must(w.t, w.CreateUser(w.t.Context(), app, u))
	r := w.add(u.ID)
	calls := randomCalls(rng)
	history := make([]porcupine.Operation, len(calls), len(calls)+1)
	began := time.Now()
	var ready, all sync.WaitGroup
	ready.Add(len(calls))
	for i, c := range calls {
		all.Go(func() {
			ready.Done()
			ready.Wait()
			op := porcupine.Operation{ClientId: i, Input: c, Call: time.Since(began).Nanoseconds()}
			op.Output = w.perform(r, c)
			op.Return = time.Since(began).Nanoseconds()
			history[i] = op
		})
	}
	all.Wait()
	markEarly(history)
	end := porcupine.Operation{ClientId: len(calls), Input: call{do: "read"}, Call: time.Since(began).Nanoseconds()}
	end.Output = w.perform(r, call{do: "read"})
	end.Return = time.Since(began).Nanoseconds()
	if end.Output.(string) == "delivered Delivered" != w.member(group, u.ID) {
		w.t.Errorf("the request is %s, and the target a member: %v", end.Output, w.member(group, u.ID))
	}
	return append(history, end)
}

// markEarly marks the answers that were accepted and given before the deadline had passed.
func markEarly(history []porcupine.Operation) {
	for _, pass := range history {
		if pass.Input.(call).do != "pass" {
			continue
		}
		for i, op := range history {
			c := op.Input.(call)
			c.early = c.do == "resume" && c.instance == 0 && op.Output == "" && op.Call < pass.Return
			history[i].Input = c
		}
	}
}

// randomCalls mixes the calls of a race: each race leans another way.
func randomCalls(rng *rand.Rand) []call {
	lean := rng.IntN(4)
	calls := make([]call, raceCallers)
	for i := range calls {
		c := call{do: "resume", outcome: entitlement.OutcomeContinue}
		switch n := rng.IntN(16); {
		case n < 2:
			c.outcome = entitlement.OutcomeDenied
		case n < 3:
			c.outcome = entitlement.OutcomeCanceled
		case n < 7:
			c.instance = 1
		case n < 8 && lean == 1:
			c = call{do: "cancel"}
		case n < 12:
			c = call{do: "read"}
		}
		calls[i] = c
	}
	switch lean {
	case 1:
		calls[rng.IntN(8)] = call{do: "cancel"}
	case 2:
		calls[rng.IntN(8)] = call{do: "pass"}
		for range 3 {
			calls[8+rng.IntN(raceCallers-8)] = call{do: "timer"}
		}
	}
	return calls
}

// perform makes one call and returns its answer: a code, a state, or "" for well.
func (w *world) perform(r *entitlement.Request, c call) string {
	ctx := context.Background()
	var err error
	switch c.do {
	case "resume":
		stages := []entitlement.Stage{created, granted}
		err = w.Resume(ctx, answers, r.ID, entitlement.Event{
			Instance: entitlement.DeriveID(r.Progress.Plan.Seed, strconv.Itoa(2*c.instance+1)), Stage: stages[c.instance],
			Answer: entitlement.Answer{Outcome: c.outcome},
		})
	case "cancel":
		err = w.Cancel(ctx, person(r.TargetID), r.ID)
	case "pass":
		w.advance(time.Hour)
	case "timer":
		key := store.JobKey{Tenant: tenant, Kind: store.JobTimeout, Ref: r.ID, N: 1}
		err = w.Perform(ctx, store.Job{JobKey: key})
	case "read":
		now := w.request(r.ID)
		return fmt.Sprintf("%s %s", now.State, now.Status)
	}
	var refusal *entitlement.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return string(refusal.Code)
	}
	return err.Error()
}
