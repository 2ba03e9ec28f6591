package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// A row is written by the first of the texts that leaves no change out, whatever changed.
func TestUpdateWritesEveryKindOfChange(t *testing.T) {
	if n := len(requests.updates); n != 3 {
		t.Fatalf("a request has %d texts to update it, want one for each of often, once and hardly ever", n)
	}
	if strings.Contains(requests.updates[0].text, ", completed =") || strings.Contains(requests.updates[1].text, "target =") {
		t.Errorf("more is written than changes often, or at the end: %v", requests.updates[:2])
	}
	s := openSample(t, Options{Data: filepath.Join(t.TempDir(), "u.db")})
	ctx := t.Context()
	who := people(t, 2)
	changes := []func(*entitlement.Request){
		func(r *entitlement.Request) { r.Status = "Delivering" },
		func(r *entitlement.Request) { r.CompletedAt = time.UnixMicro(1_700_000_000_000_000).UTC() },
		func(r *entitlement.Request) { r.TargetID, r.State = who[1], entitlement.RequestDenied },
		func(r *entitlement.Request) { r.CompletedAt = time.Time{} },
		func(r *entitlement.Request) {},
	}
	inserted := func() *entitlement.Request {
		r := waitingRequest(t, who[:1], people(t, 1))
		must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, r) }))
		return r
	}
	check := func(tx *store.Tx, r *entitlement.Request) {
		t.Helper()
		got, err := tx.Requests.Get(ctx, r.ID)
		must(t, err)
		if d := cmp.Diff(r, got); d != "" {
			t.Errorf("stored (-want +got):\n%s", d)
		}
	}
	r := inserted()
	for _, change := range changes { // of what was read elsewhere
		change(r)
		must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Update(ctx, r) }))
		must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error { check(tx, r); return nil }))
	}
	r, other := inserted(), inserted()
	must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { // of what was read here, before or after other changes
		for _, change := range changes {
			for _, again := range []bool{true, false} {
				if again {
					var err error
					r, err = tx.Requests.Get(ctx, r.ID)
					must(t, err)
				}
				change(r)
				change(other)
				must(t, tx.Requests.Update(ctx, other))
				must(t, tx.Requests.Update(ctx, r))
			}
		}
		was, err := tx.Requests.Get(ctx, r.ID)
		must(t, err)
		must(t, tx.Requests.Delete(ctx, r.ID))
		r.TargetID, r.CompletedAt = who[0], sampleTime
		must(t, tx.Requests.Insert(ctx, r))
		was.Version = 1
		must(t, tx.Requests.Update(ctx, was)) // as it was read, but not as it is
		check(tx, was)
		return nil
	}))
	must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error { check(tx, other); return nil }))
}
