package memberrule

import (
	"strings"
	"unicode"
)

// fold returns the form of s by which text is compared: each character is replaced by
// the smallest one that differs from it only in case. Two texts have the same folded form
// exactly when strings.EqualFold holds for them.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}
