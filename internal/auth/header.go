package auth

import (
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"anteroom/internal/entitlement"
)

// MaxToken is the longest token that is looked at, in bytes. Microsoft's largest, with
// 200 groups in it, have about 9 KB.
const MaxToken = 16 << 10

// refuse makes the one kind of error that a bad token leads to. A message never holds
// text of the token, nor what would have been right: it may be read by a forger.
func refuse(format string, args ...any) error {
	return entitlement.Errorf(entitlement.CodeUnauthenticated, "", format, args...)
}

// header is what is read of a token's protected header (RFC 7515 §4.1). Whatever could
// name a key other than by its id is read only to be refused.
type header struct {
	Alg  string         `json:"alg"`
	Kid  string         `json:"kid"`
	Typ  string         `json:"typ"`
	JWK  jsontext.Value `json:"jwk"`
	JKU  jsontext.Value `json:"jku"`
	X5U  jsontext.Value `json:"x5u"`
	X5C  jsontext.Value `json:"x5c"`
	Crit jsontext.Value `json:"crit"`
}

// parseToken takes a compact JWS apart: its header, checked, and its claims, of which
// nothing is checked and which must not be believed yet.
func parseToken(raw string) (header, claims, error) {
	if len(raw) > MaxToken {
		return header{}, nil, refuse("The access token is longer than %d bytes.", MaxToken)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || !isBase64URL(parts[2]) {
		return header{}, nil, refuse("The access token is not a signed JWT of three parts.")
	}
	head, err1 := decodePart(parts[0])
	payload, err2 := decodePart(parts[1])
	if err1 != nil || err2 != nil {
		return header{}, nil, refuse("The access token is not a signed JWT: a part is not base64url.")
	}
	var h header
	if err := json.Unmarshal(head, &h); err != nil {
		return header{}, nil, refuse("The header of the access token is not the JSON object of a JWT header.")
	}
	if err := h.check(); err != nil {
		return header{}, nil, err
	}
	c, err := parseClaims(payload)
	return h, c, err
}

// check refuses everything but a plain header.
//
// RFC 8725 §3.1, §3.10, §3.11; RFC 9068 §2.1, §4: typ is at+jwt. Microsoft writes JWT,
// and other issuers write none.
func (h header) check() error {
	switch {
	case h.Alg == "":
		return refuse("The header of the access token names no algorithm (alg).")
	case h.JWK != nil, h.JKU != nil, h.X5U != nil, h.X5C != nil:
		return refuse("The access token brings its own key (jwk, jku, x5u or x5c); only keys of the issuer count.")
	case h.Crit != nil:
		return refuse("The access token asks for header extensions (crit); there are none.")
	}
	switch strings.TrimPrefix(strings.ToLower(h.Typ), "application/") {
	case "", "jwt", "at+jwt":
		return nil
	}
	return refuse("The token is of another type (header typ) than an access token: JWT or at+jwt.")
}

// decodePart reads base64url without padding. Line breaks, which the decoder would
// skip, and loose bits at the end are refused, so that a token has one spelling.
func decodePart(s string) ([]byte, error) {
	if !isBase64URL(s) {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

func isBase64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != ""
}
