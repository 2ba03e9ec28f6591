package modelstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// TestSnapshots begins Views within Views, with Updates between: each goes on to see what it
// saw at first.
func TestSnapshots(t *testing.T) {
	s := sample(t, Options{})
	for n := range 3 {
		must(t, changeAll(t.Context(), s, n))
	}
	nest(t, s, 3)
}

func nest(t *testing.T, s *Store, n int) {
	ctx := t.Context()
	if n > 8 {
		return
	}
	must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
		before := dump(t, tx)
		for range 2 {
			must(t, changeAll(ctx, s, n))
			n++
			if d := cmp.Diff(before, dump(t, tx)); d != "" {
				t.Errorf("a View sees what was done after it began (-before +after):\n%s", d)
			}
		}
		nest(t, s, n)
		if d := cmp.Diff(before, dump(t, tx)); d != "" {
			t.Errorf("a View sees what was done after it began (-before +after):\n%s", d)
		}
		return nil
	}))
	must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
		if got := len(dump(t, tx).Users); got < n {
			t.Errorf("a later View sees %d users, want at least %d", got, n)
		}
		return nil
	}))
}

// TestUndone lets Updates fail that have changed everything.
func TestUndone(t *testing.T) {
	s, ctx, mine := sample(t, Options{}), t.Context(), errors.New("mine")
	must(t, changeAll(ctx, s, 1))
	read := func() (all stored) {
		must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error { all = dump(t, tx); return nil }))
		return all
	}
	before := read()
	for n := range 5 {
		err := s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
			must(t, change(ctx, tx, 10+n))
			must(t, change(ctx, tx, 20+n))
			must(t, tx.Users.Delete(ctx, storetest.ID("id", 1)))
			must(t, tx.Jobs.DeleteOf(ctx, "ref"))
			return mine
		})
		if !errors.Is(err, mine) {
			t.Errorf("Update returned %v, want %v", err, mine)
		}
		if d := cmp.Diff(before, read()); d != "" {
			t.Errorf("a failed Update left something (-before +after):\n%s", d)
		}
	}
}

// TestReadersAndWriters lets Views and Updates run side by side: in each View all parts are
// of one moment.
func TestReadersAndWriters(t *testing.T) {
	s, ctx := sample(t, Options{}), t.Context()
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range 200 {
			if err := changeAll(ctx, s, n); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		wg.Go(func() {
			for range 200 {
				err := s.View(ctx, sampleTenant, func(tx *store.Tx) error {
					all := dump(t, tx)
					if n := len(all.Users); n != len(all.Jobs) || n != len(all.History) {
						t.Errorf("a View sees %d users, %d jobs, %d records", n, len(all.Jobs), len(all.History))
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func changeAll(ctx context.Context, s *Store, n int) error {
	return s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return change(ctx, tx, n) })
}

// change changes all parts of the tenant: there is one more user, job and record, and the
// first user and the first job are others.
func change(ctx context.Context, tx *store.Tx, n int) error {
	for _, i := range []int{n, 0} {
		id := storetest.ID("id", i)
		job := store.Job{JobKey: store.JobKey{Ref: "ref", Kind: store.JobWake, N: i}, Due: sampleTime.Add(time.Duration(n) * time.Second)}
		if err := tx.Jobs.Put(ctx, job); err != nil {
			return err
		}
		u, err := tx.Users.Get(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			u = &entitlement.User{Object: entitlement.Object{ID: id}, UserPrincipalName: string(id)}
			err = tx.Users.Insert(ctx, u)
		case err == nil:
			u.DisplayName, u.ManagerID = fmt.Sprint(n), storetest.ID("id", n)
			err = tx.Users.Update(ctx, u)
		}
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if err := tx.Tenant.SetClockOffset(ctx, time.Duration(n)*time.Minute); err != nil {
		return err
	}
	return tx.History.Append(ctx, &entitlement.Record{Ref: "ref", Action: fmt.Sprint(n)})
}

// stored is what a View sees.
type stored struct {
	Tenant           *entitlement.Tenant
	Users, Managed   []*entitlement.User
	Jobs             []store.Job
	History, Records []*entitlement.Record
}

func dump(t *testing.T, tx *store.Tx) (all stored) {
	t.Helper()
	ctx := t.Context()
	var errs [6]error
	all.Tenant, errs[0] = tx.Tenant.Get(ctx)
	all.Users, errs[1] = tx.Users.List(ctx, query.Query{})
	all.Managed, errs[2] = tx.Users.List(ctx, query.Query{Filter: query.Equal("manager/id", string(storetest.ID("id", 2)))})
	all.Jobs, errs[3] = tx.Jobs.Of(ctx, "ref")
	all.History, errs[4] = tx.History.List(ctx, 0, 1000)
	all.Records, errs[5] = tx.History.Of(ctx, "ref")
	if err := errors.Join(errs[:]...); err != nil {
		t.Error(err)
	}
	return all
}
