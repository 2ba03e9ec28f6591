package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// devServer is a DevIssuer over HTTP, with alice in every tenant.
func devServer(t testing.TB, change func(*DevConfig)) (*DevIssuer, string) {
	t.Helper()
	var issuer *DevIssuer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { issuer.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	config := DevConfig{
		BaseURL: server.URL, Administrators: []entitlement.ID{alice}, Now: new(clock).now,
		LookupUser: func(_ context.Context, _ entitlement.TenantID, name string) (entitlement.ID, string, string, bool, error) {
			return alice, "Alice", "alice@contoso.example", name == "alice" || name == string(alice), nil
		},
	}
	if change != nil {
		change(&config)
	}
	var err error
	if issuer, err = NewDevIssuer(config); err != nil {
		t.Fatal(err)
	}
	return issuer, server.URL
}

// post asks for a token and returns the status and the decoded answer.
func post(t *testing.T, address string, form url.Values, header http.Header) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func appForm(changes ...string) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {app}, "client_secret": {DevSecret},
		"scope": {"http://localhost/.default openid offline_access profile"}, "claims": {`{"access_token":{}}`}, "x": {"1", "2"}}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

func userForm(changes ...string) url.Values {
	form := url.Values{"grant_type": {"password"}, "client_id": {app}, "username": {"alice"}, "password": {DevSecret}}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

func TestDevTokens(t *testing.T) {
	issuer, base := devServer(t, func(c *DevConfig) { c.Roles = map[string][]string{string(alice): {"X.Y"}} })
	v := issuer.Verifier()
	basic := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(app+":anteroom%2Ddev"))}}
	bySecretInHeader := appForm()
	bySecretInHeader.Del("client_id")
	bySecretInHeader.Del("client_secret")
	person := entitlement.Actor{Tenant: contoso, User: true, ObjectID: alice, AppID: app, Name: "Alice", UPN: "alice@contoso.example",
		Permissions: []string{"EntitlementManagement.ReadWrite.All"}, Administrator: true}
	narrow := person
	narrow.Permissions = []string{"EntitlementMgmt-SubjectAccess.ReadWrite"}
	application := func(id, role string) entitlement.Actor {
		return entitlement.Actor{Tenant: contoso, ObjectID: ApplicationObjectID(contoso, id), AppID: id, Permissions: []string{role}}
	}
	for _, tt := range []struct {
		name   string
		form   url.Values
		header http.Header
		want   entitlement.Actor
	}{
		{"application", appForm(), nil, application(app, "EntitlementManagement.ReadWrite.All")},
		{"in capitals", appForm("client_id", strings.ToUpper(app)), nil, application(app, "EntitlementManagement.ReadWrite.All")},
		{"Basic", bySecretInHeader, basic, application(app, "EntitlementManagement.ReadWrite.All")},
		{"unrelated", appForm("client_id", AppUnrelated), nil, application(AppUnrelated, "User.Read.All")},
		{"reader", appForm("client_id", AppReader), nil, application(AppReader, "EntitlementManagement.Read.All")},
		{"configured", appForm("client_id", string(alice)), nil, application(string(alice), "X.Y")},
		{"person", userForm(), nil, person},
		{"person by id", userForm("username", string(alice)), nil, person},
		{"person with a secret", userForm("client_secret", DevSecret), nil, person},
		{"default scope", userForm("scope", base+"/.default"), nil, person},
		{"narrow scope", userForm("scope", "openid "+base+"/EntitlementMgmt-SubjectAccess.ReadWrite"), nil, narrow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := post(t, base+"/"+string(contoso)+"/oauth2/v2.0/token", tt.form, tt.header)
			if status != http.StatusOK {
				t.Fatalf("status %d: %v", status, body)
			}
			token, _ := body["access_token"].(string)
			delete(body, "access_token")
			delete(body, "scope")
			if diff := cmp.Diff(map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "ext_expires_in": 3599.0}, body); diff != "" {
				t.Error(diff)
			}
			got, err := v.Verify(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("actor (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDevClaims: Terraform's provider reads these claims, in these types.
func TestDevClaims(t *testing.T) {
	_, base := devServer(t, func(c *DevConfig) { c.Audience = api })
	_, body := post(t, base+"/"+strings.ToUpper(string(contoso))+"/oauth2/v2.0/token", appForm(), nil)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(body["access_token"].(string), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	if got["jti"] == "" || got["uti"] == "" {
		t.Error("no jti or uti")
	}
	delete(got, "jti")
	delete(got, "uti")
	oid := string(ApplicationObjectID(contoso, app))
	now := float64(start.Unix())
	want := map[string]any{
		"aud": api, "iss": base + "/" + string(contoso) + "/v2.0", "tid": string(contoso), "oid": oid, "sub": oid,
		"appid": app, "azp": app, "idtyp": "app", "ver": "2.0", "iat": now, "nbf": now, "exp": now + 3599,
		"roles": []any{"EntitlementManagement.ReadWrite.All"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestDevRefusals(t *testing.T) {
	_, base := devServer(t, func(c *DevConfig) {
		c.OnTenant = func(_ context.Context, id entitlement.TenantID) error {
			switch id {
			case fabrikam:
				return errors.New("disk /dev/sda is full")
			case entitlement.TenantID(alice):
				return entitlement.Errorf(entitlement.CodeLimitExceeded, "", "There are enough tenants.")
			}
			return nil
		}
	})
	form := func(v url.Values, twice string) url.Values { v.Add(twice, v.Get(twice)); return v }
	basic := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(app+":wrong"))}}
	for _, tt := range []struct {
		name         string
		tenant       string
		form         url.Values
		header       http.Header
		status       int
		code, detail string
	}{
		{"tenant", "common", appForm(), nil, 400, "invalid_request", "not a GUID"},
		{"personal tenant", string(PersonalTenant), appForm(), nil, 400, "invalid_request", "personal accounts"},
		{"hook fails", string(fabrikam), appForm(), nil, 503, "server_error", "cannot be issued"},
		{"hook refuses", string(alice), appForm(), nil, 400, "invalid_request", "enough tenants"},
		{"no grant", "", appForm("grant_type", ""), nil, 400, "invalid_request", "grant_type is missing"},
		{"other grant", "", appForm("grant_type", "authorization_code"), nil, 400, "unsupported_grant_type", "client_credentials or password"},
		{"no client", "", appForm("client_id", ""), nil, 401, "invalid_client", "client_id is missing"},
		{"client is no GUID", "", appForm("client_id", "me"), nil, 401, "invalid_client", "not a GUID"},
		{"secret", "", appForm("client_secret", "wrong"), nil, 401, "invalid_client", "anteroom-dev"},
		{"no secret", "", appForm("client_secret", ""), nil, 401, "invalid_client", "anteroom-dev"},
		{"secret in header", "", appForm("client_secret", ""), basic, 401, "invalid_client", "anteroom-dev"},
		{"two secrets", "", appForm(), basic, 400, "invalid_request", "both"},
		{"two clients", "", appForm("client_secret", "", "client_id", AppReader), basic, 400, "invalid_request", "both"},
		{"other header", "", appForm(), http.Header{"Authorization": {"Bearer x"}}, 401, "invalid_client", "not HTTP Basic"},
		{"twice", "", form(appForm(), "client_id"), nil, 400, "invalid_request", "more than once"},
		{"person's password", "", userForm("password", "secret"), nil, 400, "invalid_grant", "anteroom-dev"},
		{"no password", "", userForm("password", ""), nil, 400, "invalid_request", "are needed"},
		{"no username", "", userForm("username", ""), nil, 400, "invalid_request", "are needed"},
		{"nobody", "", userForm("username", "mallory"), nil, 400, "invalid_grant", "nobody"},
		{"person's client's secret", "", userForm("client_secret", "wrong"), nil, 401, "invalid_client", "anteroom-dev"},
		{"type", "", appForm(), http.Header{"Content-Type": {"application/json"}}, 400, "invalid_request", "x-www-form-urlencoded"},
		{"too large", "", appForm("x", strings.Repeat("x", maxForm)), nil, 413, "invalid_request", "65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.tenant == "" {
				tt.tenant = string(contoso)
			}
			status, body := post(t, base+"/"+tt.tenant+"/oauth2/v2.0/token", tt.form, tt.header)
			detail, _ := body["error_description"].(string)
			if status != tt.status || body["error"] != tt.code || !strings.Contains(detail, tt.detail) {
				t.Errorf("%d %v, want %d %s …%s…", status, body, tt.status, tt.code, tt.detail)
			}
			if strings.Contains(detail, "/dev/sda") {
				t.Error("the answer tells what went wrong inside")
			}
		})
	}
}

func TestDevPaths(t *testing.T) {
	issuer, _ := devServer(t, nil)
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/" + string(contoso) + "/discovery/v2.0/keys", 200},
		{"HEAD", "/" + string(contoso) + "/v2.0/.well-known/openid-configuration", 200},
		{"POST", "/" + string(contoso) + "/discovery/v2.0/keys", 405},
		{"GET", "/" + string(contoso) + "/oauth2/v2.0/token", 405},
		{"GET", "/common/discovery/v2.0/keys", 400},
		{"GET", "/" + string(contoso), 404},
		{"GET", "/", 404},
		{"GET", "/" + string(contoso) + "/discovery/v2.0/keys/", 404},
	} {
		w := httptest.NewRecorder()
		issuer.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.want || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, w.Code, w.Header().Get("Content-Type"), tt.want)
		}
	}
}

// TestDevDiscovery: go-oidc finds the keys, and a Verifier of serve, were it configured
// so, would read the tokens as those of any other issuer.
func TestDevDiscovery(t *testing.T) {
	_, base := devServer(t, func(c *DevConfig) { c.RequestBase = func(r *http.Request) string { return "http://" + r.Host } })
	issuerURL := base + "/" + string(contoso) + "/v2.0"
	provider, err := oidc.NewProvider(t.Context(), issuerURL)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := provider.Endpoint().TokenURL, base+"/"+string(contoso)+"/oauth2/v2.0/token"; got != want {
		t.Errorf("token endpoint %q, want %q", got, want)
	}
	_, body := post(t, provider.Endpoint().TokenURL, appForm(), nil)
	v, err := NewVerifier([]Issuer{{URL: issuerURL, Audiences: []string{base}, Tenants: []TenantBinding{{Tenant: contoso}}}}, WithClock(new(clock).now))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), body["access_token"].(string)); err != nil {
		t.Error(err)
	}
	resp, err := http.Get(strings.Replace(base, "127.0.0.1", "localhost", 1) + "/" + string(contoso) + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Skip("no localhost: ", err)
	}
	defer resp.Body.Close()
	doc, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(doc), `"token_endpoint":"http://localhost:`) || !strings.Contains(string(doc), `"issuer":"`+base+`/`) {
		t.Errorf("document %s, error %v", doc, err)
	}
}

// TestDevVerifierTrustsItselfOnly: tokens of another base, another tenant's issuer, or
// another DevIssuer are refused.
func TestDevVerifierTrustsItselfOnly(t *testing.T) {
	issuer, base := devServer(t, nil)
	v := issuer.Verifier()
	now := start.Unix()
	for _, tt := range []struct{ iss, tid, message string }{
		{base + "/" + string(contoso) + "/v2.0", string(contoso), ""},
		{base + "/" + string(contoso) + "/v2.0", string(fabrikam), "may not speak for"},
		{base + "/" + strings.ToUpper(string(contoso)) + "/v2.0", string(contoso), "issuer"},
		{base + "/" + string(contoso) + "/v1.0", string(contoso), "issuer"},
		{base + "/common/v2.0", string(contoso), "issuer"},
		{base + "/x/" + string(contoso) + "/v2.0", string(contoso), "issuer"},
		{base + "0/" + string(contoso) + "/v2.0", string(contoso), "issuer"},
		{"/v2.0", string(contoso), "issuer"},
	} {
		token, err := issuer.sign(&devToken{Audience: base, Issuer: tt.iss, Tenant: tt.tid, Expires: now + 60, ObjectID: alice, Subject: alice,
			Client: app, AppID: app, Type: "app", Roles: []string{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), token)
		if tt.message != "" {
			var e *entitlement.Error
			if !errors.As(err, &e) || !strings.Contains(e.Message, tt.message) {
				t.Errorf("%s: error %v, want one with %q", tt.iss, err, tt.message)
			}
		} else if err != nil {
			t.Error(err)
		}
	}
	other, _ := devServer(t, func(c *DevConfig) { c.BaseURL = base })
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/"+string(contoso)+"/oauth2/v2.0/token", strings.NewReader(appForm().Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	other.ServeHTTP(w, r)
	var body tokenAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.AccessToken == "" {
		t.Fatal(w.Body, err)
	}
	if _, err := v.Verify(t.Context(), body.AccessToken); err == nil {
		t.Error("a token of another dev issuer of the same address was accepted")
	}
}

func TestApplicationObjectID(t *testing.T) {
	a, b := ApplicationObjectID(contoso, app), ApplicationObjectID(fabrikam, app)
	if _, ok := entitlement.ParseID(string(a)); !ok || a == b || a != ApplicationObjectID(contoso, strings.ToUpper(app)) || a[14] != '5' {
		t.Errorf("%s and %s", a, b)
	}
}

func TestNewDevIssuerRefuses(t *testing.T) {
	for _, base := range []string{"", "http://localhost/"} {
		if _, err := NewDevIssuer(DevConfig{BaseURL: base}); err == nil {
			t.Errorf("base %q was taken", base)
		}
	}
}
