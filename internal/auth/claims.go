package auth

import (
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// claims are the members of a token's payload. The getters tell an absent claim from one
// of another type, which is an error: null is another type, too.
type claims map[string]jsontext.Value

// parseClaims reads a payload. A member that is there twice, at any depth, is refused:
// two readers could take different ones.
//
// RFC 7519 §4, RFC 8725 §2.4.
func parseClaims(payload []byte) (claims, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil || c == nil {
		return nil, refuse("The payload of the access token is not a JSON object whose members are all different.")
	}
	return c, nil
}

// text returns a claim that is a string.
func (c claims) text(name string) (s string, present bool, err error) {
	v, ok := c[name]
	if !ok {
		return "", false, nil
	}
	if v.Kind() != '"' || json.Unmarshal(v, &s) != nil {
		return "", true, refuse("The claim %s of the access token is not a string.", name)
	}
	return s, true, nil
}

// list returns a claim that is an array of strings, nil where there is none.
func (c claims) list(name string) (s []string, err error) {
	v, ok := c[name]
	if !ok {
		return nil, nil
	}
	var items []jsontext.Value
	if v.Kind() != '[' || json.Unmarshal(v, &items) != nil {
		return nil, refuse("The claim %s of the access token is not an array.", name)
	}
	for _, item := range items {
		var one string
		if item.Kind() != '"' || json.Unmarshal(item, &one) != nil {
			return nil, refuse("The claim %s of the access token is not an array of strings.", name)
		}
		s = append(s, one)
	}
	return s, nil
}

// textOrList returns a claim that is a string or an array of strings (RFC 7519 §4.1.3).
func (c claims) textOrList(name string) ([]string, error) {
	if v, ok := c[name]; !ok || v.Kind() != '"' {
		return c.list(name)
	}
	s, _, err := c.text(name)
	return []string{s}, err
}

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799

// time returns a claim that is a NumericDate (RFC 7519 §2): seconds since 1970, a
// fraction of which is cut off.
func (c claims) time(name string) (t time.Time, present bool, err error) {
	v, ok := c[name]
	if !ok {
		return time.Time{}, false, nil
	}
	if v.Kind() != '0' {
		return time.Time{}, true, refuse("The claim %s of the access token is not a number of seconds.", name)
	}
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil || n < 0 || n > maxSeconds {
		return time.Time{}, true, refuse("The claim %s of the access token is not a time between 1970 and 9999.", name)
	}
	return time.Unix(int64(math.Floor(n)), 0), true, nil
}
