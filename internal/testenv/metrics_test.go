package testenv

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMetricsOfAServer: a server that has done something shows all metrics that the alert
// rules and the dashboard ask for, and no ids, tokens or addresses.
func TestMetricsOfAServer(t *testing.T) {
	endpoint := NewEndpoint("202")
	defer endpoint.Close()
	data, tenant := filepath.Join(t.TempDir(), "anteroom.db"), NewTenant()
	first, stop := replica(t, data, io.Discard)
	pkg, err := first.MakePackage(tenant, "Created:P14D@"+endpoint.URL+"/hook?code=canary-of-a-url")
	if err != nil {
		t.Fatal(err)
	}
	first.assign(t, tenant, pkg, "")
	await(t, func() bool { return len(endpoint.Received()) == 1 })
	if _, err := first.Call(tenant, "app", "GET", "/assignmentRequests/"+pkg.ID+"?$select=canary", nil); err != nil {
		t.Fatal(err)
	}
	page := first.metrics(t)
	token, err := first.Token(tenant, "app")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`anteroom_requests_total{operation="POST ` + Root + `/assignmentRequests",status="201"} 1`,
		`anteroom_requests_total{operation="POST /{tenant}/oauth2/v2.0/token",status="200"} `,
		`anteroom_requests_total{operation="GET ` + Root + `/assignmentRequests/{assignmentRequest}",status="400"} 1`,
		`anteroom_callouts_total{endpoint="` + strings.TrimPrefix(endpoint.URL, "http://") + `",outcome="ok"} 1`,
		`anteroom_database_available 1`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %s in\n%s", want, page)
		}
	}
	for _, secret := range []string{"canary", token, Secret, tenant, pkg.ID} {
		if strings.Contains(page, secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
	stop()
	second, _ := replica(t, data, io.Discard)
	second.page(t, "/livez")
	await(t, func() bool {
		page = second.metrics(t)
		return strings.Contains(page, `anteroom_waits{stage="created"} 1`)
	})

	alerts, err := os.ReadFile("../../deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`anteroom_[a-z_]+`).FindAllString(string(alerts), -1) {
		if strings.Contains(name, "jobs_late") { // only when some are
			continue
		}
		if !strings.Contains(page, "# TYPE "+name+" ") && !strings.Contains(name, "_callout") {
			t.Errorf("the alert rules name %s, which the server does not show", name)
		}
	}
	var ready struct {
		Ready  bool
		Checks []struct {
			Name string
			OK   bool
			Note string
		}
	}
	await(t, func() bool {
		if err := json.Unmarshal([]byte(second.page(t, "/readyz")), &ready); err != nil {
			t.Fatal(err)
		}
		return ready.Ready && len(ready.Checks) == 4 && strings.Contains(ready.Checks[3].Note, "no job is due")
	})
	if c := ready.Checks[2]; c.Name != "migration" || !c.OK || !strings.Contains(c.Note, "the schema has version") {
		t.Errorf("the check of the schema: %+v", c)
	}
}

func (s *Server) metrics(t *testing.T) string { return s.page(t, "/metrics") }

// page returns what is answered to a GET without a token.
func (s *Server) page(t *testing.T, path string) string {
	t.Helper()
	resp, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, resp.StatusCode, body, err)
	}
	return string(body)
}
