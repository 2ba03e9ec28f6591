package modelstore

import (
	"testing"

	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

func TestSuite(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return New(Options{}) })
}
