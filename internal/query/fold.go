package query

import (
	"strings"
	"unicode"
)

// Fold returns the form of s by which text is compared and sorted: each character is
// replaced by the smallest one that differs from it only in case. Two texts have the
// same folded form exactly when strings.EqualFold holds for them. Folding a folded
// text changes nothing.
func Fold(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			return strings.Map(foldRune, s)
		case 'a' <= c && c <= 'z':
			return foldFrom(s, i)
		}
	}
	return s
}

// foldFrom folds s, whose first small letter is at i, as long as it is ASCII.
func foldFrom(s string, i int) string {
	b := []byte(s)
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c >= 0x80:
			return strings.Map(foldRune, s)
		case 'a' <= c && c <= 'z':
			b[i] = c - ('a' - 'A')
		}
	}
	return string(b)
}

func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}
