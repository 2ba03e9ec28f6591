package graph

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// TestErrorsAreDocumented holds docs/errors.md to the codes: each has one row, with the
// status that it is answered with, what it means, and nothing else has one.
func TestErrorsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[entitlement.Code]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\w+) \| (\d+) \| ([^|]+) \|`).FindAllStringSubmatch(string(text), -1) {
		code := entitlement.Code(row[1])
		if _, twice := documented[code]; twice {
			t.Errorf("%s has two rows", code)
		}
		documented[code], _ = strconv.Atoi(row[2])
	}
	if diff := cmp.Diff(statusOf, documented); diff != "" {
		t.Errorf("docs/errors.md differs from what is answered (-answered +documented):\n%s", diff)
	}
}
