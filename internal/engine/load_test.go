package engine_test

import (
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/load"
	"anteroom/internal/store/sqlstore"
)

// What is loaded for measurements has a history that tells it, like everything else.
func TestTheHistoryTellsWhatIsLoaded(t *testing.T) {
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	w := &world{t: t, store: &unsteady{Store: s}}
	since := time.Now().Add(-24 * time.Hour)
	must(t, load.Fill(t.Context(), load.Options{
		Store: w.store, Tenant: tenant, Catalogs: 3, Packages: 7, People: 50, Assignments: 61, Waiting: 93, Since: since, Until: since.Add(time.Second), Workers: 2,
	}))
	w.checkHistory()
	there := w.dump()
	var waiting, timers, together, lasting int
	for _, r := range there.Requests {
		if r.State == entitlement.RequestSubmitted && r.Status == "WaitingForCallback" {
			waiting++
		}
	}
	for _, job := range there.Jobs {
		timers++
		if job.Due.Before(since.Add(14*24*time.Hour + time.Second)) {
			together++
		}
	}
	for _, a := range there.Assignments {
		if a.State == entitlement.AssignmentDelivered {
			lasting++
		}
	}
	if waiting != 93 || timers != 93 || lasting != 61 || len(there.Requests) != 93+61 || len(there.Grants) != 61 || len(there.Memberships) != 61 {
		t.Errorf("%d wait, %d have timers, %d assignments; %d requests, %d grants, %d memberships",
			waiting, timers, lasting, len(there.Requests), len(there.Grants), len(there.Memberships))
	}
	if together != 93 {
		t.Errorf("%d timers fall due within the same second, want all", together)
	}
}
