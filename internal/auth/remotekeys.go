package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"anteroom/internal/entitlement"
)

// How often and how much is fetched from an issuer.
const (
	keyCooldown   = time.Minute      // between two fetches, whatever tokens say
	firstCooldown = 5 * time.Second  // the same while there are no keys at all
	keyAge        = time.Hour        // after it, keys are fetched anew
	fetchTimeout  = 10 * time.Second // of both documents together
	maxDocument   = 1 << 20          // bytes of a document
	maxRedirects  = 3
)

// remoteKeys are the keys of an issuer, fetched when first needed, when a token names
// a key that is not among them, and when they are an hour old. If they cannot be
// fetched the old ones stay in use. It is safe for concurrent use, and one fetch runs at
// a time.
//
// No token can cause more than one fetch a minute, and one that names a known key none.
type remoteKeys struct {
	issuer     string
	jwksURL    string // empty: from discovery
	algorithms []string
	client     *http.Client
	now        func() time.Time
	log        *slog.Logger

	mu      sync.Mutex
	keys    []key
	fetched time.Time     // when keys were got
	tried   time.Time     // when a fetch was last begun
	flight  chan struct{} // closed when the fetch that runs ends; nil if none does
	err     error         // of the last fetch
}

func (r *remoteKeys) find(ctx context.Context, kid, alg string) (key, error) {
	k, ok, flight, err := r.look(kid, alg)
	if !ok && flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return key{}, entitlement.Errorf(entitlement.CodeUnavailable, "", "The call ended while the keys of the access token's issuer were being fetched.")
		}
		k, ok, _, err = r.look(kid, alg)
	}
	switch {
	case ok:
		return k, err
	case !r.loaded():
		return key{}, unreachable()
	}
	return key{}, unknownKey()
}

// unreachable says that the fault is not the token's. It is a 503, which clients repeat.
func unreachable() error {
	return entitlement.Errorf(entitlement.CodeUnavailable, "", "The keys of the access token's issuer cannot be fetched at present; try again.")
}

func (r *remoteKeys) loaded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys != nil
}

// look picks a key from those at hand and begins a fetch if one is due; flight is that
// of the fetch that runs.
func (r *remoteKeys) look(kid, alg string) (k key, ok bool, flight <-chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok, err = pick(r.keys, kid, alg)
	now := r.now()
	wanted := !ok || now.Sub(r.fetched) >= keyAge
	if wanted && r.flight == nil && now.Sub(r.tried) >= r.cooldown() {
		r.begin(now)
	}
	return k, ok, r.flight, err
}

func (r *remoteKeys) cooldown() time.Duration {
	if r.keys == nil {
		return firstCooldown
	}
	return keyCooldown
}

// begin starts a fetch; r.mu is held. The fetch is nobody's call, so that no caller can
// break it off for the others.
func (r *remoteKeys) begin(now time.Time) {
	done := make(chan struct{})
	r.flight, r.tried = done, now
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		keys, err := r.fetch(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err = err; err == nil {
			r.keys, r.fetched = keys, now
		} else {
			r.log.Warn("the keys of an issuer cannot be fetched", "issuer", r.issuer, "error", err, "old keys", len(r.keys))
		}
		r.flight = nil
		close(done)
	}()
}

// warm fetches the keys unless they are there, and says why it could not.
func (r *remoteKeys) warm(ctx context.Context) error {
	r.mu.Lock()
	if r.keys == nil && r.flight == nil {
		r.begin(r.now())
	}
	flight := r.flight
	r.mu.Unlock()
	if flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		return fmt.Errorf("issuer %s: %w", r.issuer, r.err)
	}
	return nil
}

func (r *remoteKeys) fetch(ctx context.Context) ([]key, error) {
	jwks := r.jwksURL
	if jwks == "" {
		var err error
		if jwks, err = r.discover(ctx); err != nil {
			return nil, err
		}
	}
	data, err := r.get(ctx, jwks)
	if err != nil {
		return nil, err
	}
	return parseKeys(data, r.issuer, r.algorithms)
}

// discover returns where the keys are.
//
// OpenID Connect Discovery 1.0 §4.3: issuer must be the one asked for.
func (r *remoteKeys) discover(ctx context.Context) (string, error) {
	data, err := r.get(ctx, strings.TrimSuffix(r.issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return "", err
	}
	var doc struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", fmt.Errorf("the discovery document is not JSON: %w", err)
	}
	if doc.Issuer != r.issuer {
		return "", fmt.Errorf("the discovery document is that of the issuer %q", doc.Issuer)
	}
	if err := checkURL(doc.JWKS); err != nil {
		return "", fmt.Errorf("jwks_uri of the discovery document: %w", err)
	}
	return doc.JWKS, nil
}

func (r *remoteKeys) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d", address, resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("%s answers more than %d bytes", address, maxDocument)
	}
	return data, nil
}

// keyClient follows redirects on the same host only.
func keyClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errors.New("too many redirects")
			}
			if !sameOrigin(req.URL, via[0].URL) {
				return errors.New("a redirect to another host is not followed")
			}
			return nil
		},
	}
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }
