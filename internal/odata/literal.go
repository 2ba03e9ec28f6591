package odata

import (
	"errors"
	"strings"
	"time"
)

// literalKind is the type that a literal shows by the way it is written.
type literalKind int

const (
	literalNull literalKind = iota
	literalBool
	literalNumber
	literalString
	literalGUID
	literalTime
	literalDuration
	literalEnum
)

// literal is a value as it stands in a filter. What it is worth depends on the
// property that it is compared with.
type literal struct {
	kind   literalKind
	text   string // without quotes
	typ    string // of an enumeration: its name
	column int
}

// String writes the literal so that it reads as the same one again.
func (v literal) String() string {
	quoted := "'" + strings.ReplaceAll(v.text, "'", "''") + "'"
	switch v.kind {
	case literalString:
		return quoted
	case literalDuration:
		return "duration" + quoted
	case literalEnum:
		return v.typ + quoted
	}
	return v.text
}

// describe names the literal for a message.
func (v literal) describe() string {
	switch v.kind {
	case literalNull:
		return "null"
	case literalBool:
		return v.text
	case literalNumber:
		return "the number " + quoteBare(v.text)
	case literalString:
		return "the text " + quote(v.text)
	case literalGUID:
		return "the GUID " + v.text
	case literalTime:
		return "the time " + quoteBare(v.text)
	case literalDuration:
		return "the duration " + quote(v.text)
	}
	return "the enumeration member " + quote(v.text)
}

// quoteBare is quote without the quotes, for what is written without them.
func quoteBare(s string) string { q := quote(s); return q[1 : len(q)-1] }

const guidLength = 36

// isGUID reports whether s is 8-4-4-4-12 hexadecimal digits.
func isGUID(s string) bool {
	if len(s) != guidLength {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// isGUIDAt reports whether a GUID that nothing continues stands at an offset.
func isGUIDAt(s string, at int) bool {
	if len(s)-at < guidLength || !isGUID(s[at:at+guidLength]) {
		return false
	}
	end := at + guidLength
	return end == len(s) || !isBareByte(s[end])
}

// isNumber reports whether s is a decimal number with an optional fraction and exponent.
func isNumber(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, exponent, hasExponent := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, hasFraction := strings.Cut(whole, ".")
	if hasExponent {
		exponent = strings.TrimPrefix(exponent, "-") // "e+5" is "e 5" in a URL
	}
	return isDigits(whole) && (!hasFraction || isDigits(fraction)) && (!hasExponent || isDigits(exponent))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func looksLikeDate(s string) bool {
	return len(s) >= 10 && isDigits(s[:4]) && s[4] == '-' && s[7] == '-'
}

// parseTime reads an Edm.DateTimeOffset, whose seconds may be left out, or an Edm.Date,
// which stands for its first moment in UTC. No stored time is finer than a microsecond,
// so what is finer is cut off.
func parseTime(s string) (time.Time, error) {
	upper := strings.ToUpper(s)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, upper); err == nil {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if _, err := time.Parse(layout, upper); err == nil {
			return time.Time{}, errors.New("it has no time zone; end it with Z, or with an offset such as %2B01:00 (a bare + means a space in a URL)")
		}
	}
	return time.Time{}, errors.New("a time is written as 2026-01-31T12:00:00Z, a day as 2026-01-31")
}
