package modelstore

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/query"
	"anteroom/internal/store"
)

// TestPaths asks both stores about every path that either may support in any table, in
// every way. The paths of the SQL store are among the texts in its source.
func TestPaths(t *testing.T) {
	ctx := t.Context()
	model, other := pairOfStores(t)
	paths := texts(t, filepath.Join("..", "sqlstore"), ".")
	if !slices.Contains(paths, "assignment/accessPackage/id") {
		t.Fatalf("the texts in the source are %q", paths)
	}
	answers := make([]map[string]string, 2)
	for i, s := range []store.Store{model, other} {
		must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
			answers[i] = ask(ctx, tx, paths)
			return nil
		}))
	}
	for _, question := range slices.Sorted(maps.Keys(answers[0])) {
		if d := cmp.Diff(answers[1][question], answers[0][question]); d != "" {
			t.Errorf("%s (-SQL +model):\n%s", question, d)
		}
	}
}

// texts lists what looks like a path in the Go files of directories.
func texts(t *testing.T, directories ...string) []string {
	t.Helper()
	all := map[string]bool{"id": true, "nonsense": true}
	like := regexp.MustCompile(`^[a-z][A-Za-z]*(/[A-Za-z]+)*$`)
	for _, dir := range directories {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			must(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && like.MatchString(text) {
						all[text] = true
					}
				}
				return true
			})
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// ask lists for each table and path what the store refuses.
func ask(ctx context.Context, tx *store.Tx, paths []string) map[string]string {
	answers := make(map[string]string)
	v := reflect.ValueOf(tx).Elem()
	for i := range v.NumField() {
		cursor := v.Field(i).MethodByName("Cursor")
		if !cursor.IsValid() {
			continue // it is no table
		}
		list := v.Field(i).MethodByName("List")
		object := reflect.New(cursor.Type().In(0).Elem())
		for _, path := range paths {
			refused := refusals(path, func(q query.Query) error {
				return failure(list.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(q)}))
			})
			if err := failure(cursor.Call([]reflect.Value{object, reflect.ValueOf([]query.Order{{Path: path}})})); err != nil {
				refused += "\ncursor: " + class(err)
			}
			answers[v.Type().Field(i).Name+" "+path] = refused
		}
	}
	for _, path := range paths {
		if path == "audit" || path == "id" {
			continue // the SQL store has its own ways with these
		}
		answers["History "+path] = refusals(path, func(q query.Query) error {
			_, err := tx.History.Audits(ctx, q)
			return err
		})
	}
	return answers
}

// failure is the last of what a call returned.
func failure(results []reflect.Value) error {
	err, _ := results[len(results)-1].Interface().(error)
	return err
}

// refusals lists the questions about a path that list refuses. One that it does not know at
// all is not asked about further.
func refusals(path string, list func(query.Query) error) string {
	if err := list(query.Query{Filter: &query.In{Path: path}}); err != nil {
		return class(err)
	}
	var refused []string
	for what, q := range questions(path) {
		if err := list(q); err != nil {
			refused = append(refused, what+": "+class(err))
		}
	}
	slices.Sort(refused)
	return strings.Join(refused, "\n")
}

// questions are queries that name the path.
func questions(path string) map[string]query.Query {
	list := make(map[string]query.Query)
	for what, v := range map[string]query.Value{"null": nil, "text": "x", "bool": true, "time": sampleTime, "int": int64(1)} {
		for _, op := range []query.Op{query.Eq, query.Ne, query.Gt, "like"} {
			list[string(op)+" "+what] = query.Query{Filter: &query.Compare{Path: path, Op: op, Value: v}}
		}
		list["in "+what] = query.Query{Filter: &query.In{Path: path, Values: []query.Value{v}}}
		after := &query.Cursor{Keys: []query.Value{v}, ID: "x"}
		list["after "+what] = query.Query{Order: []query.Order{{Path: path}}, After: after}
	}
	for _, kind := range []query.MatchKind{query.StartsWith, query.Contains, "endswith"} {
		list[string(kind)] = query.Query{Filter: &query.Match{Path: path, Kind: kind, Text: "x"}}
	}
	list["order"] = query.Query{Order: []query.Order{{Path: path}}}
	list["after too little"] = query.Query{Order: []query.Order{{Path: path}}, After: &query.Cursor{ID: "x"}}
	return list
}
