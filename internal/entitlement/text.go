package entitlement

import (
	"strings"
	"unicode/utf8"
)

func checkName(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return Invalid("displayName", "displayName is required and must not be blank.")
	case utf8.RuneCountInString(s) > MaxName:
		return Invalid("displayName", "displayName has %d characters; the most is %d.", utf8.RuneCountInString(s), MaxName)
	case hasControl(s):
		return Invalid("displayName", "displayName holds a control character.")
	}
	return nil
}

func checkText(target string, s *string) error {
	if s == nil {
		return nil
	}
	if n := utf8.RuneCountInString(*s); n > MaxText {
		return Invalid(target, "%s has %d characters; the most is %d.", target, n, MaxText)
	}
	if strings.ContainsRune(*s, 0) {
		return Invalid(target, "%s holds a NUL character.", target)
	}
	return nil
}

// CheckJustification checks the reason that a requestor gives; it may be nil.
func CheckJustification(s *string) error { return checkText("justification", s) }

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
