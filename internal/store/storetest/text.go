package storetest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

func testText(t *testing.T, s store.Store) {
	ctx := t.Context()
	names := []string{
		"Finance", "FINANCE emea", "fin_ance", "fin%ance", "ÄB Ölwerk", "äc", "Σίσυφος", "straße", "STRASSE",
		"K\u212A", "O'Brien \"x\"", "日本語", "😀 party", "a\\b", strings.Repeat("long ", 50), "ud7ff \ud7ff", "max \U0010ffff",
	}
	update(t, s, func(tx *store.Tx) error {
		for i, name := range names {
			o := Filled[entitlement.Group](i)
			o.DisplayName = name
			if err := tx.Groups.Insert(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
	match := func(kind query.MatchKind, text string) query.Expr {
		return &query.Match{Path: "displayName", Kind: kind, Text: text}
	}
	for _, test := range []struct {
		name   string
		filter query.Expr
		want   []string
	}{
		{"equal in another case", query.Equal("displayName", "fINANCE"), []string{"Finance"}},
		{"equal beyond ASCII", query.Equal("displayName", "äb öLWERK"), []string{"ÄB Ölwerk"}},
		{"final sigma", query.Equal("displayName", "ΣΊΣΥΦΟΣ"), []string{"Σίσυφος"}},
		{"no expansion", query.Equal("displayName", "STRASSE"), []string{"STRASSE"}},
		{"kelvin", query.Equal("displayName", "kk"), []string{"K\u212A"}},
		{"in", &query.In{Path: "displayName", Values: []query.Value{"FINANCE", "日本語", "none"}}, []string{"Finance", "日本語"}},
		{"startswith", match(query.StartsWith, "finance"), []string{"Finance", "FINANCE emea"}},
		{"startswith is no pattern", match(query.StartsWith, "fin_"), []string{"fin_ance"}},
		{"startswith percent", match(query.StartsWith, "fin%"), []string{"fin%ance"}},
		{"startswith nothing", match(query.StartsWith, ""), names},
		{"startswith before the surrogates", match(query.StartsWith, "ud7ff \ud7ff"), []string{"ud7ff \ud7ff"}},
		{"startswith the last character", match(query.StartsWith, "MAX \U0010ffff"), []string{"max \U0010ffff"}},
		{"contains", match(query.Contains, "NANCE"), []string{"Finance", "FINANCE emea"}},
		{"contains beyond ASCII", match(query.Contains, "ÖL"), []string{"ÄB Ölwerk"}},
		{"contains quotes", match(query.Contains, "'brien \""), []string{"O'Brien \"x\""}},
		{"contains nothing", match(query.Contains, ""), names},
		{"contains emoji", match(query.Contains, "😀"), []string{"😀 party"}},
		{"contains backslash", match(query.Contains, "\\"), []string{"a\\b"}},
		{"not contains", &query.Not{Part: match(query.Contains, "a")}, []string{"ÄB Ölwerk", "äc", "Σίσυφος", "K\u212A", "O'Brien \"x\"", "日本語", strings.Repeat("long ", 50), "ud7ff \ud7ff"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			view(t, s, func(tx *store.Tx) error {
				list, err := tx.Groups.List(ctx, query.Query{Filter: test.filter})
				for _, o := range list {
					got = append(got, o.DisplayName)
				}
				return err
			})
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
