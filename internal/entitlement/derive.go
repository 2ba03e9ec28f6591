package entitlement

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// DeriveID makes an id from text, the same one each time: a UUID of version 8
// (RFC 9562 §5.8) over the SHA-256 of the parts. It is as hard to guess as its parts.
func DeriveID(parts ...string) ID {
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return ID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}
