// Package archtest holds the shape of the house: which package may import which. The
// table is that of docs/architecture.md; a new arrow is drawn there first.
package archtest

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "anteroom/"

// may lists, for each package, the packages of the project that it may import, and why
// it is there. A package that is not listed may not exist.
var may = map[string]struct {
	purpose string
	imports []string
}{
	"internal/entitlement":      {"the vocabulary; imports only the standard library", nil},
	"internal/query":            {"filters as data; imports only the standard library", nil},
	"internal/failpoint":        {"places at which crash tests kill the process", nil},
	"internal/config":           {"the typed configuration", nil},
	"internal/lifecycle":        {"pure state machines", []string{"internal/entitlement"}},
	"internal/rules":            {"pure decisions about people", []string{"internal/entitlement", "internal/query"}},
	"internal/odata":            {"URL syntax; knows no entity", []string{"internal/query"}},
	"internal/memberrule":       {"the rule language of automatic assignment; imports only the standard library", nil},
	"internal/notice":           {"the sinks of notices", []string{"internal/entitlement", "internal/callout", "internal/config"}},
	"internal/store/modelstore": {"a store in plain memory for the simulation; tests only", []string{"internal/store", "internal/entitlement", "internal/query"}},
	"internal/store":            {"the storage contract", []string{"internal/entitlement", "internal/query"}},
	"internal/store/sqlstore":   {"the one SQL implementation", []string{"internal/store", "internal/entitlement", "internal/query", "internal/failpoint"}},
	"internal/store/storetest":  {"what every store must pass", []string{"internal/store", "internal/entitlement", "internal/query"}},
	"internal/telemetry":        {"metrics, traces and the ids of traces in logs; knows nothing of the project", nil},
	"internal/callout":          {"outbound calls behind the wall", []string{"internal/entitlement"}},
	"internal/auth":             {"tokens in and out", []string{"internal/entitlement"}},
	"internal/directory":        {"questions about people", []string{"internal/entitlement", "internal/query", "internal/store", "internal/memberrule"}},
	"internal/delivery":         {"roles given and taken", []string{"internal/entitlement", "internal/query", "internal/store"}},
	"internal/engine":           {"core and store joined", []string{"internal/entitlement", "internal/lifecycle", "internal/rules", "internal/query", "internal/store", "internal/memberrule", "internal/failpoint"}},
	"internal/audit":            {"holds a store to its history", []string{"internal/entitlement", "internal/lifecycle", "internal/query", "internal/store"}},
	"internal/graph":            {"the HTTP API; reaches the store only through the engine", []string{"internal/entitlement", "internal/lifecycle", "internal/odata", "internal/query", "internal/engine", "internal/failpoint"}},
	"internal/server":           {"assembles, starts and stops", []string{"internal/entitlement", "internal/lifecycle", "internal/query", "internal/store", "internal/store/sqlstore", "internal/engine", "internal/graph", "internal/auth", "internal/callout", "internal/directory", "internal/delivery", "internal/notice", "internal/config", "internal/failpoint", "internal/telemetry"}},
	"internal/testenv":          {"a whole server for tests; never imported by what is shipped", []string{"internal/server", "internal/entitlement", "internal/callout", "internal/pgtest", "internal/store/sqlstore"}},
	"internal/archtest":         {"this test", nil},
	"internal/simulation":       {"runs the whole engine against random events and faults; tests only", nil},
	"internal/crashtest":        {"kills the real process; tests only", []string{"internal/testenv"}},
	"internal/pgtest":           {"a real PostgreSQL; tests only", nil},
	"internal/pgtest/with":      {"runs a command with a PostgreSQL for tests", []string{"internal/pgtest"}},
	"internal/faultproxy":       {"a proxy that fails when told to; tests only", nil},
	"cmd/anteroom":              {"flags and wiring", []string{"internal/server", "internal/audit", "internal/store", "internal/config", "internal/store/sqlstore", "internal/entitlement", "internal/engine", "internal/callout"}},
	"bench":                     {"the benchmark: an HTTP client", []string{"internal/store/sqlstore", "internal/pgtest", "internal/load", "internal/store", "internal/entitlement", "internal/query"}},
	"internal/load":             {"fills a tenant for measurements; never imported by what is shipped", []string{"internal/store", "internal/entitlement", "internal/query", "internal/engine", "internal/directory", "internal/delivery"}},
	"bench/load":                {"fills a database", []string{"internal/store/sqlstore", "internal/load", "internal/entitlement"}},
}

// pure packages import nothing but the standard library and the packages listed above.
var pure = []string{"internal/entitlement", "internal/query", "internal/lifecycle", "internal/rules", "internal/store", "internal/memberrule", "internal/failpoint"}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// TestImports holds every import to the table.
func TestImports(t *testing.T) {
	for _, p := range list(t, module+"...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		rule, ok := may[name]
		if !ok {
			t.Errorf("package %s is not in the table of this test: say there what it is for and what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			own, isOwn := strings.CutPrefix(imp, module)
			switch {
			case isOwn && !slices.Contains(rule.imports, own):
				t.Errorf("%s (%s) imports %s, which the design does not allow: it may import %s",
					name, rule.purpose, own, strings.Join(rule.imports, ", "))
			case !isOwn && strings.Contains(strings.Split(imp, "/")[0], ".") && slices.Contains(pure, name):
				t.Errorf("%s (%s) imports %s, but a package of the core imports only the standard library", name, rule.purpose, imp)
			}
		}
	}
}

// TestCoreDoesNoIO holds the functional core away from the clock, the network and the disk.
func TestCoreDoesNoIO(t *testing.T) {
	forbidden := []string{"os", "net", "net/http", "database/sql", "context", "math/rand", "math/rand/v2", "crypto/rand", "io/fs", "log/slog"}
	for _, name := range []string{"internal/entitlement", "internal/lifecycle", "internal/rules", "internal/query", "internal/memberrule"} {
		for _, p := range list(t, module+name) {
			for _, imp := range p.Imports {
				if slices.Contains(forbidden, imp) {
					t.Errorf("%s imports %s: the core reads no clock and does no I/O", name, imp)
				}
			}
		}
	}
}

func list(t *testing.T, pattern string) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", pattern).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
