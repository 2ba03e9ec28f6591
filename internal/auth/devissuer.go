package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"anteroom/internal/entitlement"
)

// DevSecret is the secret of every application and the password of every person at a
// DevIssuer. It protects nothing.
const DevSecret = "anteroom-dev"

// DevConfig is what a DevIssuer needs.
type DevConfig struct {
	// BaseURL is scheme, host and port under which the issuer is reached. Tokens name
	// {BaseURL}/{tenant}/v2.0 as their issuer.
	BaseURL string
	// RequestBase, if set, gives the base of the addresses in the discovery document,
	// for clients that reach the server by another name and compare the two.
	RequestBase func(*http.Request) string
	// Audience is the claim aud of its tokens; BaseURL if empty.
	Audience string
	// Administrators are object ids that administer whichever tenant they are in.
	Administrators []entitlement.ID
	// Roles are the claim roles of applications by application id, in lower case; for
	// others those of AppUnrelated, AppReader, and ReadWrite.All.
	Roles map[string][]string
	// OnTenant is called before a token of a tenant is issued, every time; it makes the
	// tenant. An *entitlement.Error is shown to the client. It may be nil.
	OnTenant func(ctx context.Context, t entitlement.TenantID) error
	// LookupUser finds a person by user name, user principal name, or object id. If nil
	// there are no people.
	LookupUser func(ctx context.Context, t entitlement.TenantID, name string) (id entitlement.ID, displayName, upn string, ok bool, err error)
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// DevIssuer is the OAuth 2.0 token issuer of the dev mode, an http.Handler. It gives
// everybody a token for anything, in tenants that come to be when they are first named;
// therefore it can be made by code only, and no setting leads to it. Its key is made anew
// with it and never stored. It is safe for concurrent use.
//
// It serves
//
//	POST /{tenant}/oauth2/v2.0/token                        client_credentials, password
//	GET  /{tenant}/v2.0/.well-known/openid-configuration
//	GET  /{tenant}/discovery/v2.0/keys
//
// where {tenant} is a GUID.
type DevIssuer struct {
	config DevConfig
	signer jose.Signer
	keys   localKeys
	jwks   []byte
}

// NewDevIssuer makes an issuer with a key of its own.
func NewDevIssuer(c DevConfig) (*DevIssuer, error) {
	if c.BaseURL == "" || strings.HasSuffix(c.BaseURL, "/") {
		return nil, fmt.Errorf("base URL %q of the dev issuer is empty or ends in a slash", c.BaseURL)
	}
	if c.Audience == "" {
		c.Audience = c.BaseURL
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	thumb, err := public.Thumbprint(crypto.SHA256) // RFC 7638
	if err != nil {
		return nil, err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return &DevIssuer{
		config: c,
		signer: signer,
		keys:   localKeys{{id: public.KeyID, alg: string(jose.ES256), public: private.Public()}},
		jwks:   jwks,
	}, nil
}

// Verifier returns a verifier that trusts the tokens of this issuer for whichever tenant
// they name, and no other token.
func (d *DevIssuer) Verifier() *Verifier {
	bound := newTenant([]string{d.config.Audience}, d.config.Administrators)
	return &Verifier{
		now:   d.config.Now,
		cache: newCache(cacheEntries),
		issuer: func(iss string) (*trusted, bool) {
			rest, ok1 := strings.CutPrefix(iss, d.config.BaseURL+"/")
			text, ok2 := strings.CutSuffix(rest, "/v2.0")
			id, ok3 := entitlement.ParseTenantID(text)
			if !ok1 || !ok2 || !ok3 || string(id) != text {
				return nil, false
			}
			return &trusted{
				url: iss, algorithms: []string{string(jose.ES256)}, keys: d.keys,
				tenants: map[entitlement.TenantID]tenant{id: bound},
			}, true
		},
	}
}

// ServeHTTP answers every request in JSON.
func (d *DevIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	method, serve := http.MethodGet, d.serveKeys
	switch path {
	case "oauth2/v2.0/token":
		method, serve = http.MethodPost, d.serveToken
	case "v2.0/.well-known/openid-configuration":
		serve = d.serveDiscovery
	case "discovery/v2.0/keys":
	default:
		answer(w, http.StatusNotFound, &oauthError{Code: "invalid_request", Description: "There is nothing at this address; tokens are at /{tenant}/oauth2/v2.0/token."})
		return
	}
	if r.Method != method && !(method == http.MethodGet && r.Method == http.MethodHead) {
		w.Header().Set("Allow", method)
		answer(w, http.StatusMethodNotAllowed, &oauthError{Code: "invalid_request", Description: "The method here is " + method + "."})
		return
	}
	t, ok := entitlement.ParseTenantID(text)
	if !ok {
		answer(w, http.StatusBadRequest, &oauthError{Code: "invalid_request", Description: "The tenant in the address is not a GUID; take any, the tenant is made when it is first named."})
		return
	}
	serve(w, r, t)
}

// serveDiscovery answers with the metadata that identity libraries want to see
// (OpenID Connect Discovery 1.0 §3). Some refuse a document without an
// authorization_endpoint; nothing is served there.
func (d *DevIssuer) serveDiscovery(w http.ResponseWriter, r *http.Request, t entitlement.TenantID) {
	base := d.config.BaseURL
	if d.config.RequestBase != nil {
		base = d.config.RequestBase(r)
	}
	base += "/" + string(t)
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                d.config.BaseURL + "/" + string(t) + "/v2.0", // as tokens name it
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"grant_types_supported":                 []string{"client_credentials", "password"},
		"response_types_supported":              []string{"token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
	})
}

func (d *DevIssuer) serveKeys(w http.ResponseWriter, _ *http.Request, _ entitlement.TenantID) {
	answer(w, http.StatusOK, json.RawMessage(d.jwks))
}

// oauthError is the body of a refusal (RFC 6749 §5.2).
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	status      int
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

// answer writes JSON that no cache keeps (RFC 6749 §5.1).
func answer(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"error":"server_error","error_description":"The answer cannot be written."}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="anteroom dev"`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone
}

// answerError writes a refusal; anything but an *oauthError is told without detail.
func answerError(w http.ResponseWriter, err error) {
	var refusal *oauthError
	if !errors.As(err, &refusal) {
		refusal = &oauthError{Code: "server_error", Description: "The token cannot be issued at present.", status: http.StatusServiceUnavailable}
	}
	answer(w, refusal.status, refusal)
}
