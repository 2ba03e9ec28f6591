package odata

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"anteroom/internal/query"
)

// TokenKey is the secret with which skip tokens are sealed, at least 16 random bytes.
// Servers that answer for each other need the same one.
type TokenKey []byte

const (
	badToken     = "The skip token is not valid here. Follow @odata.nextLink as it was given, or begin again without $skiptoken."
	tokenVersion = 1
	tokenMACSize = 16
	minTokenKey  = 16
)

// Tags of the values in a token.
const (
	tagNull byte = iota
	tagFalse
	tagTrue
	tagInt
	tagTime
	tagText
)

// SealToken writes a position as a skip token: text that needs no encoding in a URL.
// It is signed but not secret; it holds what the last object of the page showed.
//
// Binding says where the token is good: it names the tenant, the caller, the collection
// and the options that decide filter and order. OpenToken needs the same.
func SealToken(key TokenKey, binding string, c query.Cursor) (string, error) {
	if len(key) < minTokenKey {
		return "", errors.New("odata: the key for skip tokens is too short")
	}
	b := []byte{tokenVersion}
	b = appendText(b, c.ID)
	b = binary.AppendUvarint(b, uint64(len(c.Keys)))
	for _, v := range c.Keys {
		switch v := v.(type) {
		case nil:
			b = append(b, tagNull)
		case bool:
			if v {
				b = append(b, tagTrue)
			} else {
				b = append(b, tagFalse)
			}
		case int64:
			b = binary.AppendVarint(append(b, tagInt), v)
		case time.Time:
			b = binary.AppendVarint(append(b, tagTime), v.Unix())
			b = binary.AppendUvarint(b, uint64(v.Nanosecond()))
		case string:
			b = appendText(append(b, tagText), v)
		default:
			return "", errors.New("odata: a position holds a value of an unknown type")
		}
	}
	token := base64.RawURLEncoding.EncodeToString(append(b, tokenMAC(key, binding, b)...))
	if len(token) > MaxTokenBytes {
		return "", errors.New("odata: the values of the position are too long for a skip token")
	}
	return token, nil
}

// OpenToken reads a skip token that SealToken made with the same key and binding. Any
// other is refused with one and the same message.
func OpenToken(key TokenKey, binding, token string) (query.Cursor, error) {
	refused := errorf("$skiptoken", 0, "%s", badToken)
	if len(key) < minTokenKey || len(token) > MaxTokenBytes {
		return query.Cursor{}, refused
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder skips line breaks; a token has one spelling.
	if err != nil || len(b) < tokenMACSize || strings.ContainsAny(token, "\r\n") {
		return query.Cursor{}, refused
	}
	payload, mac := b[:len(b)-tokenMACSize], b[len(b)-tokenMACSize:]
	if !hmac.Equal(mac, tokenMAC(key, binding, payload)) {
		return query.Cursor{}, refused
	}
	r := tokenReader{rest: payload}
	c := r.cursor()
	if r.bad || len(r.rest) > 0 {
		return query.Cursor{}, refused
	}
	return c, nil
}

func tokenMAC(key TokenKey, binding string, payload []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("anteroom skip token\x00"))
	h.Write(appendText(nil, binding))
	h.Write(payload)
	return h.Sum(nil)[:tokenMACSize]
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// tokenReader reads the payload of a token. Once something is wrong, bad stays set.
type tokenReader struct {
	rest []byte
	bad  bool
}

func (r *tokenReader) cursor() query.Cursor {
	if r.byte() != tokenVersion {
		r.bad = true
		return query.Cursor{}
	}
	c := query.Cursor{ID: r.text()}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		c.Keys = append(c.Keys, r.value())
	}
	return c
}

func (r *tokenReader) value() query.Value {
	switch r.byte() {
	case tagNull:
		return nil
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagInt:
		return r.varint()
	case tagTime:
		seconds, nanos := r.varint(), r.uvarint()
		if nanos < uint64(time.Second) {
			return time.Unix(seconds, int64(nanos)).UTC()
		}
	case tagText:
		return r.text()
	}
	r.bad = true
	return nil
}

func (r *tokenReader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0xff
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *tokenReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, n = true, 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *tokenReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad, n = true, 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *tokenReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
