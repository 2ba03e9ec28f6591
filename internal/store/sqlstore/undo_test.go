package sqlstore

import (
	"errors"
	"testing"

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
