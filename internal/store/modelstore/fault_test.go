package modelstore

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		op     Op
		fault  Fault
		err    error
		runs   int // of the function
		stored bool
		asked  string
	}{
		{OpBegin, Refuse, store.ErrUnavailable, 0, false, "[begin 1 view 1]"},
		{OpBegin, Forget, store.ErrUnavailable, 0, false, "[begin 1 view 1]"},
		{OpBegin, Repeat, nil, 1, true, "[begin 1 commit 1 view 1]"},
		{OpCommit, None, nil, 1, true, "[begin 1 commit 1 view 1]"},
		{OpCommit, Refuse, store.ErrUnavailable, 1, false, "[begin 1 commit 1 view 1]"},
		{OpCommit, Forget, store.ErrUnavailable, 1, true, "[begin 1 commit 1 view 1]"},
		{OpCommit, Repeat, nil, 2, true, "[begin 1 commit 1 commit 2 view 1]"},
	} {
		t.Run(fmt.Sprint(test.op, test.fault), func(t *testing.T) {
			var asked []string
			s, ctx := sample(t, Options{Faults: func(op Op, n int) Fault {
				asked = append(asked, fmt.Sprint(op, " ", n))
				if op == test.op && n == 1 {
					return test.fault
				}
				return None
			}}), t.Context()
			runs := 0
			err := s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
				runs++
				return tx.Users.Insert(ctx, storetest.Filled[entitlement.User](1))
			})
			if !errors.Is(err, test.err) || runs != test.runs {
				t.Errorf("error %v after %d runs, want %v after %d", err, runs, test.err, test.runs)
			}
			must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
				n, err := tx.Users.Count(ctx, nil)
				if (n == 1) != test.stored {
					t.Errorf("there are %d users, stored must be %v", n, test.stored)
				}
				return err
			}))
			if d := cmp.Diff(test.asked, fmt.Sprint(asked)); d != "" {
				t.Errorf("Faults was asked for (-want +got):\n%s", d)
			}
		})
	}
}

func TestFaultOfView(t *testing.T) {
	s := sample(t, Options{Faults: func(op Op, n int) Fault {
		if op == OpView && n == 2 {
			return Refuse
		}
		return None
	}})
	for i, want := range []error{nil, store.ErrUnavailable, nil} {
		ran := false
		err := s.View(t.Context(), sampleTenant, func(*store.Tx) error { ran = true; return nil })
		if !errors.Is(err, want) || ran != (want == nil) {
			t.Errorf("View %d: %v, ran %v; want %v", i+1, err, ran, want)
		}
	}
}

// TestFailedUpdateIsNotAsked: an Update that fails by itself does not come to its commit.
func TestFailedUpdateIsNotAsked(t *testing.T) {
	mine := errors.New("mine")
	s := sample(t, Options{Faults: func(op Op, _ int) Fault {
		if op == OpCommit {
			t.Error("Faults was asked for a commit")
		}
		return None
	}})
	if err := s.Update(t.Context(), sampleTenant, func(*store.Tx) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("Update returned %v, want %v", err, mine)
	}
}
