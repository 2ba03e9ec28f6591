package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// key is a public key and the one algorithm that it is for.
//
// RFC 8725 §3.1: each key is used with exactly one algorithm.
type key struct {
	id     string
	alg    string
	public any // *rsa.PublicKey or *ecdsa.PublicKey
}

// Limits of a key set.
const (
	maxKeys    = 100
	minRSABits = 2048 // RFC 7518 §3.3
)

// pick returns the key that a token's header names, or false if there is none of that
// id. A token without a key id is the only fitting key's.
func pick(keys []key, kid, alg string) (key, bool, error) {
	var found []key
	known := false
	for _, k := range keys {
		if kid != "" && k.id != kid {
			continue
		}
		known = true
		if k.alg == alg {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 1, len(found) > 1 && kid != "":
		return found[0], true, nil
	case len(found) > 1:
		return key{}, true, refuse("The access token does not say which key of its issuer it is signed by (header kid).")
	case known:
		return key{}, true, refuse("The access token is signed by another algorithm (header alg) than its key is for.")
	}
	return key{}, false, nil
}

// parseKeys reads a JWK set (RFC 7517 §5). Keys that cannot be used are left out: for
// encryption, of another kind or algorithm, too small, or bound to another issuer. A set
// of which nothing is left is an error.
func parseKeys(data []byte, issuer string, algorithms []string) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("the key set is not a JSON object with keys: %w", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys, more than %d", len(set.Keys), maxKeys)
	}
	var keys []key
	for _, raw := range set.Keys {
		if k, ok := parseKey(raw, issuer, algorithms); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of the %d keys of the key set can be used for %s", len(set.Keys), strings.Join(algorithms, ", "))
	}
	return keys, nil
}

func parseKey(raw []byte, issuer string, algorithms []string) (key, bool) {
	var jwk jose.JSONWebKey
	var bound struct {
		Issuer string `json:"issuer"`
	}
	if jwk.UnmarshalJSON(raw) != nil || json.Unmarshal(raw, &bound) != nil || jwk.Use != "" && jwk.Use != "sig" {
		return key{}, false
	}
	// Microsoft hands out the keys of several issuers in one set and writes the issuer
	// beside each, some with a place for the tenant.
	if bound.Issuer != "" && bound.Issuer != issuer && !strings.Contains(bound.Issuer, "{tenantid}") {
		return key{}, false
	}
	k := key{id: jwk.KeyID, alg: jwk.Algorithm, public: jwk.Key}
	var fit []string
	switch public := jwk.Key.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < minRSABits {
			return key{}, false
		}
		fit = []string{"RS256", "PS256"}
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return key{}, false
		}
		fit = []string{"ES256"}
	}
	if k.alg == "" {
		for _, alg := range algorithms {
			if slices.Contains(fit, alg) {
				k.alg = alg
				break
			}
		}
	}
	return k, slices.Contains(fit, k.alg) && slices.Contains(algorithms, k.alg)
}

// localKeys are keys that are in memory.
type localKeys []key

func (l localKeys) find(_ context.Context, kid, alg string) (key, error) {
	k, ok, err := pick(l, kid, alg)
	if err == nil && !ok {
		err = unknownKey()
	}
	return k, err
}

func unknownKey() error {
	return refuse("The access token is signed by a key that its issuer does not have (header kid).")
}

// pinned is the oidc.KeySet of one token: the key is found before, so that a refusal
// can say what it was about. It is used once.
type pinned struct {
	key     key
	payload []byte // of the token, once its signature was found good
}

// VerifySignature implements oidc.KeySet.
func (p *pinned) VerifySignature(_ context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(p.key.alg)})
	if err != nil {
		return nil, err
	}
	payload, err := jws.Verify(p.key.public)
	if err != nil {
		return nil, err
	}
	if payload == nil {
		return nil, errors.New("no payload")
	}
	p.payload = payload
	return payload, nil
}
