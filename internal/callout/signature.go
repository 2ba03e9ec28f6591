package callout

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// signatureScheme marks an ed25519 signature (Standard Webhooks, "Signature scheme").
const signatureScheme = "v1a,"

// Sign returns the value of webhook-signature: "v1a," and the base64 of the ed25519
// signature over id, time in seconds and body, joined by dots. The key must be whole;
// id should hold no dot, so that the three can be told apart.
//
// Standard Webhooks, "Signature scheme"
func Sign(key ed25519.PrivateKey, id string, t time.Time, body []byte) string {
	sig := ed25519.Sign(key, signedContent(id, strconv.FormatInt(t.Unix(), 10), body))
	return signatureScheme + base64.StdEncoding.EncodeToString(sig)
}

// Verify reports whether one of the signatures, separated by spaces as in the header
// webhook-signature, is by the key. The other arguments are the values of webhook-id
// and webhook-timestamp and the body as received. Whether the time is recent is for
// the receiver to check.
func Verify(pub ed25519.PublicKey, id, timestamp string, body []byte, signatures string) bool {
	if len(pub) != ed25519.PublicKeySize {
		return false
	}
	content := signedContent(id, timestamp, body)
	for one := range strings.FieldsSeq(signatures) {
		text, ok := strings.CutPrefix(one, signatureScheme)
		if !ok {
			continue
		}
		sig, err := base64.StdEncoding.DecodeString(text)
		if err == nil && ed25519.Verify(pub, content, sig) {
			return true
		}
	}
	return false
}

func signedContent(id, timestamp string, body []byte) []byte {
	b := make([]byte, 0, len(id)+len(timestamp)+len(body)+2)
	b = append(append(b, id...), '.')
	b = append(append(b, timestamp...), '.')
	return append(b, body...)
}

// KeyFromSeed makes the key of a 32-byte seed (RFC 8032 section 5.1.5).
func KeyFromSeed(seed []byte) (ed25519.PrivateKey, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("callout: the seed of a signing key has %d bytes; it must have %d", len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// KeyID names a public key: its JWK thumbprint with SHA-256, in base64url.
//
// RFC 7638 section 3, RFC 8037 section 2
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(pub) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// JWK returns a public key as the members of a JSON Web Key; kid is KeyID.
//
// RFC 8037 section 2
func JWK(pub ed25519.PublicKey) map[string]string {
	return map[string]string{
		"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(pub),
		"kid": KeyID(pub), "use": "sig", "alg": "EdDSA",
	}
}
