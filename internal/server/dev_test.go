package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// devServer is a development server in memory that ends with the test.
func devServer(t *testing.T) *Server {
	t.Helper()
	s, err := Dev(context.Background(), DevOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sent is a request and what it was answered.
type sent struct {
	method, path, token, body string
	header                    map[string]string
}

func (c sent) to(t *testing.T, base string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.header {
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // follows no redirects
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// devToken gets a token of an application in the tenant.
func devToken(t *testing.T, s *Server, tenant string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {SampleApp}, "client_secret": {SampleSecret}}
	status, _, body := sent{
		method: "POST", path: "/" + tenant + "/oauth2/v2.0/token", body: form.Encode(),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	}.to(t, s.URL())
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("token: %d %s, %v", status, body, err)
	}
	return answer.Token
}

func TestDevClock(t *testing.T) {
	s := devServer(t)
	token := devToken(t, s, string(SampleTenant))
	other := devToken(t, s, "11111111-2222-4333-8444-555555555555")
	post := func(body string) sent { return sent{method: "POST", path: "/dev/clock", token: token, body: body} }
	with := func(c sent, name, value string) sent {
		c.header = map[string]string{name: value}
		return c
	}
	const fine = `{"advance":"PT1H"}`
	long := time.Now().AddDate(20, 0, 0).UTC().Format(time.RFC3339)
	for _, tc := range []struct {
		name   string
		call   sent
		status int
		want   string
	}{
		{"without a token", sent{method: "POST", path: "/dev/clock", body: fine}, 401, "InvalidAuthenticationToken"},
		{"look without a token", sent{method: "GET", path: "/dev/clock"}, 401, "InvalidAuthenticationToken"},
		{"foreign host", with(post(fine), "Host", "evil.example"), 400, "InvalidHost"},
		{"foreign origin", with(post(fine), "Origin", "https://evil.example"), 403, "UnAuthorized"},
		{"no origin", with(post(fine), "Origin", "null"), 403, "UnAuthorized"},
		{"no body", post(""), 415, "UnsupportedMediaType"},
		{"a form", with(post("advance=P1D"), "Content-Type", "text/plain"), 415, "UnsupportedMediaType"},
		{"not JSON", post(`advance`), 400, "InvalidModel"},
		{"neither", post(`{}`), 400, "InvalidModel"},
		{"both", post(`{"advance":"P1D","set":"2026-01-01T00:00:00Z"}`), 400, "InvalidModel"},
		{"null", post(`{"advance":null}`), 400, "InvalidModel"},
		{"unknown member", post(`{"advance":"P1D","x":1}`), 400, "InvalidModel"},
		{"another case", post(`{"Advance":"P1D"}`), 400, "InvalidModel"},
		{"twice", post(`{"advance":"P1D","advance":"P2D"}`), 400, "InvalidModel"},
		{"backwards", post(`{"advance":"-P1D"}`), 400, "advance"},
		{"no duration", post(`{"advance":"1d"}`), 400, "advance"},
		{"no time", post(`{"set":"tomorrow"}`), 400, "set"},
		{"too far", post(`{"set":"` + long + `"}`), 400, "P3660D"},
		{"far too far", post(`{"set":"9999-01-01T00:00:00Z"}`), 400, "P3660D"},
		{"too large", post(`{"advance":"` + strings.Repeat("P", 5000) + `"}`), 413, "RequestEntityTooLarge"},
		{"another method", sent{method: "PUT", path: "/dev/clock", token: token, body: fine}, 405, "MethodNotAllowed"},
		{"nothing was moved", sent{method: "GET", path: "/dev/clock", token: token}, 200, `"offset": "PT0S"`},
		{"advance", post(`{"advance":"P14D"}`), 200, `"offset": "P14D"`},
		{"advance again", with(post(fine), "Origin", s.URL()), 200, `"offset": "P14DT1H"`},
		{"look", sent{method: "GET", path: "/dev/clock", token: token}, 200, `"offset": "P14DT1H"`},
		{"the other tenant", sent{method: "GET", path: "/dev/clock", token: other}, 200, `"offset": "PT0S"`},
		{"set", post(`{"set":"2026-01-01T00:00:00Z"}`), 200, `"now": "2026-01-01T00:00:00Z"`},
	} {
		status, header, body := tc.call.to(t, s.URL())
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s; want %d and %q", tc.name, status, body, tc.status, tc.want)
		}
		if !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: content type %q", tc.name, header.Get("Content-Type"))
		}
	}
}

func TestDevRoutes(t *testing.T) {
	s := devServer(t)
	token := devToken(t, s, string(SampleTenant))
	tenant := "/" + string(SampleTenant)
	for _, tc := range []struct {
		call   sent
		status int
		want   string
	}{
		{sent{method: "GET", path: "/livez"}, 200, "live"},
		{sent{method: "GET", path: "/readyz"}, 200, `"ready": true`},
		{sent{method: "POST", path: "/livez"}, 405, "MethodNotAllowed"},
		{sent{method: "GET", path: tenant + "/v2.0/.well-known/openid-configuration"}, 200, "token_endpoint"},
		{sent{method: "GET", path: tenant + "/discovery/v2.0/keys"}, 200, "keys"},
		{sent{method: "GET", path: tenant + "/discovery/v2.0/keys", header: map[string]string{"Host": "evil.example"}}, 400, "InvalidHost"},
		{sent{method: "GET", path: "/", token: token}, 404, "ResourceNotFound"},
		{sent{method: "GET", path: "//v1.0/users", token: token}, 0, `"error"`},
		{sent{method: "GET", path: "/v1.0/../dev/clock", token: token}, 0, `"error"`},
		{sent{method: "GET", path: "/dev%2Fclock", token: token}, 0, `"error"`},
		{sent{method: "GET", path: "/v1.0/users", token: token, header: map[string]string{"Host": "evil.example"}}, 400, "InvalidHost"},
		{sent{method: "GET", path: "/v1.0/users?$top=1", token: token}, 200, s.URL() + "/v1.0/"},
		{sent{method: "GET", path: calloutKeysPath}, 200, `"Ed25519"`},
		{sent{method: "GET", path: calloutKeysPath + "?tenant=" + string(SampleTenant)}, 200, `"EdDSA"`},
		{sent{method: "GET", path: calloutKeysPath + "?tenant=11111111-2222-4333-8444-555555555555"}, 200, `"keys": []`},
		{sent{method: "GET", path: calloutKeysPath + "?tenant=nonsense"}, 200, `"keys": []`},
	} {
		status, header, body := tc.call.to(t, s.URL())
		switch {
		case tc.status == 0 && (status < 400 || status > 499),
			tc.status != 0 && status != tc.status, !strings.Contains(body, tc.want):
			t.Errorf("%s %s: %d %s; want %d and %q", tc.call.method, tc.call.path, status, body, tc.status, tc.want)
		}
		if header.Get("Location") != "" {
			t.Errorf("%s %s is redirected to %s", tc.call.method, tc.call.path, header.Get("Location"))
		}
	}
}
