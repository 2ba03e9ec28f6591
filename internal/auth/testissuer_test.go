package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"anteroom/internal/entitlement"
)

const (
	contoso  = entitlement.TenantID("0191aaaa-0000-7000-8000-00000000000a")
	fabrikam = entitlement.TenantID("0191aaaa-0000-7000-8000-00000000000b")
	alice    = entitlement.ID("0191bbbb-0000-7000-8000-00000000000a")
	app      = "0191cccc-0000-7000-8000-00000000000a"
	api      = "api://anteroom"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock moved by hand.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return start.Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// Keys are made once: RSA keys take long.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return mustKey(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey  = sync.OnceValue(newECKey)
)

func newECKey() *ecdsa.PrivateKey {
	return mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

func mustKey[K any](k K, err error) K {
	if err != nil {
		panic(err)
	}
	return k
}

// testIssuer is an OpenID Connect issuer over HTTP.
type testIssuer struct {
	*httptest.Server
	fetches atomic.Int64 // of the key set
	broken  atomic.Bool

	mu   sync.Mutex
	keys []any             // JWKs: jose.JSONWebKey or anything else that is JSON
	doc  map[string]string // discovery; nil: the right one
}

func newTestIssuer(t testing.TB) *testIssuer {
	s := &testIssuer{keys: []any{
		jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rsa", Use: "sig"}, // without alg, as Microsoft's
		jose.JSONWebKey{Key: ecKey().Public(), KeyID: "ec", Use: "sig", Algorithm: "ES256"},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		doc := s.doc
		if doc == nil {
			doc = map[string]string{"issuer": s.URL, "jwks_uri": s.URL + "/keys"}
		}
		s.reply(w, doc)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		s.fetches.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reply(w, map[string]any{"keys": s.keys})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *testIssuer) reply(w http.ResponseWriter, v any) {
	if s.broken.Load() {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(v)
}

func (s *testIssuer) setKeys(keys ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys
}

// issuer is the configuration that trusts the server.
func (s *testIssuer) issuer() Issuer {
	return Issuer{URL: s.URL, Audiences: []string{api, "0191dddd-0000-7000-8000-000000000001"},
		Tenants: []TenantBinding{{Tenant: contoso, Administrators: []entitlement.ID{alice}}}}
}

func (s *testIssuer) verifier(t testing.TB, c *clock, issuers ...Issuer) *Verifier {
	t.Helper()
	if issuers == nil {
		issuers = []Issuer{s.issuer()}
	}
	v, err := NewVerifier(issuers, WithClock(c.now))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// userClaims and appClaims are the payloads of good tokens.
func (s *testIssuer) userClaims() map[string]any {
	return map[string]any{
		"iss": s.URL, "aud": api, "exp": start.Add(time.Hour).Unix(), "nbf": start.Unix(), "iat": start.Unix(),
		"tid": string(contoso), "oid": string(alice), "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
		"scp": "openid EntitlementManagement.ReadWrite.All", "roles": []string{"Admin"}, "idtyp": "user",
		"azp": app, "name": "Alice", "preferred_username": "alice@contoso.example",
	}
}

func (s *testIssuer) appClaims() map[string]any {
	return map[string]any{
		"iss": s.URL, "aud": []string{"other", api}, "exp": start.Add(time.Hour).Unix(), "nbf": start.Unix(), "iat": start.Unix(),
		"tid": string(contoso), "oid": string(alice), "sub": string(alice),
		"roles": []string{"EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"}, "idtyp": "app", "appid": app,
	}
}

// with returns the claims with some changed; nil takes one away.
func with(c map[string]any, changes map[string]any) map[string]any {
	c = maps.Clone(c)
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// sign makes a token, by default of the EC key; head is added to its header.
func sign(t testing.TB, payload any, head map[jose.HeaderKey]any) string {
	t.Helper()
	return signWith(t, jose.ES256, jose.JSONWebKey{Key: ecKey(), KeyID: "ec"}, payload, head)
}

func signWith(t testing.TB, alg jose.SignatureAlgorithm, k any, payload any, head map[jose.HeaderKey]any) string {
	t.Helper()
	data, ok := payload.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(payload); err != nil {
			t.Fatal(err)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: k}, &jose.SignerOptions{ExtraHeaders: head})
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
