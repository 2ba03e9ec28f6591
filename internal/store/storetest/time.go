package storetest

import (
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

func testTime(t *testing.T, s store.Store) {
	ctx := t.Context()
	zone := time.FixedZone("east", 5*3600+1800)
	for i, at := range []time.Time{
		time.Date(2026, 2, 28, 23, 59, 59, 999999000, time.UTC),
		time.Date(2026, 3, 1, 5, 30, 0, 1000, zone),
		time.Date(2026, 3, 1, 0, 0, 0, 2000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		o := Filled[entitlement.Request](i)
		o.CreatedAt, o.ModifiedAt, o.CompletedAt = at, at, at
		o.Progress.Callouts[0].StartedAt = at
		update(t, s, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, o) })
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Requests.Get(ctx, o.ID)
			must(t, err)
			for name, g := range map[string]time.Time{
				"CreatedAt": got.CreatedAt, "ModifiedAt": got.ModifiedAt, "CompletedAt": got.CompletedAt,
				"StartedAt": got.Progress.Callouts[0].StartedAt,
			} {
				if !g.Equal(at) || g.Location() != time.UTC {
					t.Errorf("%s of %v came back as %v", name, at, g)
				}
			}
			// Neighbours are a microsecond apart.
			n, err := tx.Requests.Count(ctx, &query.And{Parts: []query.Expr{
				&query.Compare{Path: "createdDateTime", Op: query.Ge, Value: at},
				&query.Compare{Path: "createdDateTime", Op: query.Lt, Value: at.Add(time.Microsecond)},
			}})
			must(t, err)
			if n != 1 {
				t.Errorf("%d requests were made within the microsecond %v, want 1", n, at)
			}
			return nil
		})
	}
}
