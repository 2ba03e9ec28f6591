package testenv

import (
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"anteroom/internal/entitlement"
)

// TestScenarios runs every scenario file on every backend, side by side in tenants of
// their own on one server.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	var ran atomic.Int64
	for _, b := range Backends {
		t.Run(string(b), func(t *testing.T) {
			s := Start(t, b)
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
					t.Parallel()
					RunScenario(t, s, file)
					ran.Add(1)
				})
			}
		})
	}
	if int(ran.Load()) < len(files)*len(Backends) {
		return // some were left out, or failed
	}
	seen := SeenActivities()
	extensions := []entitlement.Activity{entitlement.ActivityCreateExtension, entitlement.ActivityUpdateExtension, entitlement.ActivityDeleteExtension}
	for _, a := range slices.Concat(entitlement.RequestActivities, extensions) {
		if !slices.Contains(seen, string(a)) {
			t.Errorf("no scenario produces the activity %q", a)
		}
	}
}
