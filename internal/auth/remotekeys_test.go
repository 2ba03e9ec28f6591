package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"anteroom/internal/entitlement"
)

// TestFetchesOfForgedTokens: go-oidc's own key set fetches 400 times here.
func TestFetchesOfForgedTokens(t *testing.T) {
	s := newTestIssuer(t)
	c := new(clock)
	v := s.verifier(t, c)
	if _, err := v.Verify(t.Context(), sign(t, s.userClaims(), nil)); err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Minute)
	stranger := newECKey()
	forged := make([]string, 400)
	for i := range forged {
		kid := "ec"
		if i%2 == 0 {
			kid = fmt.Sprint("unknown", i)
		}
		forged[i] = signWith(t, jose.ES256, jose.JSONWebKey{Key: stranger, KeyID: kid}, s.userClaims(), nil)
	}
	var wg sync.WaitGroup
	for _, token := range forged {
		wg.Go(func() {
			if _, err := v.Verify(t.Context(), token); err == nil {
				t.Error("a forged token was accepted")
			}
		})
	}
	wg.Wait()
	if n := s.fetches.Load(); n != 2 {
		t.Errorf("the keys were fetched %d times, want 2", n)
	}
}

func TestRotation(t *testing.T) {
	s := newTestIssuer(t)
	c := new(clock)
	v := s.verifier(t, c)
	old := sign(t, s.userClaims(), nil)
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	next := newECKey()
	s.setKeys(jose.JSONWebKey{Key: next.Public(), KeyID: "next", Algorithm: "ES256"})
	token := signWith(t, jose.ES256, jose.JSONWebKey{Key: next, KeyID: "next"}, s.userClaims(), nil)

	_, err := v.Verify(t.Context(), token)
	wantRefusal(t, err, "does not have")
	c.advance(time.Minute)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("a minute after the last fetch: %v", err)
	}
	_, err = v.Verify(t.Context(), sign(t, s.appClaims(), nil))
	wantRefusal(t, err, "does not have")
}

// TestStaleKeys: keys an hour old are fetched anew, and stay in use if they cannot be.
func TestStaleKeys(t *testing.T) {
	s := newTestIssuer(t)
	c := new(clock)
	v := s.verifier(t, c)
	claims := with(s.userClaims(), map[string]any{"exp": start.Add(24 * time.Hour).Unix()})
	token := sign(t, claims, nil)
	verify := func() {
		t.Helper()
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		v.remote[0].mu.Lock()
		flight := v.remote[0].flight
		v.remote[0].mu.Unlock()
		if flight != nil {
			<-flight
		}
	}
	verify()
	c.advance(59 * time.Minute)
	verify()
	if n := s.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times within an hour", n)
	}
	s.broken.Store(true)
	for range 3 { // each fails at the discovery document
		c.advance(6 * time.Minute)
		verify()
	}
	if n := s.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
	s.broken.Store(false)
	c.advance(6 * time.Minute)
	verify()
	if n := s.fetches.Load(); n != 2 {
		t.Errorf("the keys were fetched %d times, want 2", n)
	}
}

func TestUnreachableIssuer(t *testing.T) {
	s := newTestIssuer(t)
	s.broken.Store(true)
	c := new(clock)
	v := s.verifier(t, c)
	token := sign(t, s.userClaims(), nil)
	_, err := v.Verify(t.Context(), token)
	wantUnavailable(t, err)
	s.broken.Store(false)
	_, err = v.Verify(t.Context(), token) // the cooldown
	wantUnavailable(t, err)
	c.advance(firstCooldown)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func wantUnavailable(t *testing.T, err error) {
	t.Helper()
	var e *entitlement.Error
	if !errors.As(err, &e) || e.Code != entitlement.CodeUnavailable {
		t.Fatalf("error %v, want %s", err, entitlement.CodeUnavailable)
	}
}

// TestCallerGivesUp: a caller that goes does not break off the fetch for the others.
func TestCallerGivesUp(t *testing.T) {
	s := newTestIssuer(t)
	asked, release := make(chan struct{}), make(chan struct{})
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/keys") {
			close(asked)
			<-release
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	v, err := NewVerifier([]Issuer{s.issuer()}, WithClock(new(clock).now), WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t, s.userClaims(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := v.Verify(ctx, token); gone <- err }()
	<-asked
	cancel()
	wantUnavailable(t, <-gone)
	close(release)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	if n := s.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want 1", n)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestDiscoveryRefused(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the other host was asked")
	}))
	defer other.Close()
	far := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	for want, change := range map[string]func(*testIssuer, *Issuer){
		"is that of the issuer": func(s *testIssuer, _ *Issuer) {
			s.doc = map[string]string{"issuer": other.URL, "jwks_uri": s.URL + "/keys"}
		},
		"jwks_uri": func(s *testIssuer, _ *Issuer) {
			s.doc = map[string]string{"issuer": s.URL, "jwks_uri": "http://keys.example/"}
		},
		"to another host":           func(s *testIssuer, i *Issuer) { i.JWKSURL = s.redirect(far) },
		"too many redirects":        func(s *testIssuer, i *Issuer) { i.JWKSURL = s.redirect("") },
		"answers 404":               func(s *testIssuer, i *Issuer) { i.JWKSURL = s.URL + "/nothing" },
		"more than 1048576 bytes":   func(s *testIssuer, _ *Issuer) { s.keys = []any{strings.Repeat("x", maxDocument)} },
		"more than 100":             func(s *testIssuer, _ *Issuer) { s.keys = make([]any, 101) },
		"none of the 0 keys":        func(s *testIssuer, _ *Issuer) { s.keys = nil },
		"none of the 2 keys of the": func(s *testIssuer, _ *Issuer) { s.keys = unusableKeys(t) },
	} {
		t.Run(want, func(t *testing.T) {
			s := newTestIssuer(t)
			i := s.issuer()
			change(s, &i)
			v := s.verifier(t, new(clock), i)
			if err := v.Warm(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
			_, err := v.Verify(t.Context(), sign(t, s.userClaims(), nil))
			wantUnavailable(t, err)
		})
	}
}

// redirect adds a path that redirects to another address, or to itself.
func (s *testIssuer) redirect(to string) string {
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/redirect" {
			inner.ServeHTTP(w, r)
			return
		}
		target := to
		if target == "" {
			target = "/redirect"
		}
		http.Redirect(w, r, target, http.StatusFound)
	})
	return s.URL + "/redirect"
}

func unusableKeys(t *testing.T) []any {
	t.Setenv("GODEBUG", "rsa1024min=0")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return []any{
		jose.JSONWebKey{Key: small.Public(), KeyID: "small"},
		jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "symmetric", Algorithm: "HS256"},
	}
}

// TestForeignKey: a key that the set ascribes to another issuer is not this one's.
func TestForeignKey(t *testing.T) {
	jwk := func(issuer string) []byte {
		data, err := jose.JSONWebKey{Key: ecKey().Public(), KeyID: "ec"}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return []byte(`{"keys":[` + strings.Replace(string(data), "{", `{"issuer":"`+issuer+`",`, 1) + `]}`)
	}
	const mine = "https://login.example/0191aaaa-0000-7000-8000-00000000000a/v2.0"
	for issuer, want := range map[string]bool{
		mine:                                    true,
		"https://login.example/{tenantid}/v2.0": true,
		"":                                      true,
		"https://login.example/" + string(PersonalTenant) + "/v2.0": false,
	} {
		if _, err := parseKeys(jwk(issuer), mine, Algorithms); (err == nil) != want {
			t.Errorf("key of %q: error %v", issuer, err)
		}
	}
}
