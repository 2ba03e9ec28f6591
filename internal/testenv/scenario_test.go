package testenv

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarios runs every scenario file on every backend, side by side in tenants of
// their own on one server.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, b := range Backends {
		t.Run(string(b), func(t *testing.T) {
			s := Start(t, b)
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
					t.Parallel()
					RunScenario(t, s, file)
				})
			}
		})
	}
}
