package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// move sets the tenant's clock ahead by d more.
func (w *world) move(d time.Duration) time.Time {
	w.t.Helper()
	after, err := w.MoveClock(w.t.Context(), tenant, func(_ time.Time, offset time.Duration) (time.Duration, error) { return offset + d, nil })
	must(w.t, err)
	return after
}

func TestMovingTheClockMovesWhatIsDue(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	r := w.add(alice)
	w.run()
	if got, want := w.move(50*time.Minute), w.clock().Truncate(time.Microsecond).Add(50*time.Minute); !got.Equal(want) {
		t.Errorf("the tenant's clock says %s, want %s", got, want)
	}
	wait := func(want string) {
		t.Helper()
		if diff := cmp.Diff([]string{"timeout 1 in " + want}, w.due(r)); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
	}
	wait("10m0s")
	w.unchanged("running too early", w.run)
	w.move(-30 * time.Minute)
	wait("40m0s")
	w.move(-24 * time.Hour)
	wait("24h40m0s")
	w.unchanged("running too early", w.run)
	w.move(24*time.Hour + 40*time.Minute - time.Microsecond)
	w.unchanged("running too early", w.run)
	w.move(time.Microsecond)
	w.run()
	w.is(r, "deliveryFailed CallbackTimedOut")
	if c := w.request(r.ID).Progress.Callouts[0]; !c.Deadline.Equal(start.Add(time.Hour)) || !w.request(r.ID).CompletedAt.Equal(c.Deadline) {
		t.Errorf("the deadline was %s, and it ended at %s", c.Deadline, w.request(r.ID).CompletedAt)
	}
}

func TestANewWaitOnAMovedClockIsAsLongAsEver(t *testing.T) {
	for _, ahead := range []time.Duration{90 * 24 * time.Hour, -90 * 24 * time.Hour, 1500 * time.Nanosecond} {
		w := newWorld(t)
		w.bind(time.Hour, created)
		w.move(ahead)
		r := w.add(alice)
		if got, want := w.request(r.ID).CreatedAt, start.Add(ahead.Truncate(time.Microsecond)); !got.Equal(want) {
			t.Errorf("a request made at %s says %s", want, got)
		}
		if diff := cmp.Diff([]string{"callout 1 in 0s", "timeout 1 in 1h0m0s"}, w.due(r)); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		w.run()
		w.advance(time.Hour)
		w.run()
		w.is(r, "deliveryFailed CallbackTimedOut")
	}
}

// TestATimerThatIsNotDueAnyMoreStays: between finding and performing a timer the clock may
// be moved back; the wait then ends later, and is not lost.
func TestATimerThatIsNotDueAnyMoreStays(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	r := w.add(alice)
	w.run()
	w.move(time.Hour)
	due, err := w.Store.DueJobsOf(t.Context(), tenant, w.clock(), 10)
	must(t, err)
	w.move(-time.Minute)
	w.unchanged("a timer that is early", func() { must(t, w.Perform(t.Context(), due[0])) })
	w.advance(time.Minute)
	w.run()
	w.is(r, "deliveryFailed CallbackTimedOut")
	w.unchanged("a timer that is late", func() { must(t, w.Perform(t.Context(), due[0])) })
}

func TestARefusedMoveMovesNothing(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	w.add(alice)
	no := entitlement.Invalid("set", "no")
	w.unchanged("a refusal", func() {
		_, err := w.MoveClock(t.Context(), tenant, func(time.Time, time.Duration) (time.Duration, error) { return time.Hour, no })
		if !errors.Is(err, no) {
			t.Errorf("error %v", err)
		}
	})
	if got := w.move(0); !got.Equal(w.clock()) {
		t.Errorf("the clock says %s", got)
	}
}

// TestOnlyTheOwnClockMoves: another tenant's time stands still.
func TestOnlyTheOwnClockMoves(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	r := w.add(alice)
	const neighbour = entitlement.TenantID("c0ffee00-0000-4000-8000-000000000002")
	must(t, w.EnsureTenant(t.Context(), neighbour, nil))
	_, err := w.MoveClock(t.Context(), neighbour, func(time.Time, time.Duration) (time.Duration, error) { return 24 * time.Hour, nil })
	must(t, err)
	must(t, w.RunDue(t.Context(), neighbour))
	if diff := cmp.Diff([]string{"callout 1 in 0s", "timeout 1 in 1h0m0s"}, w.due(r)); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	stranger := answers
	stranger.Tenant = neighbour
	w.unchanged("a neighbour", func() {
		refused(t, w.Resume(t.Context(), stranger, r.ID, w.answer(r.ID, entitlement.OutcomeContinue)), entitlement.CodeNotFound)
		refused(t, w.Cancel(t.Context(), stranger, r.ID), entitlement.CodeNotFound)
		_, err := w.Reader(stranger).Requests.Get(t.Context(), r.ID)
		refused(t, err, entitlement.CodeNotFound)
	})
}

func TestATenantIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	w.store.once = true
	const fresh = entitlement.TenantID("c0ffee00-0000-4000-8000-000000000003")
	seed := &engine.Seed{
		Users:   []entitlement.User{{Object: entitlement.Object{ID: alice}, DisplayName: "alice", UserPrincipalName: "alice@fabrikam.example"}},
		Groups:  []entitlement.Group{{Object: entitlement.Object{ID: group}, DisplayName: "one"}},
		Members: map[entitlement.ID][]entitlement.ID{group: {alice}},
	}
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if err := w.EnsureTenant(context.Background(), fresh, seed); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	keys, err := w.CalloutKeys(t.Context())
	must(t, err)
	must(t, w.EnsureTenant(t.Context(), fresh, seed))
	again, err := w.CalloutKeys(t.Context())
	must(t, err)
	if diff := cmp.Diff(keys, again); diff != "" || len(keys) != 2 || len(keys[fresh]) != 32 || string(keys[fresh]) == string(keys[tenant]) {
		t.Errorf("the keys of tenants are not their own and for good (-first +second):\n%s", diff)
	}
	must(t, w.Store.View(t.Context(), fresh, func(tx *store.Tx) error {
		found := make(map[string]int64)
		must(t, listVersions(found, rules.Catalogs, tx.Catalogs))
		must(t, listVersions(found, rules.Users, tx.Users))
		must(t, listVersions(found, rules.Groups, tx.Groups))
		must(t, listVersions(found, rules.Memberships, tx.Memberships))
		history, err := tx.History.List(t.Context(), 0, 100)
		if len(found) != 4 || len(history) != 4 {
			t.Errorf("the tenant holds %v with %d records", found, len(history))
		}
		list, _ := tx.Catalogs.List(t.Context(), query.Query{})
		if len(list) != 1 || list[0].Type != entitlement.CatalogServiceDefault || list[0].State != entitlement.CatalogPublished {
			t.Errorf("the catalogs are %+v", list)
		}
		return err
	}))
}

// TestAnExpansionShowsNoMoreThanAList: what hangs on the package that a person asked for
// is not theirs to see because of that.
func TestAnExpansionShowsNoMoreThanAList(t *testing.T) {
	w := newWorld(t)
	w.assign(alice)
	w.assign(bob)
	mine, err := w.Reader(person(alice)).Assignments.Linked(t.Context(), "accessPackage/id", []entitlement.ID{w.pkg})
	must(t, err)
	if len(mine) != 1 || mine[0].TargetID != alice {
		t.Errorf("alice sees %d assignments", len(mine))
	}
	all, err := w.Reader(app).Assignments.Linked(t.Context(), "accessPackage/id", []entitlement.ID{w.pkg})
	must(t, err)
	pkgs, err := w.Reader(person(alice)).Packages.Linked(t.Context(), "id", []entitlement.ID{w.pkg})
	must(t, err)
	if len(all) != 2 || len(pkgs) != 1 {
		t.Errorf("an application sees %d assignments, alice %d packages", len(all), len(pkgs))
	}
	_, err = w.Reader(person(alice)).Policies.Linked(t.Context(), "id", []entitlement.ID{w.policy})
	refused(t, err, entitlement.CodeForbidden)
}
