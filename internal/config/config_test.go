package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// small is the least that a configuration needs, 11 lines of it.
const small = `listen: 127.0.0.1:8080
publicURL: http://localhost:8080/
data: anteroom.db
tenants:
  - id: 0D1F7C2A-5b3e-4f60-8a91-b2c3d4e5f607
    name: Contoso
    issuers:
      - url: https://login.example.org/a/v2.0/
        audiences: [api://anteroom]
    administrators:
      - 6a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9
`

const second = `  - id: 1d1f7c2a-5b3e-4f60-8a91-b2c3d4e5f607
    issuers:
      - url: https://login.example.org/a/v2.0/
        audiences: [api://other]
`

func TestExample(t *testing.T) {
	got, err := Load(filepath.Join("testdata", "example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Listen: "0.0.0.0:8443", PublicURL: "https://access.example.org", HealthListen: "127.0.0.1:8081",
		TLS:      &TLS{CertFile: "/etc/anteroom/tls.crt", KeyFile: "/etc/anteroom/tls.key"},
		Data:     "/var/lib/anteroom/anteroom.db",
		Postgres: Postgres{Statements: "prepared", Writers: 4, Lease: 10 * time.Second},
		Tenants: []Tenant{{
			ID: "0d1f7c2a-5b3e-4f60-8a91-b2c3d4e5f607", Name: "Contoso",
			Issuers: []Issuer{{
				URL:       "https://login.example.org/0d1f7c2a-5b3e-4f60-8a91-b2c3d4e5f607/v2.0",
				Audiences: []string{"api://anteroom"},
			}},
			Administrators: []string{"6a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9"},
		}},
		Callouts: Callouts{Allow: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}, PerEndpoint: 64},
		Notices: Notices{
			Webhook: &Webhook{URL: "https://hooks.example.org/anteroom"},
			SMTP: &SMTP{
				Server: "mail.example.org:587", TLS: "starttls", From: mail.Address{Name: "Access requests", Address: "access@example.org"},
				Username: "anteroom", PasswordFile: "/etc/anteroom/smtp-password",
			},
		},
		Lifecycle: Lifecycle{AllowDenyAtCreated: true, RequestRetention: 90 * 24 * time.Hour, MaxClockJump: 5 * time.Minute},
		Shutdown:  Shutdown{Drain: 15 * time.Second},
		Limits:    Limits{Body: 1048576, Headers: 65536},
		Log:       Log{Level: slog.LevelInfo, Format: "json"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Config{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// TestExampleDefaults: what the example says is the default is.
func TestExampleDefaults(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, key := range []string{"behindProxy: false", "allowHTTP: false", "perEndpoint: 64", "algorithms: [RS256, ES256, PS256]",
		"tls: starttls", "requestRetention: 2160h", "maxClockJump: 5m"} {
		if !strings.Contains(text, "# "+key+"\n") {
			t.Errorf("the example has no %q", key)
		}
		text = strings.Replace(text, "# "+key+"\n", key+"\n", 1)
	}
	after, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	after.Tenants[0].Issuers[0].Algorithms = nil
	if diff := cmp.Diff(before, after, cmpopts.IgnoreUnexported(Config{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("the example's defaults are others (-real +example):\n%s", diff)
	}
}

func TestSmall(t *testing.T) {
	c, err := Parse([]byte(small + second))
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "http://localhost:8080" || c.Tenants[0].ID != "0d1f7c2a-5b3e-4f60-8a91-b2c3d4e5f607" || c.Tenants[0].Issuers[0].URL != "https://login.example.org/a/v2.0/" ||
		len(c.Tenants) != 2 || c.Callouts.PerEndpoint != 64 || c.Log.Format != "json" || !c.Lifecycle.AllowDenyAtCreated || c.Limits.Body != 1<<20 {
		t.Errorf("configuration %+v", c)
	}
	c, err = Parse([]byte(strings.Replace(small, "http://localhost:8080/", "https://Access.Example.org:443", 1) +
		"lifecycle: {allowDenyAtCreated: false}\nshutdown: {drain: 0s}\nlog: {level: debug, format: text}\nhealthListen: ':0'\ncallouts: {allowHTTP: true, perEndpoint: 1000}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "https://access.example.org" || c.Lifecycle.AllowDenyAtCreated || c.Shutdown.Drain != 0 || c.Log.Level != slog.LevelDebug || c.Log.Format != "text" ||
		c.HealthListen != ":0" || !c.Callouts.AllowHTTP || c.Callouts.PerEndpoint != 1000 {
		t.Errorf("configuration %+v", c)
	}
}

// TestRefusals changes the small configuration by replacing a piece of text, or adding
// lines, and wants one problem.
func TestRefusals(t *testing.T) {
	const listen, public, data, id, issuer = "127.0.0.1:8080", "http://localhost:8080/", "anteroom.db", "0D1F7C2A-5b3e-4f60-8a91-b2c3d4e5f607", "https://login.example.org/a/v2.0/"
	const admin = "6a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9"
	for _, tt := range []struct {
		old, new string // old empty: new is added, from line 12
		line     int
		key      string
		message  string
	}{
		{"", "colour: red\n", 12, "colour", "there is no such setting; there are listen, publicURL,"},
		{"", "listen: 127.0.0.1:1\n", 12, "listen", "given twice, first in line 1"},
		{"", "---\nlisten: x\n", 12, "", "a second document"},
		{"", "\tlisten: x\n", 11, "", "not YAML"}, // where what it breaks begins
		{"", "healthListen:\n", 12, "healthListen", "has no value"},
		{"", "<<: {a: b}\n", 12, "<<", "no such setting"},
		{"listen: " + listen, "listen: [1]", 1, "listen", "must be text"},
		{"listen: " + listen + "\n", "", 1, "listen", "is missing; give host:port"},
		{listen, "8080", 1, "listen", "must be text"},
		{listen, "localhost", 1, "listen", "is not host:port"},
		{listen, "localhost:http", 1, "listen", "is not a port"},
		{listen, "localhost:70000", 1, "listen", "is not a port"},
		{listen, "http://localhost:80", 1, "listen", "is not host:port"},
		{listen, "0.0.0.0:8080", 1, "listen", "without TLS"},
		{listen, ":8080", 1, "listen", "behindProxy: true"},
		{listen, "access.example:8080", 1, "listen", "without TLS"},
		{"publicURL: " + public + "\n", "", 1, "publicURL", "is missing"},
		{public, "access.example.org", 2, "publicURL", "is not a URL"},
		{public, "http://access.example.org", 2, "publicURL", "must begin with https://"},
		{public, "ftp://localhost", 2, "publicURL", "must begin with https://"},
		{public, "https://access.example.org/api", 2, "publicURL", "no path"},
		{public, "https://access.example.org/?a", 2, "publicURL", "no path and no query"},
		{public, "https://a:b@access.example.org", 2, "publicURL", "no user"},
		{public, "https://access.example.org/#x", 2, "publicURL", "no fragment"},
		{public, "''", 2, "publicURL", "must not be empty"},
		{"data: " + data + "\n", "", 1, "data", "is missing"},
		{data, "':memory:'", 3, "data", "lost with the process"},
		{data, "file:x.db", 3, "data", "plain path"},
		{data, "mysql://h/db", 3, "data", "plain path"},
		{data, "postgres://h/", 3, "data", "is not the URL of a database"},
		{data, "postgres://u:s%zz@h/db", 3, "data", "is not the URL of a database"},
		{data, "x.db?mode=memory", 3, "data", "plain path"},
		{"", "tls: {certFile: a}\n", 12, "tls.keyFile", "is missing"},
		{"", "tls: {certFile: a, keyFile: b}\n", 2, "publicURL", "is http although tls is set"},
		{"", "tls: yes\n", 12, "tls", "must be a mapping"},
		{"", "behindProxy: yes\n", 12, "behindProxy", "must be true or false"},
		{"", "healthListen: 127.0.0.1:8080\n", 12, "healthListen", "is the address of listen"},
		{small[strings.Index(small, "tenants"):], "tenants: []\n", 4, "tenants", "at least one"},
		{small[strings.Index(small, "tenants"):], "", 1, "tenants", "at least one"},
		{small[strings.Index(small, "tenants"):], "tenants: {}\n", 4, "tenants", "must be a list"},
		{id, "contoso", 5, "tenants[0].id", "is not a GUID"},
		{"  - id: " + id + "\n    name", "  - name", 5, "tenants[0].id", "is missing"},
		{id, "9188040d-6c67-4c5b-b112-36a304b66dad", 5, "tenants[0].id", "personal accounts"},
		{"", strings.Replace(second, "1d1f", "0d1f", 1), 12, "tenants[1].id", "is the id of tenants[0], too"},
		{"", second + "        jwksURL: https://login.example.org/keys\n", 14, "tenants[1].issuers[0]", "same issuer as tenants[0].issuers[0]"},
		{"", second + "        algorithms: [RS256]\n", 14, "tenants[1].issuers[0]", "same jwksURL and algorithms"},
		{"name: Contoso", "name: 7", 6, "tenants[0].name", "must be text"},
		{issuer, "login.example.org", 8, "tenants[0].issuers[0].url", "is not a URL"},
		{issuer, "http://login.example.org", 8, "tenants[0].issuers[0].url", "loopback host only"},
		{issuer, "https://login.example.org/?a=b", 8, "tenants[0].issuers[0].url", "no query"},
		{"[api://anteroom]", "[]", 9, "tenants[0].issuers[0].audiences", "at least one"},
		{"[api://anteroom]", "api://anteroom", 9, "tenants[0].issuers[0].audiences", "must be a list"},
		{"[api://anteroom]", "[https://graph.microsoft.com/]", 9, "tenants[0].issuers[0].audiences[0]", "the real Graph"},
		{"[api://anteroom]", "[7]", 9, "tenants[0].issuers[0].audiences[0]", "must be text"},
		{"        audiences: [api://anteroom]\n", "", 8, "tenants[0].issuers[0].audiences", "is missing"},
		{"[api://anteroom]", "[a]\n        jwksURL: http://x.example", 10, "tenants[0].issuers[0].jwksURL", "must begin with https"},
		{"[api://anteroom]", "[a]\n        algorithms: [HS256]", 10, "tenants[0].issuers[0].algorithms[0]", "one of RS256, ES256, PS256"},
		{"[api://anteroom]", "[a]\n        algorithms: []", 10, "tenants[0].issuers[0].algorithms", "be left out"},
		{"[api://anteroom]", "[a]\n      - url: " + issuer + "\n        audiences: [b]", 10, "tenants[0].issuers[1]", "another issuer of the tenant"},
		{small[strings.Index(small, "    issuers"):strings.Index(small, "    admin")], "", 5, "tenants[0].issuers", "nobody can sign in"},
		{admin, "alice", 11, "tenants[0].administrators[0]", "is not a GUID"},
		{admin, "*a", 0, "", "not YAML"},
		{admin, "&a " + admin + "\n      - *a", 12, "tenants[0].administrators[1]", "is an alias"},
		{"", "callouts: {allow: [10.20.0.0]}\n", 12, "callouts.allow[0]", "is not a range"},
		{"", "callouts: {allow: [10.20.0.1/16]}\n", 12, "callouts.allow[0]", "did you mean 10.20.0.0/16?"},
		{"", "callouts: {allowHTTP: 1}\n", 12, "callouts.allowHTTP", "must be true or false"},
		{"", "callouts: {perEndpoint: 0}\n", 12, "callouts.perEndpoint", "from 1 to 1000, not 0"},
		{"", "callouts: {perEndpoint: 1001}\n", 12, "callouts.perEndpoint", "from 1 to 1000"},
		{"", "callouts:\n  perEndpoint: 1.5\n", 13, "callouts.perEndpoint", "must be a whole number"},
		{"", "callouts: {perEndpoint: 99999999999999999999}\n", 12, "callouts.perEndpoint", "whole number of calls"},
		{"", "lifecycle: {allowDenyAtCreated: maybe}\n", 12, "lifecycle.allowDenyAtCreated", "must be true or false"},
		{"", "lifecycle: {deny: true}\n", 12, "lifecycle.deny", "there are allowDenyAtCreated"},
		{"", "lifecycle: {requestRetention: 0s}\n", 12, "lifecycle.requestRetention", "a duration such as 24h or 2160h (90 days), from 24h0m0s to 87600h0m0s"},
		{"", "lifecycle: {requestRetention: 90d}\n", 12, "lifecycle.requestRetention", "not \"90d\""},
		{"", "lifecycle: {requestRetention: 23h59m}\n", 12, "lifecycle.requestRetention", "from 24h0m0s"},
		{"", "lifecycle: {requestRetention: 87601h}\n", 12, "lifecycle.requestRetention", "to 87600h0m0s"},
		{"", "lifecycle: {requestRetention: 2160}\n", 12, "lifecycle.requestRetention", "must be a duration"},
		{"", "lifecycle: {maxClockJump: 9s}\n", 12, "lifecycle.maxClockJump", "a duration such as 15s or 1m30s, from 10s to 24h0m0s"},
		{"", "lifecycle:\n  maxClockJump: 25h\n", 13, "lifecycle.maxClockJump", "to 24h0m0s"},
		{"", "shutdown: {drain: 15}\n", 12, "shutdown.drain", "a duration such as 15s"},
		{"", "shutdown: {drain: 11m}\n", 12, "shutdown.drain", "from 0s to 10m0s"},
		{"", "shutdown: {drain: -1s}\n", 12, "shutdown.drain", "from 0s"},
		{"", "limits: {body: 1MB}\n", 12, "limits.body", "whole number of bytes"},
		{"", "limits: {body: 1}\n", 12, "limits.body", "from 1024 to 67108864"},
		{"", "limits: {headers: 1}\n", 12, "limits.headers", "from 4096 to 1048576"},
		{"", "log: {level: INFO}\n", 12, "log.level", "one of debug, info, warn, error"},
		{"", "log: {format: xml}\n", 12, "log.format", "one of json, text"},
	} {
		t.Run(fmt.Sprintf("%s/%s", tt.key, tt.message), func(t *testing.T) {
			text := small + tt.new
			if tt.old != "" {
				text = strings.Replace(small, tt.old, tt.new, 1)
			}
			c, err := Parse([]byte(text))
			var problems Problems
			if c != nil || !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("configuration %v, error %v; want one problem", c, err)
			}
			if p := problems[0]; p.Line != tt.line || p.Key != tt.key || !strings.Contains(p.Message, tt.message) {
				t.Errorf("got  %s\nwant line %d: %s: …%s…", p, tt.line, tt.key, tt.message)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse([]byte("colour: red\nlisten: 0.0.0.0:1\ntenants:\n  - id: x\n    color: y\n"))
	want := `line 1: colour: there is no such setting; there are listen, publicURL, tls, behindProxy, healthListen, data, postgres, tenants, callouts, notices, lifecycle, shutdown, limits, log
line 1: publicURL: is missing; give what clients call the server, such as https://access.example.org
line 1: data: is missing; give the path of the database file, such as /var/lib/anteroom/anteroom.db, or the URL of a PostgreSQL database
line 2: listen: is open to the network without TLS; add tls with certFile and keyFile, or behindProxy: true if a proxy in front ends TLS, or listen on 127.0.0.1
line 4: tenants[0].id: "x" is not a GUID such as 2f5c6a4e-0b1d-4c3e-9a7f-1d2e3f405162
line 4: tenants[0].issuers: is missing; without one nobody can sign in; give url and audiences
line 5: tenants[0].color: there is no such setting; there are id, name, issuers, administrators`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestWholeFile(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "the file is empty",
		"# nothing\n":                         "the file is empty",
		"---\n":                               "the file is empty",
		"null\n":                              "the file is empty",
		"- a\n":                               "line 1: must be a mapping",
		"a: [\n":                              "this is not YAML",
		"a: \x00\n":                           "this is not YAML",
		strings.Repeat("#", MaxFile) + "\n":   "larger than 1048576 bytes",
		strings.Repeat("[", 20000) + "\n":     "this is not YAML",
		small + "...\n---\n{unterminated\n":   "this is not YAML",
		"a: &a [x,x]\nb: &b [*a,*a]\nc: *b\n": "no such setting",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want one with %q", text, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "missing.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v of a missing file", err)
	}
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, []byte(strings.Repeat("#", MaxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(big); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("error %v of a large file", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(small + second))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		var problems Problems
		switch {
		case err == nil && (c.Listen == "" || c.PublicURL == "" || c.Data == "" || len(c.Tenants) == 0):
			t.Errorf("%q: %+v", data, c)
		case err != nil && (!errors.As(err, &problems) || len(problems) == 0 || c != nil):
			t.Errorf("%q: %+v, %v", data, c, err)
		}
	})
}

func TestShownData(t *testing.T) {
	for data, want := range map[string]string{
		"/var/lib/a%zz.db":                         "/var/lib/a%zz.db",
		"postgres://u:secret@h/db?sslmode=require": "postgres://u:xxxxx@h/db?sslmode=require",
		"postgres://h/db?password=secret&user=u":   "postgres://h/db?user=u",
		"postgres://u:se%zzcret@h/db":              "a database",
	} {
		if got := ShownData(data); got != want {
			t.Errorf("ShownData(%q) is %q, want %q", data, got, want)
		}
	}
}
