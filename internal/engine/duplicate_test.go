package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

const twins = 16 // callers that ask for the same at once

// duplicateRounds is how often they do; fewer under the race detector, more at night.
func duplicateRounds() int {
	switch {
	case os.Getenv("ANTEROOM_NIGHT") != "":
		return 10_000
	case slower > 1:
		return 150
	}
	return 2000
}

// onFile lets a world keep its data in a file.
func onFile(t *testing.T) func(*engine.Options) {
	return func(o *engine.Options) {
		s, err := sqlstore.Open(t.Context(), sqlstore.Options{Data: filepath.Join(t.TempDir(), "anteroom.db")})
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		o.Store.(*unsteady).Store = s
	}
}

// onEachStore runs a test in memory and on a file.
func onEachStore(t *testing.T, test func(t *testing.T, where func(*engine.Options))) {
	t.Run("memory", func(t *testing.T) { test(t, func(*engine.Options) {}) })
	t.Run("file", func(t *testing.T) { test(t, onFile(t)) })
}

// together calls do for all callers at once.
func together(callers int, do func(caller int)) {
	var ready, all sync.WaitGroup
	ready.Add(callers)
	for i := range callers {
		all.Go(func() {
			ready.Done()
			ready.Wait()
			do(i)
		})
	}
	all.Wait()
}

// duplicates are two packages that many ask for at once: one is delivered at once, the
// other waits for an answer first. Each has an automatic policy beside the usual one.
type duplicates struct {
	*world
	packages [2]struct{ id, policy, automatic entitlement.ID }
	made     map[entitlement.ID]int // requests that were made, by target
}

func newDuplicates(t *testing.T, where func(*engine.Options)) *duplicates {
	d := &duplicates{world: newWorld(t, where), made: map[entitlement.ID]int{}}
	x := &entitlement.Extension{
		CatalogID: d.catalog, Kind: entitlement.RequestExtension, DisplayName: "x", CallbackTimeout: time.Hour,
		Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: "https://example.org/x"},
	}
	must(t, d.CreateExtension(t.Context(), app, x))
	for i := range d.packages {
		p := &d.packages[i]
		var stages []entitlement.StageSetting
		if i == 1 {
			stages = []entitlement.StageSetting{{ID: "1", Stage: created, ExtensionID: x.ID}}
		}
		d.fresh(func(p *entitlement.Policy) { p.StageSettings = stages })
		p.id, p.policy = d.pkg, d.policy
		d.policy = d.addPolicy(d.pkg)
		d.editPolicy(func(p *entitlement.Policy) {
			p.AllowedTargetScope, p.StageSettings = entitlement.ScopeSpecificDirectoryUsers, stages
			p.SpecificAllowedTargets = []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.accountEnabled -eq true`}}
			p.Automatic = &entitlement.AutomaticSettings{RequestForAllowed: yes()}
		})
		p.automatic = d.policy
	}
	d.put(func(tx *store.Tx) error {
		for n := range duplicateRounds() {
			id := twin(n)
			u := &entitlement.User{Object: entitlement.Object{ID: id}, DisplayName: "twin", UserPrincipalName: string(id), Type: entitlement.UserMember, AccountEnabled: true}
			if err := tx.Users.Insert(t.Context(), u); err != nil {
				return err
			}
		}
		return nil
	})
	d.store.once = true
	return d
}

func twin(n int) entitlement.ID { return uid(fmt.Sprint("twin", n)) }

// Whether the request that is made is finished at once, waits, or is answered while others
// still ask.
const (
	finishes = iota
	waits
	isAnswered
)

// round lets all callers ask at once for the n-th target, and checks what they are told.
func (d *duplicates) round(n int) {
	rng := rand.New(rand.NewPCG(uint64(n), 13))
	target, how, mixed := twin(n), n%3, n%2 == 1
	types := []entitlement.RequestType{entitlement.TypeUserAdd, entitlement.TypeAdminAdd, entitlement.TypeSystemAdd}
	asked, one := make([]entitlement.RequestType, twins), types[rng.IntN(3)]
	for i := range asked {
		if asked[i] = one; mixed {
			asked[i] = types[rng.IntN(3)]
		}
	}
	errs := make([]error, twins)
	together(twins, func(i int) {
		var r *entitlement.Request
		if r, errs[i] = d.askFor(asked[i], how, target); errs[i] == nil && how == isAnswered {
			c := r.Progress.Callouts[0]
			if err := d.Resume(d.t.Context(), answers, r.ID, entitlement.Event{
				Instance: c.ID, Stage: c.Stage, Answer: entitlement.Answer{Outcome: entitlement.OutcomeContinue},
			}); err != nil {
				d.t.Errorf("round %d: the answer: %v", n, err)
			}
		}
	})
	served, policies := map[bool]int{}, map[bool]bool{}
	for i, err := range errs {
		automatic := asked[i] == entitlement.TypeSystemAdd
		policies[automatic] = true
		var refusal *entitlement.Error
		switch {
		case err == nil:
			served[automatic]++
			d.made[target]++
		case !errors.As(err, &refusal),
			refusal.Code != entitlement.CodeExistingOpenRequest && refusal.Code != entitlement.CodeExistingAssignment,
			how == finishes && refusal.Code != entitlement.CodeExistingAssignment,
			how == waits && refusal.Code != entitlement.CodeExistingOpenRequest:
			d.t.Errorf("round %d: a %s is answered %v", n, asked[i], err)
		}
	}
	made := d.made[target]
	switch {
	case served[true] > 1 || served[false] > 1 || made == 0,
		how == waits && made != 1,                // whatever the policy, it is the same package
		how == finishes && made != len(policies), // a person may have a package through two policies
		len(policies) == 1 && made != 1:
		d.t.Errorf("round %d (%d): %d requests were made, through the automatic policy and the other: %v", n, how, made, served)
	}
}

func (d *duplicates) askFor(typ entitlement.RequestType, how int, target entitlement.ID) (*entitlement.Request, error) {
	p := d.packages[min(how, 1)]
	o := engine.Order{Type: typ, PackageID: p.id, PolicyID: p.policy, TargetID: target}
	switch typ {
	case entitlement.TypeSystemAdd:
		o.PolicyID = p.automatic
		return d.Open(d.t.Context(), entitlement.System(tenant), o)
	case entitlement.TypeUserAdd:
		return d.Submit(d.t.Context(), person(target), o)
	}
	return d.Submit(d.t.Context(), app, o)
}

// TestEqualRequestsAtOnceAreOne: of many who ask for the same at once one is served.
func TestEqualRequestsAtOnceAreOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, where func(*engine.Options)) {
		d := newDuplicates(t, where)
		for n := range duplicateRounds() {
			if d.round(n); t.Failed() {
				t.Fatalf("round %d", n)
			}
		}
		d.unique()
	})
}

// unique checks that nothing that is stored is there twice.
func (d *duplicates) unique() {
	s := d.dump()
	open, live, made := map[string]bool{}, map[string]bool{}, map[entitlement.ID]int{}
	for _, r := range s.Requests {
		made[r.TargetID]++
		key := entitlement.OpenKeyOf(r)
		if !r.CompletedAt.IsZero() {
			continue
		}
		if open[key] || r.OpenKey != key {
			d.t.Errorf("an open request has the key %q, want %q; there is another: %v", r.OpenKey, key, open[key])
		}
		open[key] = true
	}
	for _, a := range s.Assignments {
		key := string(a.PolicyID + " " + a.TargetID)
		if a.State.Live() && live[key] {
			d.t.Errorf("two live assignments of policy and target %s", key)
		}
		live[key] = live[key] || a.State.Live()
	}
	for target, n := range d.made {
		if made[target] != n {
			d.t.Errorf("%d requests for %s succeeded, and there are %d", n, target, made[target])
		}
	}
	if len(made) != len(d.made) || len(open) == 0 || len(live) == 0 {
		d.t.Errorf("%d targets were served, want %d; %d requests are open, %d assignments live", len(made), len(d.made), len(open), len(live))
	}
	d.t.Logf("%d rounds: %d requests, %d of them open, %d assignments", len(d.made), len(s.Requests), len(open), len(live))
}
