package query

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRewriteReachesEveryLeafAndKeepsTheOriginal(t *testing.T) {
	filter := func(path string) Expr {
		return &And{Parts: []Expr{Equal(path, "1"), &Not{Part: &Or{Parts: []Expr{Equal(path, "2"), Equal("other", "3")}}}}}
	}
	e := filter("a")
	got := Rewrite(e, func(e Expr) Expr {
		if c := e.(*Compare); c.Path == "a" {
			return Equal("b", c.Value)
		}
		return e
	})
	if diff := cmp.Diff(filter("b"), got); diff != "" {
		t.Errorf("rewritten (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(filter("a"), e); diff != "" {
		t.Errorf("the original (-want +got):\n%s", diff)
	}
	if got := Rewrite(nil, func(e Expr) Expr { return e }); got != nil {
		t.Errorf("nil became %v", got)
	}
}
