package sqlstore

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store/storetest"

	"github.com/google/go-cmp/cmp"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden files")

// TestStored compares what is stored of a full object of each type with a golden file,
// so that renaming a member cannot change stored data unnoticed. A difference needs a
// migration.
func TestStored(t *testing.T) {
	var b strings.Builder
	show(t, &b, catalogs)
	show(t, &b, packages)
	show(t, &b, policies)
	show(t, &b, extensions)
	show(t, &b, resources)
	show(t, &b, roleScopes)
	show(t, &b, resourceRequests)
	show(t, &b, requests)
	show(t, &b, assignments)
	show(t, &b, grants)
	show(t, &b, users)
	show(t, &b, groups)
	show(t, &b, memberships)
	show(t, &b, approvers)
	show(t, &b, incompatibilities)
	show(t, &b, organizations)
	show(t, &b, principals)
	show(t, &b, idempotencyKeys)
	body, err := encode(storetest.Filled[entitlement.Record](1))
	must(t, err)
	fmt.Fprintf(&b, "history\n\tbody = %s\n", body)

	const name = "testdata/stored.golden"
	if *updateGolden {
		must(t, os.WriteFile(name, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(name)
	must(t, err)
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("stored data has changed; if that is meant, write a migration and run with -update (-want +got):\n%s", d)
	}
}

func show[T any](t *testing.T, b *strings.Builder, e *entity[T]) {
	values, err := e.values(1, storetest.Filled[T](1))
	must(t, err)
	columns, _, _ := strings.Cut(e.insertSQL, ") VALUES")
	_, columns, _ = strings.Cut(columns, "(")
	fmt.Fprintln(b, e.table)
	for i, c := range strings.Split(columns, ", ") {
		fmt.Fprintf(b, "\t%s = %v\n", c, values[i])
	}
}
