package testenv

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"anteroom/internal/server"
)

// Backend is where a server under test keeps its data.
type Backend string

// Backends on which every scenario runs.
const (
	Memory Backend = "memory"
	File   Backend = "file"
)

// Backends lists them.
var Backends = []Backend{Memory, File}

// SampleIDs are the ids of the people and groups that every tenant of a development server
// has: alice, bob, …, and engineering, finance, vpn, projectfalcon.
var SampleIDs = sampleIDs()

func sampleIDs() map[string]string {
	ids := map[string]string{}
	for _, p := range server.SamplePeople {
		ids[p.Nickname] = string(p.ID)
	}
	for _, g := range server.SampleGroups {
		name := strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(g.Name, " ", ""), "users"))
		ids[name] = string(g.ID)
	}
	return ids
}

// Start starts a development server for the test, which ends with it.
func Start(t testing.TB, b Backend) *Server {
	t.Helper()
	notices := NewEndpoint("202")
	t.Cleanup(notices.Close)
	o := server.DevOptions{NoticeURL: notices.URL}
	if b == File {
		o.Data = filepath.Join(t.TempDir(), "anteroom.db")
	}
	s, err := server.Dev(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	return &Server{URL: s.URL(), Notices: notices}
}
