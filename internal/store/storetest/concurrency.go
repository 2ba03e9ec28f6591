package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const callers = 64

func testAtomic(t *testing.T, s store.Store) {
	ctx := t.Context()
	mine := errors.New("mine")
	err := s.Update(ctx, tenantA, func(tx *store.Tx) error {
		must(t, tx.Users.Insert(ctx, Filled[entitlement.User](1)))
		must(t, tx.Jobs.Put(ctx, job(tenantA, store.JobCallout, 1, 1, 0, "")))
		must(t, tx.History.Append(ctx, Filled[entitlement.Record](1)))
		must(t, tx.Tenant.SetClockOffset(ctx, 5))
		return mine
	})
	if err != mine { //nolint:errorlint // it is returned as it is
		t.Errorf("Update returned %v, want the function's own error", err)
	}
	wantEmpty(t, s)
	// A failure that the function deals with leaves the rest alone.
	update(t, s, func(tx *store.Tx) error {
		must(t, tx.Users.Insert(ctx, Filled[entitlement.User](1)))
		wantErr(t, "Insert", tx.Users.Insert(ctx, Filled[entitlement.User](1)), store.ErrDuplicate)
		return tx.Users.Insert(ctx, Filled[entitlement.User](2))
	})
	view(t, s, func(tx *store.Tx) error {
		n, err := tx.Users.Count(ctx, nil)
		if n != 2 {
			t.Errorf("there are %d users, want 2", n)
		}
		return err
	})
}

func wantEmpty(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	view(t, s, func(tx *store.Tx) error {
		users, err := tx.Users.Count(ctx, nil)
		must(t, err)
		jobs, err := tx.Jobs.Of(ctx, ID("ref", 1))
		must(t, err)
		records, err := tx.History.List(ctx, 0, 10)
		must(t, err)
		tenant, err := tx.Tenant.Get(ctx)
		must(t, err)
		if users != 0 || len(jobs) != 0 || len(records) != 0 || tenant.ClockOffset != 0 {
			t.Errorf("a failed Update left %d users, %d jobs, %d records, offset %v", users, len(jobs), len(records), tenant.ClockOffset)
		}
		return nil
	})
}

// testConcurrent lets many callers count in one object, half of them failing.
func testConcurrent(t *testing.T, s store.Store) {
	ctx := t.Context()
	const rounds = 20
	counter := Filled[entitlement.Catalog](0)
	counter.DisplayName = "0"
	update(t, s, func(tx *store.Tx) error { return tx.Catalogs.Insert(ctx, counter) })
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for round := range rounds {
				var mine error
				if (caller+round)%2 == 0 {
					mine = fmt.Errorf("caller %d round %d", caller, round)
				}
				err := s.Update(ctx, tenantA, func(tx *store.Tx) error { return count(ctx, tx, caller*rounds+round, mine) })
				if err != mine { //nolint:errorlint // it is returned as it is
					t.Errorf("caller %d got %v, want %v", caller, err, mine)
				}
			}
		})
	}
	wg.Wait()
	const want = callers * rounds / 2
	view(t, s, func(tx *store.Tx) error {
		c, err := tx.Catalogs.Get(ctx, counter.ID)
		must(t, err)
		users, err := tx.Users.Count(ctx, nil)
		must(t, err)
		if c.DisplayName != fmt.Sprint(want) || c.Version != want+1 || users != want {
			t.Errorf("counted to %s, version %d, %d users; want %d of each", c.DisplayName, c.Version, users, want)
		}
		return nil
	})
}

// count raises the counter and adds a user, then fails with err.
func count(ctx context.Context, tx *store.Tx, n int, err error) error {
	c, gerr := tx.Catalogs.Get(ctx, ID("id", 0))
	if gerr != nil {
		return gerr
	}
	var i int
	if _, serr := fmt.Sscan(c.DisplayName, &i); serr != nil {
		return serr
	}
	c.DisplayName = fmt.Sprint(i + 1)
	if werr := errors.Join(tx.Catalogs.Update(ctx, c), tx.Users.Insert(ctx, Filled[entitlement.User](n))); werr != nil {
		return werr
	}
	return err
}

func testContext(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	// Once begun, the result is the true one.
	err := s.Update(ctx, tenantA, func(tx *store.Tx) error {
		cancel()
		return tx.Users.Insert(ctx, Filled[entitlement.User](1))
	})
	must(t, err)
	view(t, s, func(tx *store.Tx) error {
		_, err := tx.Users.Get(t.Context(), ID("id", 1))
		return err
	})
	never := func(*store.Tx) error { t.Error("the function ran although its context was done"); return nil }
	wantErr(t, "Update", s.Update(ctx, tenantA, never), context.Canceled)
	wantErr(t, "View", s.View(ctx, tenantA, never), context.Canceled)

	// One that waits is withdrawn.
	ctx, cancel = context.WithCancel(t.Context())
	result := make(chan error, 1)
	update(t, s, func(*store.Tx) error {
		go func() { result <- s.Update(ctx, tenantA, never) }()
		cancel()
		return nil
	})
	wantErr(t, "Update that was waiting", <-result, context.Canceled)
}

func testPanic(t *testing.T, s store.Store) {
	ctx := t.Context()
	got := func() (p any) {
		defer func() { p = recover() }()
		_ = s.Update(ctx, tenantA, func(tx *store.Tx) error {
			must(t, tx.Users.Insert(ctx, Filled[entitlement.User](1)))
			panic("my panic")
		})
		return nil
	}()
	if got != "my panic" {
		t.Errorf("the caller saw %v, want the function's panic", got)
	}
	wantEmpty(t, s)
	func() {
		defer func() { _ = recover() }()
		_ = s.View(ctx, tenantA, func(*store.Tx) error { panic("my panic") })
	}()
	update(t, s, func(tx *store.Tx) error { return tx.Users.Insert(ctx, Filled[entitlement.User](1)) })
}
