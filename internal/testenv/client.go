package testenv

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// The applications of dev mode, and the secret of all of them.
const (
	AppID      = "c0ffee00-0000-4000-8000-00000000000a" // may do everything
	StrangerID = "c0ffee00-0000-4000-8000-00000000000b" // lacks every permission that counts
	ReaderID   = "c0ffee00-0000-4000-8000-00000000000c" // may only read
	// ExtensionID stands for the owner of an extension: it may do everything, but is not
	// the application that makes requests, as nobody resumes what they asked for.
	ExtensionID = "c0ffee00-0000-4000-8000-00000000000e"
	Secret      = "anteroom-dev"
)

// Server is a server that tests talk to. It is safe for concurrent use.
type Server struct {
	URL string
	// Host is what the server is called, where that is not in URL.
	Host string
	// Issue makes a token in a tenant for somebody; nil where the server issues tokens itself.
	Issue func(tenant, who string) (string, error)
	// Notices is where the server posts notices; nil where it posts none.
	Notices *Endpoint

	mu     sync.Mutex
	tokens map[[2]string]string
}

// Attach returns a server that runs already.
func Attach(url string) *Server { return &Server{URL: url} }

// NewTenant returns the id of a tenant that nobody has used yet.
func NewTenant() string { return uuid.NewString() }

// Token returns a token in the tenant for app, extension, stranger, reader or the name of a person.
func (s *Server) Token(tenant, who string) (string, error) {
	key := [2]string{tenant, who}
	s.mu.Lock()
	t := s.tokens[key]
	s.mu.Unlock()
	if t != "" {
		return t, nil
	}
	token, err := s.newToken(tenant, who)
	if err != nil {
		return "", fmt.Errorf("token for %s: %w", who, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = map[[2]string]string{}
	}
	s.tokens[key] = token
	return token, nil
}

func (s *Server) newToken(tenant, who string) (string, error) {
	if s.Issue != nil {
		return s.Issue(tenant, who)
	}
	form := url.Values{"client_secret": {Secret}, "scope": {s.URL + "/.default"}, "grant_type": {"client_credentials"}}
	switch who {
	case "app":
		form.Set("client_id", AppID)
	case "extension":
		form.Set("client_id", ExtensionID)
	case "stranger":
		form.Set("client_id", StrangerID)
	case "reader":
		form.Set("client_id", ReaderID)
	default:
		form.Set("client_id", AppID)
		form.Set("grant_type", "password")
		form.Set("username", who)
		form.Set("password", Secret)
	}
	return formToken(s.URL, tenant, form)
}

// ForgetTokens makes the next calls ask for new tokens, as a server that was started again
// signs with a new key.
func (s *Server) ForgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = nil
}

// Reply is what a call was answered.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	JSON   any
}

// Value returns the value at a path of the answer as text, or "".
func (r Reply) Value(path string) string {
	v, ok := at(r.JSON, path)
	if !ok {
		return ""
	}
	return text(v)
}

// Call makes one call below Root as somebody in a tenant. The body is marshalled unless it
// is nil. An error means that no answer came.
func (s *Server) Call(tenant, who, method, path string, body any) (Reply, error) {
	return s.CallAt(tenant, who, method, Root+path, body)
}

// CallAt is Call with a path that begins at the server's root.
func (s *Server) CallAt(tenant, who, method, path string, body any) (Reply, error) {
	return s.CallWith(tenant, who, method, path, body, nil)
}

// CallWith is CallAt with more headers.
func (s *Server) CallWith(tenant, who, method, path string, body any, headers map[string]string) (Reply, error) {
	return s.CallWithin(context.Background(), tenant, who, method, path, body, headers)
}

// CallWithin is CallWith for as long as ctx allows.
func (s *Server) CallWithin(ctx context.Context, tenant, who, method, path string, body any, headers map[string]string) (Reply, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return Reply{}, err
		}
	}
	token, err := s.Token(tenant, who)
	if err != nil {
		return Reply{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(data))
	if err != nil {
		return Reply{}, err
	}
	req.Host = s.Host
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	a, err := do(req)
	return Reply{Status: a.status, Header: a.header, Body: a.body, JSON: a.json}, err
}

// Package is an access package with all that it needs.
type Package struct{ ID, Policy, Catalog, Group string }

// MakePackage makes a package whose policy lets everybody ask and calls extensions. Each
// stage is "Created:P14D@URL", or "Created@URL" for one that does not wait; "+{...}" adds
// members to the policy.
func (s *Server) MakePackage(tenant string, stages ...string) (Package, error) {
	r := &runner{server: s, tenant: tenant, who: "app", vars: map[string]string{}}
	words := make([]string, len(stages))
	for i, stage := range stages {
		if policy, ok := strings.CutPrefix(stage, "+"); ok {
			words[i] = fmt.Sprintf("+policy%d", i)
			r.files = map[string]string{words[i][1:]: policy}
			continue
		}
		n := len(stage) - 1
		for n >= 0 && stage[n] != '@' {
			n--
		}
		if n < 0 {
			return Package{}, fmt.Errorf("%s has no endpoint", stage)
		}
		name := fmt.Sprintf("endpoint%d", i)
		r.vars[name] = stage[n+1:]
		words[i] = stage[:n+1] + name
	}
	if err := r.makePackage("p", words); err != nil {
		return Package{}, fmt.Errorf("%w: %s", err, clip(string(r.last.body)))
	}
	return Package{ID: r.vars["p"], Policy: r.vars["p.policy"], Catalog: r.vars["p.catalog"], Group: r.vars["p.group"]}, nil
}

// NewPerson makes a person whom nobody has given anything, and returns their id.
func (s *Server) NewPerson(tenant string) (string, error) {
	name := uuid.NewString()
	r, err := s.CallAt(tenant, "app", http.MethodPost, "/v1.0/users", map[string]any{
		"displayName": "Somebody", "userPrincipalName": name + "@contoso.example", "mailNickname": "somebody", "accountEnabled": true,
		"passwordProfile": map[string]string{"password": "x"},
	})
	if err == nil && r.Status != http.StatusCreated {
		err = fmt.Errorf("make a person: %d %s", r.Status, r.Body)
	}
	return r.Value("id"), err
}

// Resume is the body of a resume of the callout; outcome "" or "continue" lets it go on.
func (c Callout) Resume(outcome string) map[string]any {
	data := map[string]any{
		"@odata.type":                        "microsoft.graph.accessPackageAssignmentRequestCallbackData",
		"stage":                              c.Value("Stage"),
		"customExtensionStageInstanceId":     c.Value("CustomExtensionStageInstanceId"),
		"customExtensionStageInstanceDetail": "answered by a test",
	}
	if outcome != "" && outcome != "continue" {
		data["state"] = outcome
	}
	return map[string]any{
		"source": "Contoso.SodCheckProcess",
		"type":   "microsoft.graph.accessPackageCustomExtensionStage." + c.Value("Stage"),
		"data":   data,
	}
}

// VerifyCallout checks the signature of a callout with the public keys of the tenant, as
// the verifier of the README does.
func (s *Server) VerifyCallout(tenant string, c Callout) error {
	resp, err := http.Get(s.URL + "/.well-known/anteroom/callout-keys?tenant=" + tenant)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var set struct{ Keys []struct{ Kid, X string } }
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return err
	}
	signed := c.Header.Get("Webhook-Id") + "." + c.Header.Get("Webhook-Timestamp") + "." + string(c.Body)
	signature, err := base64.StdEncoding.DecodeString(c.Header.Get("Webhook-Signature")[len("v1a,"):])
	if err != nil {
		return err
	}
	for _, k := range set.Keys {
		key, err := base64.RawURLEncoding.DecodeString(k.X)
		if err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(signed), signature) {
			return nil
		}
	}
	return errors.New("the callout's signature does not verify")
}

// Advance moves the tenant's clock by an ISO 8601 duration and lets the server do all that
// is due.
func (s *Server) Advance(tenant, duration string) error {
	r := &runner{server: s, tenant: tenant}
	return r.advance(duration)
}
