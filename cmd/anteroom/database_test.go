package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"anteroom/internal/faultproxy"
	"anteroom/internal/pgtest"
	"anteroom/internal/server"
)

// TestCommandsThroughPooler: commands that are given the configuration send statements as it
// says, so that they work where the server does.
func TestCommandsThroughPooler(t *testing.T) {
	dsn := pgtest.Database(t, "", nil)
	socket, err := pgtest.Socket(dsn)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := faultproxy.New("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	if dsn, err = pgtest.Via(dsn, proxy.Addr()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "anteroom.yaml")
	text := fmt.Sprintf(`listen: 127.0.0.1:8443
publicURL: http://127.0.0.1:8443
data: %s
postgres: {statements: unnamed}
tenants:
  - id: %s
    issuers: [{url: https://login.example.org, audiences: [anteroom]}]
`, dsn, server.SampleTenant)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	named := proxy.CutAt(faultproxy.ToServer, "stmtcache_") // the names that statements are prepared under
	for _, tc := range []struct{ command, want string }{
		{"migrate status", " pending\n"},
		{"migrate up", "applied 00001"},
		{"migrate status", "0 pending\n"},
		{"verify", "good: "},
		{"waits", "Nothing waits."},
		{"restore --mark", "until anteroom release"},
		{"release", "Released what was held since"},
		{"release", "Nothing was held."},
	} {
		code, out, errs := anteroom(t, append(strings.Fields(tc.command), "--config", file)...)
		if code != 0 || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d, %q, %q; want %q", tc.command, code, out, errs, tc.want)
		}
	}
	select {
	case <-named:
		t.Error("a statement was prepared with a name")
	default:
	}
}

// TestMarkRefusals: what is no database to serve is not marked.
func TestMarkRefusals(t *testing.T) {
	dir := t.TempDir()
	data, backup := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")
	for _, args := range [][]string{{"migrate", "up", "--data", data}, {"backup", "--data", data, backup}} {
		if code, _, errs := anteroom(t, args...); code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	before, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"restore", "--mark"}, "--mark with --config FILE or --data FILE"},
		{[]string{"restore", "--mark", "--data", backup}, "it is a backup"},
	} {
		if code, out, errs := anteroom(t, tc.args...); code != 1 || out != "" || !strings.Contains(errs, tc.want) {
			t.Errorf("%v: exit %d, %q, %q; want %q", tc.args, code, out, errs, tc.want)
		}
	}
	if after, err := os.ReadFile(backup); err != nil || string(after) != string(before) {
		t.Errorf("the backup was changed (%v)", err)
	}
}
