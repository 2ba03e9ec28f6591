package simulation

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"anteroom/internal/entitlement"
)

// Sizes of a run; the environment replaces them.
const (
	seeds      = 2000
	raceSeeds  = 100 // with the race detector, which looks for something else
	steps      = 500
	checkEvery = 20
)

func env(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// run takes the steps of one seed and returns what went wrong, if anything, the sum of all
// that was done, and the phases that were reached.
func run(seed uint64, trace func(string, ...any)) (wrong string, sum uint64, reached map[entitlement.Phase]bool) {
	w := newWorld(seed, trace)
	for n := range env("ANTEROOM_STEPS", steps) {
		w.step()
		if n%checkEvery == checkEvery-1 || n == steps-1 {
			if wrong := w.check(); wrong != "" {
				return wrong, w.sum, nil
			}
		}
	}
	reached = map[entitlement.Phase]bool{}
	for _, r := range w.read().history {
		if r.Kind == "assignmentRequest" {
			reached[entitlement.Phase(r.To)] = true
		}
	}
	return "", w.sum, reached
}

// TestSimulation runs many seeds. Promise P24; after every few steps what P2 to P4, P7,
// P13 and P14 promise is looked at.
func TestSimulation(t *testing.T) {
	if one := env("ANTEROOM_SEED", -1); one >= 0 {
		if wrong, _, _ := run(uint64(one), t.Logf); wrong != "" {
			t.Fatalf("seed %d: %s", one, wrong)
		}
		return
	}
	n := env("ANTEROOM_SEEDS", seeds)
	if raceDetector && n == seeds {
		n = raceSeeds
	}
	var next atomic.Uint64
	var mu sync.Mutex
	all := map[entitlement.Phase]bool{}
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for !t.Failed() {
				seed := next.Add(1)
				if seed > uint64(n) {
					return
				}
				wrong, _, reached := run(seed, func(string, ...any) {})
				if wrong != "" {
					t.Errorf("seed %d: %s\nlook at it with ANTEROOM_SEED=%d go test ./internal/simulation -v", seed, wrong, seed)
				}
				mu.Lock()
				for p := range reached {
					all[p] = true
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for _, p := range entitlement.Phases {
		if p != entitlement.PhaseNew && p != entitlement.PhaseDetermining && !all[p] && !t.Failed() {
			t.Errorf("no run reached the phase %s", p)
		}
	}
}

// TestTheSameSeedGivesTheSameRun: what a failure printed can be looked at again.
func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		_, one, _ := run(seed, func(string, ...any) {})
		_, two, _ := run(seed, func(string, ...any) {})
		if one != two {
			t.Errorf("two runs of seed %d differ", seed)
		}
	}
}
