package engine_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// sweepSize is how many people TestAChangeOfMany looks at; ANTEROOM_PEOPLE replaces it.
const sweepSize = 1200

// TestAChangeOfManyIsWorkedThroughInPages: a rule that means everybody gives everybody the
// package, a few in each transaction, and requests are taken in between.
func TestAChangeOfManyIsWorkedThroughInPages(t *testing.T) {
	people := sweepSize
	if n, err := strconv.Atoi(os.Getenv("ANTEROOM_PEOPLE")); err == nil {
		people = n
	}
	w := newWorld(t)
	w.fillDirectory(people)
	must(t, w.CreatePolicy(t.Context(), app, w.automaticOf(w.addPackage("automatic"))))

	began, longest, pages := time.Now(), time.Duration(0), 0
	for {
		jobs, err := w.store.DueJobsOf(t.Context(), tenant, w.clock(), 1)
		must(t, err)
		if len(jobs) == 0 {
			break
		}
		looks, before := pages%50 == 0, 0 // counting takes its time
		if looks {
			before = w.count()
		}
		page := time.Now()
		must(t, w.Perform(t.Context(), jobs[0]))
		longest = max(longest, time.Since(page))
		if looks && w.count()-before > 10 {
			t.Fatalf("one page gave %d people the package", w.count()-before)
		}
		if pages++; pages%100 == 0 { // somebody asks meanwhile, and is answered at once
			r := w.add(w.somebody(pages))
			w.is(r, "delivered Delivered")
		}
	}
	t.Logf("%d people in %d pages, %s, the longest page took %s", people, pages, time.Since(began).Round(time.Millisecond), longest.Round(time.Millisecond))
	if got := w.live(); got != min(people, engine.MaxAutomatic) {
		t.Errorf("%d people have the package, want %d", got, people)
	}
}

// fillDirectory puts people of one department into the directory.
func (w *world) fillDirectory(n int) {
	w.t.Helper()
	department := "Sales"
	for from := 0; from < n; from += 500 {
		must(w.t, w.store.Update(w.t.Context(), tenant, func(tx *store.Tx) error {
			for i := from; i < min(n, from+500); i++ {
				u := &entitlement.User{
					DisplayName: fmt.Sprintf("Person %d", i), UserPrincipalName: fmt.Sprintf("sales%d@example.org", i), Type: entitlement.UserMember, AccountEnabled: true,
				}
				u.ID, u.CreatedAt, u.ModifiedAt = w.somebody(i), start, start
				u.SetAttribute("department", &department)
				if err := tx.Users.Insert(w.t.Context(), u); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func (w *world) somebody(n int) entitlement.ID {
	return entitlement.ID(fmt.Sprintf("5a1e5000-0000-4000-8000-%012x", n))
}

func (w *world) automaticOf(pkg entitlement.ID) *entitlement.Policy {
	yes := true
	return &entitlement.Policy{
		PackageID: pkg, DisplayName: "Automatic", AllowedTargetScope: entitlement.ScopeSpecificDirectoryUsers,
		SpecificAllowedTargets: []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -eq "Sales"`}},
		Automatic:              &entitlement.AutomaticSettings{RequestForAllowed: &yes, RemoveWhenLeaving: &yes},
	}
}

// count is how many requests the server itself has made.
func (w *world) count() (n int) {
	w.view(func(tx *store.Tx) (err error) {
		n, err = tx.Requests.Count(w.t.Context(), query.Equal("requestType", string(entitlement.TypeSystemAdd)))
		return err
	})
	return n
}

// live is how many people have what an automatic policy gives.
func (w *world) live() (n int) {
	w.view(func(tx *store.Tx) error {
		policies, err := tx.Policies.List(w.t.Context(), query.Query{Filter: query.Equal("isAutomatic", true)})
		if err != nil {
			return err
		}
		n, err = tx.Assignments.Count(w.t.Context(), query.Both(query.Equal("assignmentPolicy/id", string(policies[0].ID)), query.Equal("live", true)))
		return err
	})
	return n
}
