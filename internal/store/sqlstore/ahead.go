package sqlstore

import (
	"database/sql/driver"
	"slices"
	"strings"
	"unicode/utf8"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// ahead are answers that a transaction has before they are asked for: what its changes said
// that they would ask for, in one round trip. An answer is good until something is written
// that it may hold.
type ahead map[question]*answer

// answer are rows of a table, all for which a filter holds.
type answer struct {
	table  string
	filter query.Expr
	rows   [][]driver.Value
	args   []driver.Value
	keeps  bool
}

// mostAhead is how many answers one transaction gets ahead.
const mostAhead = 1000

// ask adds the statements for what a change will ask for.
func (a ahead) ask(c *conn, tenant int64, want store.Ahead) {
	asksRow(a, c, users, tenant, want.Users)
	asksRow(a, c, requests, tenant, want.Requests)
	asksRow(a, c, assignments, tenant, want.Assignments)
	asksList(a, c, requests, tenant, want.RequestLists)
	asksList(a, c, assignments, tenant, want.AssignmentLists)
}

// askThen adds the statements for what a change will ask for once it has its requests.
func (a ahead) askThen(c *conn, tenant int64, want store.Ahead) {
	if want.Then == nil {
		return
	}
	for _, id := range want.Requests {
		found := a[questionOf(requests.selectSQL, []driver.Value{tenant, string(id)})]
		if found == nil || len(found.rows) == 0 {
			continue
		}
		if r, err := requests.scan(found.rows[0]); err == nil { // who asks for it is told what is wrong with it
			a.ask(c, tenant, want.Then(r))
		}
	}
}

func asksRow[T any](a ahead, c *conn, e *entity[T], tenant int64, ids []entitlement.ID) {
	for _, id := range ids {
		a.add(c, e.selectSQL, &answer{
			table: e.table, filter: query.Equal("id", string(id)), args: []driver.Value{tenant, string(id)}, keeps: e.keeps,
		})
	}
}

func asksList[T any](a ahead, c *conn, e *entity[T], tenant int64, list []query.Query) {
	for _, q := range list {
		if usesLink(e.paths, q.Filter) { // what is written elsewhere would change the answer
			continue
		}
		text, args, err := compileList(c.dialect, "SELECT "+e.names+" FROM "+e.table, e.paths, tenant, q)
		if err != nil {
			continue // who asks is told
		}
		a.add(c, text, &answer{table: e.table, filter: q.Filter, args: args, keeps: e.keeps})
	}
}

// usesLink reports whether a filter asks for rows of another table.
func usesLink(paths map[string]path, f query.Expr) bool {
	in := func(p query.Expr) bool { return usesLink(paths, p) }
	switch f := f.(type) {
	case *query.And:
		return slices.ContainsFunc(f.Parts, in)
	case *query.Or:
		return slices.ContainsFunc(f.Parts, in)
	case *query.Not:
		return usesLink(paths, f.Part)
	case *query.Compare:
		return paths[f.Path].kind == kindLink
	case *query.In:
		return paths[f.Path].kind == kindLink
	}
	return false
}

func (a ahead) add(c *conn, text string, want *answer) {
	q := questionOf(text, want.args)
	// What the database refuses to read fails who asks for it, not all for whom it is asked ahead.
	refused := slices.ContainsFunc(want.args, func(v driver.Value) bool {
		s, _ := v.(string)
		return !utf8.ValidString(s) || strings.ContainsRune(s, 0)
	})
	if refused || len(a) >= mostAhead || a[q] != nil || want.keeps && c.kept.likely(want.args[0].(int64), q) {
		return
	}
	a[q] = want
	c.add(&statement{text: text, args: want.args, row: func(v []driver.Value) error {
		want.rows = append(want.rows, slices.Clone(v))
		return nil
	}})
}

// forget drops the answers that an object may be among, as it was before it was written or
// as it is now. Where it is not known what it was, that is all answers of its table.
func forget[T any](a ahead, e *entity[T], known bool, objects ...*T) {
	for q, ans := range a {
		if ans.table != e.table {
			continue
		}
		if !known || slices.ContainsFunc(objects, func(o *T) bool { return mayHold(e, ans.filter, o) }) {
			delete(a, q)
		}
	}
}

// mayHold reports whether a filter may hold for an object: it is false only where it surely
// does not.
func mayHold[T any](e *entity[T], f query.Expr, o *T) bool {
	switch f := f.(type) {
	case *query.And:
		return !slices.ContainsFunc(f.Parts, func(p query.Expr) bool { return !mayHold(e, p, o) })
	case *query.Or:
		return len(f.Parts) == 0 || slices.ContainsFunc(f.Parts, func(p query.Expr) bool { return mayHold(e, p, o) })
	case *query.Compare:
		want, ok := f.Value.(string)
		if p := e.paths[f.Path]; !ok || f.Op != query.Eq || p.kind != kindID && p.kind != kindWord {
			return true
		}
		is, known := e.value(o, f.Path)
		text, isText := is.(string)
		return !known || is != nil && (!isText || strings.EqualFold(text, want))
	}
	return true
}
