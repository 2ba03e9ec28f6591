package auth

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// wantRefusal checks that err is a refusal of the token whose message holds text, and
// nothing of the server's own.
func wantRefusal(t *testing.T, err error, text string) {
	t.Helper()
	var e *entitlement.Error
	if !errors.As(err, &e) || e.Code != entitlement.CodeUnauthenticated {
		t.Fatalf("error %v, want %s", err, entitlement.CodeUnauthenticated)
	}
	if !strings.Contains(e.Message, text) {
		t.Errorf("message %q does not hold %q", e.Message, text)
	}
	if strings.Contains(e.Message, api) || strings.Contains(e.Message, "127.0.0.1") {
		t.Errorf("message %q tells what would be right", e.Message)
	}
}

func TestVerify(t *testing.T) {
	s := newTestIssuer(t)
	user := entitlement.Actor{Tenant: contoso, User: true, ObjectID: alice, AppID: app, Name: "Alice", UPN: "alice@contoso.example",
		Permissions: []string{"openid", "EntitlementManagement.ReadWrite.All"}, Administrator: true}
	application := entitlement.Actor{Tenant: contoso, ObjectID: alice, AppID: app,
		Permissions: []string{"EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"}}
	rs := jose.JSONWebKey{Key: rsaKey(), KeyID: "rsa"}
	for _, tt := range []struct {
		name  string
		token string
		want  entitlement.Actor
	}{
		{"user", sign(t, s.userClaims(), nil), user},
		{"application", sign(t, s.appClaims(), nil), application},
		{"RSA key without alg", signWith(t, jose.RS256, rs, s.userClaims(), nil), user},
		{"type JWT", sign(t, s.userClaims(), map[jose.HeaderKey]any{"typ": "JWT"}), user},
		{"type at+jwt", sign(t, s.userClaims(), map[jose.HeaderKey]any{"typ": "at+JWT"}), user},
		{"type application/at+jwt", sign(t, s.userClaims(), map[jose.HeaderKey]any{"typ": "application/at+jwt"}), user},
		{"no key id, one key of the algorithm", signWith(t, jose.ES256, ecKey(), s.userClaims(), nil), user},
		{"capital letters", sign(t, with(s.userClaims(), map[string]any{"tid": strings.ToUpper(string(contoso)), "oid": strings.ToUpper(string(alice))}), nil), user},
		{"no tid", sign(t, with(s.appClaims(), map[string]any{"tid": nil}), nil), application},
		{"sub instead of oid", sign(t, with(s.appClaims(), map[string]any{"oid": nil}), nil), application},
		{"client_id", sign(t, with(s.appClaims(), map[string]any{"appid": nil, "client_id": app}), nil), application},
		{"times with a fraction", sign(t, with(s.appClaims(), map[string]any{"exp": float64(start.Unix()) + 100.5}), nil), application},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := s.verifier(t, new(clock))
			got, err := v.Verify(t.Context(), tt.token)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("actor (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForged gives tokens whose claims are all good to a server with keys at hand: each
// is refused, and none makes it ask the network.
func TestForged(t *testing.T) {
	s := newTestIssuer(t)
	s.mu.Lock()
	s.keys = append(s.keys, jose.JSONWebKey{Key: newECKey().Public(), KeyID: "enc", Use: "enc"})
	s.mu.Unlock()
	c := new(clock)
	v := s.verifier(t, c)
	if err := v.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	claims := s.userClaims()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	good := sign(t, claims, nil)
	parts := strings.Split(good, ".")
	public, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	stranger := newECKey()
	elsewhere := map[jose.HeaderKey]any{"jku": s.URL + "/keys", "kid": "ec"}
	for name, tt := range map[string]struct{ token, message string }{
		"alg none":            {b64([]byte(`{"alg":"none","kid":"ec"}`)) + "." + b64(payload) + ".", "three parts"},
		"alg none, signed":    {b64([]byte(`{"alg":"none","kid":"ec"}`)) + "." + b64(payload) + "." + parts[2], "algorithm"},
		"alg None":            {b64([]byte(`{"alg":"None","kid":"ec"}`)) + "." + b64(payload) + "." + parts[2], "algorithm"},
		"HS256 by public key": {signWith(t, jose.HS256, jose.JSONWebKey{Key: public, KeyID: "rsa"}, claims, nil), "algorithm"},
		"alg of another key":  {signWith(t, jose.ES256, jose.JSONWebKey{Key: ecKey(), KeyID: "rsa"}, claims, nil), "another algorithm"},
		"PS256 of RS256 key":  {signWith(t, jose.PS256, jose.JSONWebKey{Key: rsaKey(), KeyID: "rsa"}, claims, nil), "another algorithm"},
		"alg outside list":    {signWith(t, jose.RS512, jose.JSONWebKey{Key: rsaKey(), KeyID: "rsa"}, claims, nil), "algorithm"},
		"stranger's key":      {signWith(t, jose.ES256, jose.JSONWebKey{Key: stranger, KeyID: "ec"}, claims, nil), "signature"},
		"stranger without id": {signWith(t, jose.ES256, stranger, claims, nil), "signature"},
		"key in the header":   {embedded(t, stranger, claims), "brings its own key"},
		"key address":         {sign(t, claims, elsewhere), "brings its own key"},
		"x5u":                 {sign(t, claims, map[jose.HeaderKey]any{"x5u": s.URL}), "brings its own key"},
		"x5c":                 {sign(t, claims, map[jose.HeaderKey]any{"x5c": []string{}}), "brings its own key"},
		"crit":                {b64([]byte(`{"alg":"ES256","kid":"ec","crit":["exp"]}`)) + "." + parts[1] + "." + parts[2], "extensions"},
		"alg twice":           {b64([]byte(`{"alg":"ES256","alg":"none","kid":"ec"}`)) + "." + parts[1] + "." + parts[2], "header"},
		"no alg":              {b64([]byte(`{"kid":"ec"}`)) + "." + parts[1] + "." + parts[2], "names no algorithm"},
		"ID token type":       {sign(t, claims, map[jose.HeaderKey]any{"typ": "id_token"}), "another type"},
		"logout token type":   {sign(t, claims, map[jose.HeaderKey]any{"typ": "logout+jwt"}), "another type"},
		"type is a number":    {sign(t, claims, map[jose.HeaderKey]any{"typ": 1}), "header"},
		"changed payload":     {parts[0] + "." + b64([]byte(strings.Replace(string(payload), "Alice", "Bobby", 1))) + "." + parts[2], "signature"},
		"no signature":        {parts[0] + "." + parts[1] + ".", "three parts"},
		"two parts":           {parts[0] + "." + parts[1], "three parts"},
		"four parts":          {good + ".x", "three parts"},
		"line break":          {parts[0] + "\n." + parts[1] + "." + parts[2], "base64url"},
		"padding":             {parts[0] + "=." + parts[1] + "." + parts[2], "base64url"},
		"empty":               {"", "three parts"},
		"not JSON":            {"a.b.c", "base64url"},
		"too long":            {good + strings.Repeat("A", MaxToken), "longer than 16384 bytes"},
		"JSON serialization":  {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "three parts"},
		"claim twice":         {sign(t, []byte(strings.Replace(string(payload), "{", `{"oid":"`+string(alice)+`",`, 1)), nil), "all different"},
		"nested twice":        {sign(t, []byte(strings.Replace(string(payload), "{", `{"x":{"a":1,"a":2},`, 1)), nil), "all different"},
		"payload is an array": {sign(t, []byte(`[]`), nil), "not a JSON object"},
		"payload is null":     {sign(t, []byte(`null`), nil), "not a JSON object"},
		"data after it":       {sign(t, []byte(string(payload)+"{}"), nil), "not a JSON object"},
		"ISS in capitals":     {sign(t, with(claims, map[string]any{"iss": nil, "ISS": s.URL}), nil), "issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), tt.token)
			wantRefusal(t, err, tt.message)
		})
	}
	if n := s.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want 1", n)
	}
	// Unless a key of that id is missing, and then a minute after the last time.
	c.advance(2 * time.Minute)
	_, err = v.Verify(t.Context(), signWith(t, jose.ES256, jose.JSONWebKey{Key: ecKey(), KeyID: "enc"}, claims, nil))
	wantRefusal(t, err, "does not have")
	if n := s.fetches.Load(); n != 2 {
		t.Errorf("the keys were fetched %d times, want 2", n)
	}
}

func embedded(t *testing.T, k any, claims any) string {
	t.Helper()
	data, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSeveralTenants(t *testing.T) {
	s := newTestIssuer(t)
	a, b := s.issuer(), s.issuer()
	b.Audiences, b.Tenants = []string{"api://fabrikam"}, []TenantBinding{{Tenant: fabrikam}}
	v := s.verifier(t, new(clock), a, b)
	for _, tt := range []struct {
		tid, aud any
		want     entitlement.TenantID
		message  string
	}{
		{string(contoso), api, contoso, ""},
		{string(fabrikam), "api://fabrikam", fabrikam, ""},
		{string(fabrikam), api, "", "audience"},
		{nil, api, "", "names no tenant"},
		{app, api, "", "may not speak for"},
		{string(PersonalTenant), api, "", "personal account"},
	} {
		got, err := v.Verify(t.Context(), sign(t, with(s.userClaims(), map[string]any{"tid": tt.tid, "aud": tt.aud}), nil))
		if tt.message != "" {
			wantRefusal(t, err, tt.message)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got.Tenant != tt.want || got.Administrator != (tt.want == contoso) {
			t.Errorf("tid %v: tenant %s, administrator %v", tt.tid, got.Tenant, got.Administrator)
		}
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	good := Issuer{URL: "https://login.example/v2.0", Audiences: []string{api}, Tenants: []TenantBinding{{Tenant: contoso}}}
	for want, change := range map[string]func(*Issuer){
		"is not https":          func(i *Issuer) { i.URL = "http://login.example" },
		"key address":           func(i *Issuer) { i.JWKSURL = "ftp://x" },
		"at least one audience": func(i *Issuer) { i.Audiences = nil },
		`algorithm "HS256"`:     func(i *Issuer) { i.Algorithms = []string{"HS256"} },
		`algorithm "none"`:      func(i *Issuer) { i.Algorithms = []string{"none"} },
		"no tenant":             func(i *Issuer) { i.Tenants = nil },
		"not a GUID":            func(i *Issuer) { i.Tenants = []TenantBinding{{Tenant: "x"}} },
		"personal accounts":     func(i *Issuer) { i.Tenants = []TenantBinding{{Tenant: PersonalTenant}} },
		`administrator "bob"`: func(i *Issuer) {
			i.Tenants = []TenantBinding{{Tenant: contoso, Administrators: []entitlement.ID{"bob"}}}
		},
		"twice":             func(i *Issuer) { i.Tenants = append(i.Tenants, i.Tenants[0]) },
		"not a plain URL":   func(i *Issuer) { i.URL = "https://u:p@login.example" },
		"none may be empty": func(i *Issuer) { i.Audiences = []string{""} },
		"with a host":       func(i *Issuer) { i.URL = "https:///x" },
		`administrator "0191BBBB`: func(i *Issuer) {
			i.Tenants[0].Administrators = []entitlement.ID{"0191BBBB-0000-7000-8000-00000000000A"}
		},
	} {
		i := good
		i.Tenants = []TenantBinding{{Tenant: contoso}}
		change(&i)
		if _, err := NewVerifier([]Issuer{i}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	other := good
	other.JWKSURL, other.Tenants = "https://keys.example", []TenantBinding{{Tenant: fabrikam}}
	if _, err := NewVerifier([]Issuer{good, other}); err == nil || !strings.Contains(err.Error(), "different key addresses") {
		t.Errorf("error %v for two key addresses of one issuer", err)
	}
}

func TestAuthenticate(t *testing.T) {
	s := newTestIssuer(t)
	v := s.verifier(t, new(clock))
	token := sign(t, s.userClaims(), nil)
	for _, tt := range []struct {
		headers []string
		message string
	}{
		{[]string{"Bearer " + token}, ""},
		{[]string{"bearer  " + token}, ""},
		{nil, "missing"},
		{[]string{"Bearer " + token, "Bearer " + token}, "2 Authorization headers"},
		{[]string{"Basic " + token}, "not of the form"},
		{[]string{"Bearer"}, "not of the form"},
		{[]string{"Bearer "}, "not of the form"},
		{[]string{token}, "not of the form"},
		{[]string{"Bearer " + token + ", Bearer " + token}, "three parts"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = tt.headers
		_, err := v.Authenticate(r)
		if tt.message != "" {
			wantRefusal(t, err, tt.message)
		} else if err != nil {
			t.Errorf("%.12q: %v", tt.headers, err)
		}
	}
}

func TestCache(t *testing.T) {
	s := newTestIssuer(t)
	c := new(clock)
	v := s.verifier(t, c)
	short := sign(t, with(s.userClaims(), map[string]any{"exp": start.Add(2 * time.Minute).Unix()}), nil)
	long := sign(t, s.userClaims(), nil)
	first, err := v.Verify(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	first.Permissions[0] = "Everything"

	// Without its issuer, a token is good as long as it is remembered.
	v.issuer = func(string) (*trusted, bool) { return nil, false }
	c.advance(2*time.Minute - time.Second)
	for _, token := range []string{short, long} {
		got, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if got.Permissions[0] != "openid" {
			t.Errorf("the remembered permissions were changed: %v", got.Permissions)
		}
	}
	c.advance(time.Second)
	_, err = v.Verify(t.Context(), short)
	wantRefusal(t, err, "issuer")
	c.advance(3*time.Minute - time.Second)
	if _, err := v.Verify(t.Context(), long); err != nil {
		t.Error(err)
	}
	c.advance(time.Second)
	_, err = v.Verify(t.Context(), long)
	wantRefusal(t, err, "issuer")
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(10)
	until := start.Add(time.Minute)
	hot := digest{255}
	c.put(hot, entry{until: until})
	for i := range 100 {
		c.put(digest{byte(i)}, entry{until: until})
		if n := len(c.newer) + len(c.older); n > 10 {
			t.Fatalf("%d entries", n)
		}
		if _, ok := c.get(hot, start); !ok {
			t.Fatalf("an entry in use was dropped after %d others", i)
		}
	}
	if _, ok := c.get(digest{0}, start); ok {
		t.Error("the oldest entry is still there")
	}
	if _, ok := c.get(hot, until); ok {
		t.Error("an entry was answered at its end")
	}
}

func BenchmarkVerify(b *testing.B) {
	s := newTestIssuer(b)
	for _, alg := range []jose.SignatureAlgorithm{jose.ES256, jose.RS256} {
		k := jose.JSONWebKey{Key: ecKey(), KeyID: "ec"}
		if alg == jose.RS256 {
			k = jose.JSONWebKey{Key: rsaKey(), KeyID: "rsa"}
		}
		token := signWith(b, alg, k, s.userClaims(), nil)
		for _, cached := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/cached=%v", alg, cached), func(b *testing.B) {
				v := s.verifier(b, new(clock))
				b.ReportAllocs()
				for b.Loop() {
					if !cached {
						v.cache = newCache(2)
					}
					if _, err := v.Verify(context.Background(), token); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
