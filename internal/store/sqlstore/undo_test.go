package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// TestFoundOutAtTheEnd: of a group, a change whose failure shows only when its last statement
// has run fails alone.
func TestFoundOutAtTheEnd(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		gone := store.JobKey{Kind: store.JobCallout, Ref: "0191dddd-0000-7000-8000-000000000001", N: 1}
		late := func(tx *store.Tx) error {
			return errors.Join(insertUser(t, 2)(tx), tx.Jobs.Take(t.Context(), gone))
		}
		for i, err := range behind(t, s, insertUser(t, 1), late, insertUser(t, 3), late, late, insertUser(t, 4)) {
			want := error(nil)
			if i == 1 || i == 3 || i == 4 {
				want = store.ErrNotHeld
			}
			if !errors.Is(err, want) {
				t.Errorf("change %d: %v, want %v", i, err, want)
			}
		}
		if n := userCount(t, s); n != 3 {
			t.Errorf("there are %d users, want 3", n)
		}
	})
}

// TestHintsHarmNobody: what a change says that it will ask for, and the database refuses to
// answer, is nobody else's failure.
func TestHintsHarmNobody(t *testing.T) {
	s := openSample(t, onPostgres(t))
	hints := []store.Ahead{{}, {Requests: []entitlement.ID{"\x00"}}, {Users: []entitlement.ID{"\xff"}}, {}}
	results := make([]error, len(hints))
	var wg sync.WaitGroup
	must(t, s.Update(t.Context(), sampleTenant, func(*store.Tx) error {
		for i, hint := range hints {
			wg.Go(func() {
				results[i] = s.Update(store.AsksAhead(context.Background(), hint), sampleTenant, insertUser(t, i))
			})
			for len(s.writers[0].queue) <= i {
				runtime.Gosched()
			}
		}
		return nil
	}))
	wg.Wait()
	for i, err := range results {
		if err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
}
