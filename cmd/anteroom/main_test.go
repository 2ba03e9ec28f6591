package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"anteroom/internal/server"
)

// anteroom runs one command line.
func anteroom(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangLimit)
	defer cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestRefusals(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	const text = "listen: 0.0.0.0:8443\npublicURL: https://access.example.org\nlisen: oops\ndata: ':memory:'\n"
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{[]string{"dev", "--addr", "0.0.0.0:0"}, []string{"--insecure-listen"}},
		{[]string{"dev", "--addr", "8080"}, []string{"host:port"}},
		{[]string{"dev", "extra"}, []string{"extra"}},
		{[]string{"serve"}, []string{"config"}},
		{[]string{"serve", "--config", bad}, []string{bad + ":3: lisen"}},
		{[]string{"serve", "--config", bad + "x"}, []string{"cannot be opened"}},
		{[]string{"check", "--config", bad}, []string{"problems", bad + ":3: lisen", bad + ":4: data: a database in memory", "tenants"}},
		{[]string{"waits", "--config", bad}, []string{"problems"}},
		{[]string{"token", "--addr", "http://127.0.0.1:1"}, []string{"no development server answers"}},
		{[]string{"nonsense"}, []string{"nonsense"}},
	} {
		code, out, errs := anteroom(t, tc.args...)
		if code != 1 || out != "" {
			t.Errorf("%v: exit %d, printed %q", tc.args, code, out)
		}
		for _, want := range tc.want {
			if !strings.Contains(errs, want) {
				t.Errorf("%v: %q does not say %q", tc.args, errs, want)
			}
		}
	}
}

func TestToken(t *testing.T) {
	s, err := server.Dev(context.Background(), server.DevOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	for _, args := range [][]string{
		{}, {"--user", "alice"}, {"--user", "bob@contoso.example"}, {"--tenant", "11111111-2222-4333-8444-555555555555", "--user", string(server.SampleAdmin)},
		{"--app", "22222222-2222-4333-8444-555555555555"},
	} {
		code, out, errs := anteroom(t, append([]string{"token", "--addr", s.URL()}, args...)...)
		if code != 0 || errs != "" || strings.Count(out, "\n") != 1 || strings.Count(strings.TrimSuffix(out, "\n"), ".") != 2 {
			t.Errorf("%v: exit %d, %q, %q; want a bare token", args, code, out, errs)
		}
	}
	for _, args := range [][]string{{"--user", "nobody"}, {"--user", "erin"}, {"--tenant", "x/y"}, {"--app", "x"}} {
		code, out, errs := anteroom(t, append([]string{"token", "--addr", s.URL()}, args...)...)
		if code != 1 || out != "" || errs == "" {
			t.Errorf("%v: exit %d, %q, %q; want a refusal", args, code, out, errs)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	if code, out, _ := anteroom(t, "version"); code != 0 || !strings.HasPrefix(out, "anteroom ") {
		t.Errorf("version: exit %d, %q", code, out)
	}
	code, out, _ := anteroom(t)
	if code != 0 || !strings.Contains(out, "anteroom demo") {
		t.Errorf("no command: exit %d, %q", code, out)
	}
	if _, out, _ := anteroom(t, "dev", "--help"); strings.Contains(out, "max-group") {
		t.Error("flags for measurements are shown")
	}
}

// TestCheckAndWaits uses a good configuration.
func TestCheckAndWaits(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "anteroom.yaml"), filepath.Join(dir, "anteroom.db")
	text := "listen: 127.0.0.1:8443\nbehindProxy: true\npublicURL: https://access.example.org\ndata: " + data + `
tenants:
  - id: ` + string(server.SampleTenant) + `
    issuers: [{url: https://login.example.org, audiences: [anteroom]}]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := anteroom(t, "check", "--config", file); code != 0 || !strings.Contains(out, "is good") {
		t.Errorf("check: exit %d, %q, %q", code, out, errs)
	}
	if code, _, errs := anteroom(t, "waits", "--config", file); code != 1 || !strings.Contains(errs, "anteroom.db") {
		t.Errorf("waits without data: exit %d, %q", code, errs)
	}
	s, err := server.Dev(context.Background(), server.DevOptions{Data: data, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	if code, out, errs := anteroom(t, "waits", "--config", file); code != 0 || out != "Nothing waits.\n" {
		t.Errorf("waits: exit %d, %q, %q", code, out, errs)
	}
	x, err := startEndpoint(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.stop)
	st := &story{printer: newPrinter(io.Discard), api: &client{base: s.URL()}, endpoint: x}
	if err := st.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, c, err := st.ask(t.Context(), "carol")
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := anteroom(t, "waits", "--config", file)
	for _, want := range []string{"1 request waits.", c.request(), "callback", "assignmentRequestCreated", "Separation of duties check"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("waits: exit %d, %s%s; want %q", code, out, errs, want)
		}
	}
	_, out, _ = anteroom(t, "waits", "--config", file, "--json")
	var one map[string]any
	if err := json.Unmarshal([]byte(out), &one); err != nil || one["request"] != c.request() || one["customExtensionStageInstanceId"] != c.instance() {
		t.Errorf("waits --json: %s, %v", out, err)
	}
}
