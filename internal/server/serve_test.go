package server

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anteroom/internal/config"
)

// TestServe runs the production form, with a development server as the token issuer.
func TestServe(t *testing.T) {
	issuer := devServer(t)
	token := devToken(t, issuer, string(SampleTenant))
	var log bytes.Buffer
	c := &config.Config{
		Listen: "127.0.0.1:0", PublicURL: "https://access.contoso.example", BehindProxy: true, HealthListen: "127.0.0.1:0",
		Data: filepath.Join(t.TempDir(), "anteroom.db"),
		Tenants: []config.Tenant{{ID: string(SampleTenant), Issuers: []config.Issuer{{
			URL: issuer.URL() + "/" + string(SampleTenant) + "/v2.0", Audiences: []string{issuer.URL()},
			JWKSURL: issuer.URL() + "/" + string(SampleTenant) + "/discovery/v2.0/keys",
		}}}},
		Callouts: config.Callouts{PerEndpoint: 4}, Limits: config.Limits{Body: 1 << 20, Headers: 64 << 10},
	}
	s, err := Serve(context.Background(), c, slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + s.Addr()
	const host = "access.contoso.example"
	call := func(method, path, body, host string) (int, string) {
		status, _, answer := sent{method: method, path: path, token: token, body: body, header: map[string]string{"Host": host}}.to(t, base)
		return status, answer
	}
	const root = "/v1.0/identityGovernance/entitlementManagement"
	status, body := call("GET", root+"/catalogs", "", host)
	if status != 200 || !strings.Contains(body, `"@odata.context":"https://access.contoso.example/v1.0/$metadata`) {
		t.Errorf("catalogs: %d %s", status, body)
	}
	var catalogs struct{ Value []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &catalogs); err != nil || len(catalogs.Value) != 1 {
		t.Fatalf("catalogs: %s, %v", body, err)
	}
	for _, tc := range []struct {
		method, path, body, host string
		status                   int
		want                     string
	}{
		{"GET", root + "/catalogs", "", "evil.example", 400, "InvalidHost"},
		{"GET", root + "/catalogs", "", "access.contoso.example:8443", 400, "InvalidHost"},
		{"GET", calloutKeysPath, "", "evil.example", 400, "InvalidHost"},
		{"GET", calloutKeysPath, "", host, 200, "Ed25519"},
		{"GET", "/readyz", "", "10.0.0.7", 200, `"ready": true`},
		{"GET", metricsPath, "", host, 404, "ResourceNotFound"}, // only on the listener of health
		{"POST", "/dev/clock", `{"advance":"P1D"}`, host, 404, "ResourceNotFound"},
		{"POST", "/" + string(SampleTenant) + "/oauth2/v2.0/token", "{}", host, 404, "ResourceNotFound"},
		{"GET", "/v1.0/users", "", host, 200, `"value":[]`},
		{"POST", root + "/catalogs/" + catalogs.Value[0].ID + "/customWorkflowExtensions", `{
			"@odata.type":"#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension","displayName":"x",
			"endpointConfiguration":{"@odata.type":"#microsoft.graph.httpRequestEndpoint","targetUrl":"https://127.0.0.1/x"}}`, host, 400, "loopback"},
	} {
		if status, body := call(tc.method, tc.path, tc.body, tc.host); status != tc.status || !strings.Contains(strings.ToLower(body), strings.ToLower(tc.want)) {
			t.Errorf("%s %s at %s: %d %s; want %d and %q", tc.method, tc.path, tc.host, status, body, tc.status, tc.want)
		}
	}
	own := httptest.NewRecorder()
	healthOnly(s.health, s.metrics.Handler()).ServeHTTP(own, httptest.NewRequest(http.MethodGet, metricsPath, nil))
	if own.Code != 200 || !strings.Contains(own.Body.String(), `anteroom_requests_total{operation="GET /v1.0/users",status="200"} 1`) {
		t.Errorf("metrics: %d %s", own.Code, own.Body)
	}
	s.drainWait = 0
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{`"code":"InvalidHost"`, `"tenant":"` + string(SampleTenant), `"request-id"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), token) {
		t.Error("the log holds a token")
	}
}

// TestServeRefusesDevData: a clock that was moved must never reach production.
func TestServeRefusesDevData(t *testing.T) {
	data := filepath.Join(t.TempDir(), "anteroom.db")
	dev, err := Dev(context.Background(), DevOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	token := devToken(t, dev, string(SampleTenant))
	status, _, body := sent{method: "POST", path: "/dev/clock", token: token, body: `{"advance":"P1D"}`}.to(t, dev.URL())
	if err := dev.Stop(); err != nil || status != 200 {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	c := &config.Config{Listen: "127.0.0.1:0", PublicURL: "https://access.contoso.example", BehindProxy: true, Data: data}
	s, err := Serve(context.Background(), c, slog.New(slog.DiscardHandler))
	if err == nil {
		_ = s.Stop()
		t.Fatal("data with a moved clock is served")
	}
	if !strings.Contains(err.Error(), "P1D off") {
		t.Errorf("the refusal does not say why: %v", err)
	}
}

func TestShutdownTimes(t *testing.T) {
	for _, tc := range []struct {
		drain          time.Duration
		proxy          bool
		notice, finish time.Duration
	}{
		{15 * time.Second, false, 0, 12 * time.Second},
		{15 * time.Second, true, 5 * time.Second, 7 * time.Second},
		{0, true, 0, time.Second},
	} {
		c := &config.Config{BehindProxy: tc.proxy, Shutdown: config.Shutdown{Drain: tc.drain}}
		if notice, finish := shutdownTimes(c); notice != tc.notice || finish != tc.finish {
			t.Errorf("%+v: notice %s, finish %s", tc, notice, finish)
		}
	}
}
