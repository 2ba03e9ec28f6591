package storetest

import (
	"testing"
	"time"

	"anteroom/internal/store"
)

// testClock moves a tenant's clock: what is due at a time of the tenant falls due that
// much sooner in real time.
func testClock(t *testing.T, s store.Store) {
	ctx := t.Context()
	a, b := job(tenantA, store.JobTimeout, 1, 1, time.Hour, ""), job(tenantB, store.JobTimeout, 1, 1, time.Hour, "")
	update(t, s, func(tx *store.Tx) error { return tx.Jobs.Put(ctx, a) })
	must(t, s.Update(ctx, tenantB, func(tx *store.Tx) error { return tx.Jobs.Put(ctx, b) }))
	for _, offset := range []time.Duration{20 * time.Minute, time.Hour, time.Hour, 0, -time.Microsecond} {
		update(t, s, func(tx *store.Tx) error { return tx.Tenant.SetClockOffset(ctx, offset) })
		want := a
		want.Due = a.Due.Add(-offset)
		list, err := s.DueJobsOf(ctx, tenantA, want.Due, 10)
		wantJobs(t, "jobs after the clock moved", list, err, want)
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Tenant.Get(ctx)
			if err == nil && got.ClockOffset != offset {
				t.Errorf("the offset is %v, want %v", got.ClockOffset, offset)
			}
			return err
		})
	}
	list, err := s.DueJobsOf(ctx, tenantB, b.Due, 10)
	wantJobs(t, "jobs of another tenant", list, err, b)
	view(t, s, func(tx *store.Tx) error {
		if tx.Tenant.SetClockOffset(ctx, time.Hour) == nil {
			t.Error("a View can move the clock")
		}
		return nil
	})
}
