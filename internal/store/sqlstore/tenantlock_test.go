package sqlstore

import (
	"sync"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// TestOneAtATimeChangesATenant lets two processes decide by what is not there yet: the one
// that comes second sees what the first did, on which no unique index would insist.
func TestOneAtATimeChangesATenant(t *testing.T) {
	url := postgres(t)
	stores := []*Store{openSample(t, Options{Data: url}), openSample(t, Options{Data: url})}
	const rounds = 20
	for round := range rounds {
		var both sync.WaitGroup
		for i, s := range stores {
			both.Go(func() {
				err := s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
					n, err := tx.Catalogs.Count(t.Context(), nil)
					if err != nil || n > round {
						return err
					}
					return tx.Catalogs.Insert(t.Context(), storetest.Filled[entitlement.Catalog](2*round+i))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			})
		}
		both.Wait()
	}
	must(t, stores[0].View(t.Context(), sampleTenant, func(tx *store.Tx) error {
		list, err := tx.Catalogs.List(t.Context(), query.Query{Limit: 100})
		if len(list) != rounds {
			t.Errorf("there are %d catalogs, want one of each of %d rounds", len(list), rounds)
		}
		return err
	}))
}
