package odata

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is a refusal that the caller is meant to read.
type Error struct {
	// Option is what could not be read: a query option in its usual spelling
	// ("$filter"), the name of an unknown option as it was found, "query" for the query
	// of the URL as a whole, or "path".
	Option string
	// Column is where, in characters from 1 in the decoded value of the option; zero
	// where there is no such place. Inside $expand it counts in all of $expand.
	Column int
	// Message says what is wrong, what was found and what is allowed.
	Message string
}

// Error returns the option, the column where there is one, and the message.
func (e *Error) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s, column %d: %s", e.Option, e.Column, e.Message)
	}
	return e.Option + ": " + e.Message
}

func errorf(option string, column int, format string, args ...any) *Error {
	return &Error{Option: option, Column: column, Message: fmt.Sprintf(format, args...)}
}

// quote shows text of the caller in a message: short, on one line, in single quotes.
func quote(s string) string {
	const most = 64
	dots := ""
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s, dots = s[:cut], "…"
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	return "'" + s + dots + "'"
}

// words lists names for a message: "a, b and c".
func words(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}
