package sqlstore

import (
	"path/filepath"
	"testing"

	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	oncePerRun(t)
	storetest.Run(t, func(t *testing.T) store.Store { return opened(t, Options{}) })
}

func TestFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return opened(t, Options{Data: filepath.Join(t.TempDir(), "a ?#%b.db")})
	})
}

// TestSmallGroups runs the suite with one change a commit.
func TestSmallGroups(t *testing.T) {
	oncePerRun(t)
	storetest.Run(t, func(t *testing.T) store.Store { return opened(t, Options{MaxGroup: 1}) })
}

func opened(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}
