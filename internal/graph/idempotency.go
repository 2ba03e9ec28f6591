package graph

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
)

const idempotencyHeader = "Idempotency-Key"

// idempotency returns the key under which the caller may repeat the call, empty where
// there is none, and the digest of what is asked: SHA-256 of method, path and body.
//
// draft-ietf-httpapi-idempotency-key-header
func (c *call) idempotency(body node) (key, digest string, err error) {
	given := c.r.Header[idempotencyHeader]
	switch {
	case len(given) == 0:
		return "", "", nil
	case len(given) > 1:
		return "", "", entitlement.Errorf(entitlement.CodeBadRequest, idempotencyHeader, "The header %s is there %d times; send it once.", idempotencyHeader, len(given))
	}
	if key = strings.TrimSpace(given[0]); key == "" {
		return "", "", entitlement.Errorf(entitlement.CodeBadRequest, idempotencyHeader, "The header %s is empty; leave it out or send a key, such as a new UUID for each new request.", idempotencyHeader)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", c.r.Method, c.path(0, false))
	body.hash(h)
	return key, hex.EncodeToString(h.Sum(nil)), nil
}

// hash adds a value to a digest. Two values that mean the same add the same, in whatever
// order their members stand and however they are spaced, escaped or compressed.
func (v *value) hash(h hash.Hash) {
	switch v.kind {
	case isBoolean:
		fmt.Fprintf(h, "b%t", v.yes)
	case isNumber:
		fmt.Fprintf(h, "n%d:%s", len(v.text), v.text)
	case isString:
		fmt.Fprintf(h, "s%d:%s", len(v.text), v.text)
	case isObject:
		members := slices.Clone(v.members)
		slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
		fmt.Fprintf(h, "o%d", len(members))
		for i := range members {
			fmt.Fprintf(h, ",%d:%s=", len(members[i].name), members[i].name)
			members[i].value.hash(h)
		}
	case isArray:
		fmt.Fprintf(h, "a%d", len(v.items))
		for i := range v.items {
			v.items[i].hash(h)
		}
	default:
		fmt.Fprint(h, "-")
	}
}
