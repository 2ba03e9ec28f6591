package memberrule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError is the refusal of a rule; its message is meant for whoever wrote the rule.
type SyntaxError struct {
	// Column is where, in characters from 1; one behind the last character where
	// something is missing at the end.
	Column int
	// Message says what is wrong, what was found and what is allowed.
	Message string
}

// Error returns the column and the message.
func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

func errorf(column int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Column: column, Message: fmt.Sprintf(format, args...)}
}

// quote shows text of the rule in a message: short, on one line, in single quotes.
func quote(s string) string {
	const most = 64
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return "'" + strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s) + "'"
}

// words lists names for a message: "a, b or c".
func words(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}
