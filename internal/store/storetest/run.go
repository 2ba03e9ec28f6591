package storetest

import (
	"errors"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Tenants that the tests use.
const (
	tenantA = entitlement.TenantID("aaaaaaaa-0000-7000-8000-000000000001")
	tenantB = entitlement.TenantID("bbbbbbbb-0000-7000-8000-000000000002")
)

// Run tests the stores that open opens. Each call of open gives an empty store, which
// open closes when its test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"CRUD", testCRUD},
		{"Conflict", testConflict},
		{"Unique", testUnique},
		{"View", testView},
		{"Query", testQuery},
		{"QueryErrors", testQueryErrors},
		{"Text", testText},
		{"Time", testTime},
		{"Jobs", testJobs},
		{"ManyJobs", testManyJobs},
		{"DueJobs", testDueJobs},
		{"History", testHistory},
		{"Audits", testAudits},
		{"Atomic", testAtomic},
		{"Concurrent", testConcurrent},
		{"Context", testContext},
		{"Panic", testPanic},
		{"Tenants", testTenants},
		{"TenantsApart", testTenantsApart},
		{"Clock", testClock},
		{"Ready", testReady},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			for _, id := range []entitlement.TenantID{tenantA, tenantB} {
				must(t, s.CreateTenant(t.Context(), &entitlement.Tenant{ID: id, CreatedAt: moment}))
			}
			test.run(t, s)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

func update(t *testing.T, s store.Store, fn func(*store.Tx) error) {
	t.Helper()
	must(t, s.Update(t.Context(), tenantA, fn))
}

func view(t *testing.T, s store.Store, fn func(*store.Tx) error) {
	t.Helper()
	must(t, s.View(t.Context(), tenantA, fn))
}
