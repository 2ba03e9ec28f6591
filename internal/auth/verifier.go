package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"anteroom/internal/entitlement"
)

// Verifier turns bearer tokens into actors. It is safe for concurrent use.
type Verifier struct {
	issuer func(iss string) (*trusted, bool)
	remote []*remoteKeys
	now    func() time.Time
	cache  *cache
}

// An Option changes how a Verifier works.
type Option func(*options)

type options struct {
	now       func() time.Time
	transport http.RoundTripper
	log       *slog.Logger
}

// WithClock has times of tokens compared with now instead of time.Now.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithTransport has keys fetched through a transport of the caller's, with other roots
// of trust for example.
func WithTransport(t http.RoundTripper) Option { return func(o *options) { o.transport = t } }

// WithLogger has failures to fetch keys logged; they are not, otherwise.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.log = l } }

// NewVerifier makes a verifier that trusts these issuers and no other. It fetches
// nothing yet; see Warm. The error says which issuer is wrong and why.
func NewVerifier(issuers []Issuer, opts ...Option) (*Verifier, error) {
	o := options{now: time.Now, log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	if o.transport == nil {
		o.transport = defaultTransport()
	}
	all, err := trust(issuers)
	if err != nil {
		return nil, err
	}
	v := &Verifier{now: o.now, cache: newCache(cacheEntries)}
	client := keyClient(o.transport)
	for _, t := range all {
		keys := &remoteKeys{issuer: t.url, jwksURL: t.jwksURL, algorithms: t.algorithms, client: client, now: o.now, log: o.log}
		t.keys = keys
		v.remote = append(v.remote, keys)
	}
	v.issuer = func(iss string) (*trusted, bool) { t, ok := all[iss]; return t, ok }
	return v, nil
}

func defaultTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}

// Warm fetches the keys of all issuers that were not fetched yet, all at once, and says
// of each why it could not. Verify fetches by itself: this is for readiness and checks.
func (v *Verifier) Warm(ctx context.Context) error {
	errs := make(chan error, len(v.remote))
	for _, r := range v.remote {
		go func() { errs <- r.warm(ctx) }()
	}
	var all []error
	for range v.remote {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// Authenticate verifies the token of a request: that of its one Authorization header
// with the scheme Bearer (RFC 6750 §2.1). The error is as of Verify.
func (v *Verifier) Authenticate(r *http.Request) (entitlement.Actor, error) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return entitlement.Actor{}, refuse("There is no access token: the Authorization header is missing.")
	case 1:
	default:
		return entitlement.Actor{}, refuse("There are %d Authorization headers; one is needed.", len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return entitlement.Actor{}, refuse("The Authorization header is not of the form \"Bearer\", a space, and an access token.")
	}
	return v.Verify(r.Context(), token)
}

// Verify says who a token is of. The error is an *entitlement.Error: with code
// CodeUnauthenticated if the token is refused, with CodeUnavailable if its issuer's keys
// were never got so far and cannot be fetched. The caller may keep the actor.
func (v *Verifier) Verify(ctx context.Context, rawToken string) (entitlement.Actor, error) {
	if len(rawToken) > MaxToken {
		return entitlement.Actor{}, refuse("The access token is longer than %d bytes.", MaxToken)
	}
	d := sha256.Sum256([]byte(rawToken))
	now := v.now()
	if a, ok := v.cache.get(d, now); ok {
		return a, nil
	}
	a, expires, err := v.verify(ctx, rawToken, now)
	if err != nil {
		return entitlement.Actor{}, err
	}
	if most := now.Add(cacheLife); most.Before(expires) {
		expires = most
	}
	e := entry{actor: a, until: expires}
	v.cache.put(d, e)
	return e.copy(), nil
}

// verify does the work of Verify. Claims count from the payload whose signature was
// found good; those read before serve only to find the issuer. go-oidc and this package
// check them independently, and both must agree.
func (v *Verifier) verify(ctx context.Context, raw string, now time.Time) (entitlement.Actor, time.Time, error) {
	var none entitlement.Actor
	head, unverified, err := parseToken(raw)
	if err != nil {
		return none, time.Time{}, err
	}
	iss, present, err := unverified.text("iss")
	if err != nil {
		return none, time.Time{}, err
	}
	issuer, ok := v.issuer(iss)
	if !ok || !present {
		return none, time.Time{}, refuse("The issuer (claim iss) of the access token is not trusted.")
	}
	if !slices.Contains(issuer.algorithms, head.Alg) {
		return none, time.Time{}, refuse("The access token is signed by an algorithm (header alg) that is not accepted.")
	}
	k, err := issuer.keys.find(ctx, head.Kid, head.Alg)
	if err != nil {
		return none, time.Time{}, err
	}
	set := &pinned{key: k}
	_, oidcErr := oidc.NewVerifier(issuer.url, set, &oidc.Config{
		SupportedSigningAlgs: []string{k.alg},
		SkipClientIDCheck:    true, // an access token's audience is an API, not a client
		Now:                  func() time.Time { return now },
	}).Verify(ctx, raw)
	if set.payload == nil {
		return none, time.Time{}, refuse("The signature of the access token is wrong.")
	}
	verified, err := parseClaims(set.payload)
	if err != nil {
		return none, time.Time{}, err
	}
	a, expires, err := issuer.actor(verified, now)
	if err != nil {
		return none, time.Time{}, err
	}
	if oidcErr != nil {
		return none, time.Time{}, refuse("The claims of the access token are not those of a JWT.")
	}
	return a, expires, nil
}
