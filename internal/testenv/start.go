package testenv

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"anteroom/internal/pgtest"
	"anteroom/internal/server"
	"anteroom/internal/store/sqlstore"
)

// Backend is where a server under test keeps its data.
type Backend string

// Backends on which every scenario runs.
const (
	Memory   Backend = "memory"
	File     Backend = "file"
	Postgres Backend = "postgres"
)

// Backends lists them.
var Backends = []Backend{Memory, File, Postgres}

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

// PostgresURL is the URL of a database that is the test's own and has the schema.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return pgtest.Database(t, sqlstore.Fingerprint(), func(ctx context.Context, dsn string) error {
		s, err := sqlstore.Open(ctx, sqlstore.Options{Data: dsn})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

// Start starts a development server for the test, which ends with it.
func Start(t testing.TB, b Backend) *Server {
	t.Helper()
	o := server.DevOptions{}
	switch b {
	case File:
		o.Data = filepath.Join(t.TempDir(), "anteroom.db")
	case Postgres:
		o.Data = PostgresURL(t)
	}
	return StartWith(t, o)
}

// StartReplicas starts development servers that share one PostgreSQL.
func StartReplicas(t testing.TB, n int, o server.DevOptions) []*Server {
	t.Helper()
	o.Data = PostgresURL(t)
	all := make([]*Server, n)
	for i := range all {
		all[i] = StartWith(t, o)
	}
	return all
}

// StartWith starts a development server with options for the test, which ends with it.
func StartWith(t testing.TB, o server.DevOptions) *Server {
	t.Helper()
	notices := NewEndpoint("202")
	t.Cleanup(notices.Close)
	o.NoticeURL = notices.URL
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
