package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// forgetful is a store that commits and loses every third answer while it is on: the caller
// learns of a failure that was none.
type forgetful struct {
	store.Store
	on   atomic.Bool
	n    atomic.Int64
	lost atomic.Int64
}

func (f *forgetful) Update(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	err := f.Store.Update(ctx, t, fn)
	if f.on.Load() && f.n.Add(1)%3 == 0 {
		f.lost.Add(1)
		return fmt.Errorf("%w: the answer is lost", store.ErrUnavailable)
	}
	return err
}

func newForgetful(t *testing.T, where func(*engine.Options)) (*world, *forgetful) {
	f := &forgetful{}
	w := newWorld(t, where, func(o *engine.Options) { f.Store, o.Store = o.Store, f })
	w.bind(time.Hour, created)
	return w, f
}

// insist makes an order until it is answered.
func (w *world) insist(o engine.Order) (*entitlement.Request, error) {
	for try := 1; ; try++ {
		r, err := w.Submit(w.t.Context(), app, o)
		if !errors.Is(err, store.ErrUnavailable) || try == 1000 {
			return r, err
		}
	}
}

func (w *world) newcomer(n int) entitlement.ID {
	id := uid(fmt.Sprint("newcomer", n))
	w.put(func(tx *store.Tx) error {
		return tx.Users.Insert(w.t.Context(), &entitlement.User{
			Object: entitlement.Object{ID: id}, DisplayName: "newcomer", UserPrincipalName: string(id), Type: entitlement.UserMember, AccountEnabled: true,
		})
	})
	return id
}

func (w *world) requestsFor(target entitlement.ID) (list []*entitlement.Request) {
	w.view(func(tx *store.Tx) (err error) {
		list, err = tx.Requests.List(context.Background(), query.Query{Filter: query.Equal("target/objectId", string(target))})
		return err
	})
	return list
}

// TestAClientThatLosesAnswersAsksOnce: however often it repeats itself with its key, there
// is one request, and it is answered as at first, whatever became of it since.
func TestAClientThatLosesAnswersAsksOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, where func(*engine.Options)) {
		w, f := newForgetful(t, where)
		same := cmpopts.IgnoreFields(entitlement.Request{}, "Object.Version", "Object.ModifiedAt", "OpenKey", "WaitsAt", "WaitsSince")
		for n := range 200 / slower {
			target := w.newcomer(n)
			o := engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: target, IdempotencyKey: fmt.Sprint("key", n), Digest: "one"}
			f.on.Store(true)
			first, err := w.Submit(t.Context(), app, o)
			f.on.Store(false)
			if err != nil && !errors.Is(err, store.ErrUnavailable) {
				t.Fatal(err)
			}
			stored := w.requestsFor(target)
			if len(stored) != 1 {
				t.Fatalf("the first order made %d requests", len(stored))
			}
			if first == nil {
				first = stored[0]
			}
			if n%2 == 0 {
				w.goOn(first)
			}
			f.on.Store(true)
			for range 4 {
				again, err := w.insist(o)
				must(t, err)
				if diff := cmp.Diff(first, again, same); diff != "" {
					t.Fatalf("order %d is answered otherwise (-first +again):\n%s", n, diff)
				}
				other := o
				other.Digest = "two"
				_, err = w.insist(other)
				refused(t, err, entitlement.CodeIdempotencyKeyReused)
			}
			f.on.Store(false)
			if stored := w.requestsFor(target); len(stored) != 1 || stored[0].ID != first.ID {
				t.Fatalf("order %d made %d requests", n, len(stored))
			}
		}
		t.Logf("%d of %d answers were lost", f.lost.Load(), f.n.Load())
	})
}

// TestOneKeyAtOnce: callers that use one key at the same time are answered with one
// request; of two bodies under one key, one is taken.
func TestOneKeyAtOnce(t *testing.T) {
	const callers = 8
	onEachStore(t, func(t *testing.T, where func(*engine.Options)) {
		w, f := newForgetful(t, where)
		w.store.once = true
		for n := range 300 / slower {
			o := engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: w.newcomer(n), IdempotencyKey: fmt.Sprint("key", n)}
			bodies := 1 + n%2
			var got [callers]*entitlement.Request
			var errs [callers]error
			f.on.Store(n%3 > 0)
			together(callers, func(i int) {
				mine := o
				mine.Digest = fmt.Sprint(i % bodies)
				got[i], errs[i] = w.insist(mine)
			})
			f.on.Store(false)
			stored := w.requestsFor(o.TargetID)
			taken := map[int]int{}
			for i, err := range errs {
				switch {
				case err != nil:
					refused(t, err, entitlement.CodeIdempotencyKeyReused)
				case len(stored) != 1 || got[i].ID != stored[0].ID || got[i].Status != entitlement.StatusWaitingForCallback:
					t.Errorf("round %d: caller %d has request %s, status %s", n, i, got[i].ID, got[i].Status)
				default:
					taken[i%bodies]++
				}
			}
			if len(stored) != 1 || len(taken) != 1 || taken[0]+taken[1] != callers/bodies {
				t.Fatalf("round %d: %d requests; callers with the first and second body that were served: %v", n, len(stored), taken)
			}
		}
	})
}
