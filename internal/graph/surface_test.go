package graph

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update if this is meant):\n%s", file, diff)
	}
}

// TestSurface prints all that is served.
func TestSurface(t *testing.T) {
	s := New(Options{})
	var b strings.Builder
	for _, r := range s.surface() {
		verbs := slices.Sorted(maps.Keys(r.methods))
		fmt.Fprintf(&b, "%-24s %s", strings.Join(verbs, " "), r.pattern)
		if r.counted != nil {
			b.WriteString("[/$count]")
		}
		b.WriteByte('\n')
	}
	for _, d := range typeTables(s.schema) {
		b.WriteString("\n" + d.String())
	}
	golden(t, "surface.golden", b.String())
}

// typeTable is what a table says, without its Go type.
type typeTable struct {
	name         string
	props, navs  []string
	readOnly     map[string]bool
	filters      []string
	sorts        []string
	collectionOf map[string]bool
	targets      map[string]string
}

func tableOf[T any](t *entityType[T]) typeTable {
	d := typeTable{name: t.name, filters: t.filterable.Names(), sorts: t.sortable.Names(),
		readOnly: map[string]bool{}, collectionOf: map[string]bool{}, targets: map[string]string{}}
	for i := range t.props {
		d.props = append(d.props, t.props[i].name)
		d.readOnly[t.props[i].name] = t.props[i].read == nil
	}
	for i := range t.navs {
		d.navs = append(d.navs, t.navs[i].name)
		d.collectionOf[t.navs[i].name] = t.navs[i].many
		d.targets[t.navs[i].name] = t.navs[i].target()
	}
	return d
}

func typeTables(s *schema) []typeTable {
	return []typeTable{
		tableOf(&s.catalog), tableOf(&s.pkg), tableOf(&s.policy), tableOf(&s.question), tableOf(&s.stageSetting), tableOf(&s.extension),
		tableOf(&s.resource), tableOf(&s.role), tableOf(&s.scope), tableOf(&s.roleScope), tableOf(&s.resourceRequest),
		tableOf(&s.request), tableOf(&s.assignment), tableOf(&s.approval), tableOf(&s.approvalStage), tableOf(&s.subject), tableOf(&s.user), tableOf(&s.group), tableOf(&s.record),
		tableOf(&s.audit),
		tableOf(&s.principal), tableOf(&s.organization), tableOf(&s.settings), tableOf(&s.endUserSettings),
	}
}

func (d typeTable) String() string {
	var b strings.Builder
	b.WriteString(d.name + "\n")
	for _, p := range d.props {
		b.WriteString("  " + p)
		if !d.readOnly[p] {
			b.WriteString(" (written)")
		}
		b.WriteByte('\n')
	}
	for _, n := range d.navs {
		many := ""
		if d.collectionOf[n] {
			many = "collection of "
		}
		b.WriteString("  " + n + " -> " + many + d.targets[n] + "\n")
	}
	b.WriteString("  $filter: " + strings.Join(d.filters, " ") + "\n  $orderby: " + strings.Join(d.sorts, " ") + "\n")
	return b.String()
}

// TestNavigationTargets: no table points at one that was not described before it.
func TestNavigationTargets(t *testing.T) {
	known := map[string]bool{"directoryObject": true} // which is no table: what is written says what it is
	tables := typeTables(newSchema())
	for _, d := range tables {
		known[d.name] = true
	}
	for _, d := range tables {
		for nav, target := range d.targets {
			if !known[target] {
				t.Errorf("%s/%s leads to %q, which is no table", d.name, nav, target)
			}
		}
	}
}
