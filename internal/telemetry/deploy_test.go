package telemetry

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/google/go-cmp/cmp"
)

// described are the names of all metrics that there can be, and their help.
func described(t *testing.T) map[string]string {
	t.Helper()
	m := NewMetrics("", func() State { return State{} })
	ch := make(chan *prometheus.Desc)
	go func() {
		m.registry.Describe(ch)
		close(ch)
	}()
	form := regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]*)"`)
	all := map[string]string{}
	for d := range ch {
		found := form.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("a description of another form: %s", d)
		}
		all[found[1]] = found[2]
	}
	return all
}

var metricName = regexp.MustCompile(`\b(anteroom|go|process)_[a-z0-9_]+`)

// exist fails for each metric in an expression that there is not.
func exist(t *testing.T, where, expr string, all map[string]string) {
	t.Helper()
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		t.Errorf("%s asks for no metric: %s", where, expr)
	}
	for _, name := range names {
		base := name
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if cut, ok := strings.CutSuffix(name, suffix); ok && all[cut] != "" {
				base = cut
			}
		}
		if all[base] == "" {
			t.Errorf("%s asks for %s, which the server does not have", where, name)
		}
	}
}

// TestAlerts: the rules can be read, and each asks for metrics that there are.
func TestAlerts(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	data, err := os.ReadFile("../../deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	all, seen := described(t), map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			exist(t, r.Alert, r.Expr, all)
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["action"] == "" || seen[r.Alert] {
				t.Errorf("%s needs a name of its own, a severity, a summary and what to do", r.Alert)
			}
			seen[r.Alert] = true
		}
	}
	if len(seen) < 8 {
		t.Errorf("there are %d alerts", len(seen))
	}
}

// TestDashboard: it can be read, and each panel asks for metrics that there are.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../../deploy/grafana/anteroom.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct{ List []struct{ Name string } }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	all := described(t)
	for _, p := range file.Panels {
		for _, target := range p.Targets {
			exist(t, p.Title, target.Expr, all)
		}
	}
	if len(file.Panels) == 0 || len(file.Templating.List) != 2 {
		t.Errorf("it has %d panels, %d variables", len(file.Panels), len(file.Templating.List))
	}
}

// TestOperationsTable: the table in the documentation has our metrics, all of them, with the
// words that the server has for them.
func TestOperationsTable(t *testing.T) {
	data, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	want := described(t)
	maps.DeleteFunc(want, func(name, _ string) bool { return !strings.HasPrefix(name, "anteroom_") })
	got := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(anteroom_[a-z_]+)` \\|[^|]*\\| ([^|]*) \\|$").FindAllStringSubmatch(string(data), -1) {
		got[row[1]] = row[2]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/operations.md has other metrics than the server (-server +docs):\n%s", diff)
	}
	if len(want) < 20 {
		t.Errorf("the server has only %d metrics of its own", len(want))
	}
}
