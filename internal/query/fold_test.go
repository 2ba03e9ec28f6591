package query

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"Sales 2026", "SALES 2026"},
		{"ALREADY", "ALREADY"},
		{"straße", "STRAßE"}, // no text changes its length in characters
		{"é", "É"},
		{"\u212a", "K"}, // the Kelvin sign
		{"ſ", "S"},      // long s
		{"ς", "Σ"},
		{"ı", "ı"}, // dotless i has no other form in Unicode's simple folding
		{"日本", "日本"},
	} {
		if got := Fold(tc.in); got != tc.want {
			t.Errorf("Fold(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestFoldAgreesWithEqualFold(t *testing.T) {
	text := rapid.StringOf(rapid.RuneFrom([]rune("aAbBkK\u212asSſßéÉσςΣıİi")))
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if got, want := Fold(a) == Fold(b), strings.EqualFold(a, b); got != want {
			t.Errorf("%q and %q: equal folded %v, EqualFold %v", a, b, got, want)
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "abc", "ABC", "ǅ", "\xff", "a\xffb", "ſK\u212a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := Fold(s)
		if again := Fold(folded); again != folded {
			t.Errorf("Fold(%q) = %q, folded again %q", s, folded, again)
		}
		if utf8.RuneCountInString(folded) != utf8.RuneCountInString(s) {
			t.Errorf("Fold(%q) = %q has another number of characters", s, folded)
		}
		if !strings.EqualFold(s, folded) {
			t.Errorf("Fold(%q) = %q is another text", s, folded)
		}
	})
}
