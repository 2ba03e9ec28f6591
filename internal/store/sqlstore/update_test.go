package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// A row is written by the first of the texts that leaves no change out, whatever changed.
func TestUpdateWritesEveryKindOfChange(t *testing.T) {
	if n := len(requests.updates); n != 3 {
		t.Fatalf("a request has %d texts to update it, want one for each of often, once and hardly ever", n)
	}
	if strings.Contains(requests.updates[0], ", completed =") || strings.Contains(requests.updates[1], "target =") {
		t.Errorf("more is written than changes often, or at the end: %q", requests.updates[:2])
	}
	s := openSample(t, Options{Data: filepath.Join(t.TempDir(), "u.db")})
	ctx := t.Context()
	who := people(t, 2)
	r := waitingRequest(t, who[:1], people(t, 1))
	must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, r) }))
	for _, change := range []func(*entitlement.Request){
		func(r *entitlement.Request) { r.Status = "Delivering" },
		func(r *entitlement.Request) { r.CompletedAt = time.UnixMicro(1_700_000_000_000_000).UTC() },
		func(r *entitlement.Request) { r.TargetID, r.State = who[1], entitlement.RequestDenied },
		func(r *entitlement.Request) { r.CompletedAt = time.Time{} },
	} {
		change(r)
		must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Update(ctx, r) }))
		must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
			got, err := tx.Requests.Get(ctx, r.ID)
			if err == nil && (got.Status != r.Status || got.State != r.State || got.TargetID != r.TargetID ||
				!got.CompletedAt.Equal(r.CompletedAt) || got.Version != r.Version) {
				t.Errorf("stored %+v, want %+v", got, r)
			}
			return err
		}))
	}
}
