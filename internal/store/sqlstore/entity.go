package sqlstore

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// entity describes how objects of one type are stored: in which table, and which of
// their members are columns. The rest of an object is its body.
type entity[T any] struct {
	table  string
	meta   func(*T) *entitlement.Object
	fields []field[T]
	// keeps says that rows are kept in memory for as long as none of the tenant's tables that
	// are kept changes: the database counts those changes, see migration 6.
	keeps bool
	// flags are paths that stand for a condition.
	flags []condition
	// links are paths to a column of another table whose rows hang on the row.
	links []link

	paths   map[string]path
	names   string // columns of a row, as scan wants them
	updates []update

	// addSQL fails where insertSQL, which ensures that there is a row, changes nothing.
	selectSQL, insertSQL, addSQL, versionSQL, deleteSQL string
}

// field is a member of an object that is a column.
type field[T any] struct {
	column   string
	paths    []string
	kind     kind
	nullable bool // an empty value is null
	changes  changes
	get      func(*T) driver.Value
	set      func(*T, driver.Value)
}

// changes is how often a field changes. Update tries first to find those that seldom do as
// they are and to write the others alone: writing them, even the same, would write the
// indexes on them.
type changes int

const (
	often changes = iota
	once          // at the end of what the object goes through
	hardlyEver
)

func seldom[T any](f field[T]) field[T] {
	f.changes = hardlyEver
	return f
}

func atTheEnd[T any](f field[T]) field[T] {
	f.changes = once
	return f
}

// update is an SQL text that writes a row, but for the fields that change more seldom than
// most: where one of those has changed, it finds no row.
type update struct {
	most changes
	text string
}

// kind is how the values of a column are compared.
type kind int

const (
	kindID   kind = iota // exactly; literals are made lower case, as ids are
	kindWord             // exactly: the words of an enum
	kindText             // by the folded form, which has its own column
	kindTime
	kindFlag // a condition, not a column
	kindLink // rows of another table that hang on the row
)

// path is what a query may name: a column or a condition.
type path struct {
	kind     kind
	column   string // what is compared: for text, the folded column
	nullable bool
	yes, no  string // for a flag
	link     string // for a link: a condition that a row of the other table is as wanted, up to the operator
}

// link is a path that is equal to a value when there is a row elsewhere that holds it and
// names this row: key is what it is named by, rows selects the names, $1 being the tenant,
// and column is what holds the value.
type link struct{ path, key, rows, column string }

// condition is a path that stands for a condition; no is its opposite.
type condition struct{ path, yes, no string }

// id is a column that holds the id of something, null where it is empty.
func id[T any](column string, ref func(*T) *entitlement.ID, paths ...string) field[T] {
	return str(column, kindID, ref, paths)
}

// word is a column that holds a word of an enum, null where it is empty.
func word[T any, S ~string](column string, ref func(*T) *S, paths ...string) field[T] {
	return str(column, kindWord, ref, paths)
}

// text is a column that is compared and sorted without regard to case, by means of a
// second column.
func text[T any](column string, ref func(*T) *string, paths ...string) field[T] {
	return field[T]{
		column: column, paths: paths, kind: kindText,
		get: func(o *T) driver.Value { return *ref(o) },
		set: func(o *T, v driver.Value) { *ref(o), _ = v.(string) },
	}
}

// instant is a column that holds a time, null where it is zero.
func instant[T any](column string, ref func(*T) *time.Time, paths ...string) field[T] {
	return field[T]{
		column: column, paths: paths, kind: kindTime, nullable: true,
		get: func(o *T) driver.Value {
			if t := *ref(o); !t.IsZero() {
				return t.UnixMicro()
			}
			return nil
		},
		set: func(o *T, v driver.Value) {
			if n, ok := v.(int64); ok {
				*ref(o) = time.UnixMicro(n).UTC()
			}
		},
	}
}

// opaque is a column that holds text of the server's own, null where it is empty.
func opaque[T any](column string, ref func(*T) *string, paths ...string) field[T] {
	return str(column, kindID, ref, paths)
}

func str[T any, S ~string](column string, k kind, ref func(*T) *S, paths []string) field[T] {
	return field[T]{
		column: column, paths: paths, kind: k, nullable: true,
		get: func(o *T) driver.Value {
			if s := *ref(o); s != "" {
				return string(s)
			}
			return nil
		},
		set: func(o *T, v driver.Value) {
			s, _ := v.(string)
			*ref(o) = S(s)
		},
	}
}

// build makes the SQL texts of an entity.
func build[T any](e entity[T]) *entity[T] {
	e.paths = map[string]path{
		"id":              {kind: kindID, column: "id"},
		"createdDateTime": {kind: kindTime, column: "created"},
	}
	names := []string{"id", "version", "created", "modified"}
	insert := []string{"tenant", "id", "version", "created", "modified"}
	for _, f := range e.fields {
		names = append(names, f.column)
		p := path{kind: f.kind, column: f.column, nullable: f.nullable}
		insert = append(insert, f.column)
		if f.kind == kindText {
			p.column += "_key"
			insert = append(insert, p.column)
		}
		for _, name := range f.paths {
			e.paths[name] = p
		}
	}
	for _, f := range e.flags {
		e.paths[f.path] = path{kind: kindFlag, yes: f.yes, no: f.no}
	}
	for _, l := range e.links {
		e.paths[l.path] = path{kind: kindLink, link: l.key + " IN (" + l.rows + " AND " + l.column}
	}
	names, insert = append(names, "body"), append(insert, "body")
	e.names = strings.Join(names, ", ")
	e.selectSQL = "SELECT " + e.names + " FROM " + e.table + " WHERE tenant = $1 AND id = $2"
	e.addSQL = "INSERT INTO " + e.table + " (" + strings.Join(insert, ", ") + ") VALUES (" + marks(1, len(insert)) + ")"
	e.insertSQL = e.addSQL + " ON CONFLICT DO NOTHING"
	for _, most := range []changes{often, once, hardlyEver} {
		u := update{most, e.update(most)}
		if !slices.ContainsFunc(e.updates, func(o update) bool { return o.text == u.text }) {
			e.updates = append(e.updates, u)
		}
	}
	e.versionSQL = "SELECT version FROM " + e.table + " WHERE tenant = $1 AND id = $2"
	e.deleteSQL = "DELETE FROM " + e.table + " WHERE tenant = $1 AND id = $2"
	return &e
}

// update is the SQL text that writes the fields that change no more seldom than most,
// where the others stay as they are. Its arguments are those of the INSERT.
func (e *entity[T]) update(most changes) string {
	set, same, n := "version = version + 1, created = $4, modified = $5", "", 5
	for _, f := range e.fields {
		columns := []string{f.column}
		if f.kind == kindText {
			columns = append(columns, f.column+"_key")
		}
		for _, c := range columns {
			n++
			if f.changes > most {
				same += fmt.Sprintf(" AND %s IS NOT DISTINCT FROM $%d", c, n)
			} else {
				set += fmt.Sprintf(", %s = $%d", c, n)
			}
		}
	}
	return fmt.Sprintf("UPDATE %s SET %s, body = $%d WHERE tenant = $1 AND id = $2 AND version = $3%s", e.table, set, n+1, same)
}

// updatesFor are the texts to try, in turn, for an object that is was when it was read: the
// first one leaves alone what did not change. Fields that seldom change are members of the
// object itself, so that a shallow copy of it is enough.
func (e *entity[T]) updatesFor(was, now *T) []update {
	needed := often
	for i := range e.fields {
		if f := &e.fields[i]; f.changes > needed && f.get(was) != f.get(now) {
			needed = f.changes
		}
	}
	return e.updates[slices.IndexFunc(e.updates, func(u update) bool { return u.most >= needed }):]
}

// values are an object's columns in the order of the INSERT.
func (e *entity[T]) values(tenant int64, o *T) ([]driver.Value, error) {
	m := e.meta(o)
	if m.ID == "" {
		return nil, fmt.Errorf("sqlstore: an object for table %s has no id", e.table)
	}
	v := make([]driver.Value, 0, 8+2*len(e.fields))
	v = append(v, tenant, string(m.ID), m.Version, m.CreatedAt.UnixMicro(), m.ModifiedAt.UnixMicro())
	for i := range e.fields {
		f := &e.fields[i]
		x := f.get(o)
		v = append(v, x)
		if f.kind == kindText {
			v = append(v, query.Fold(x.(string)))
		}
	}
	body, err := encode(o)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: encoding an object for table %s: %w", e.table, err)
	}
	return append(v, body), nil
}

// scan makes an object of a row.
func (e *entity[T]) scan(v []driver.Value) (*T, error) {
	o := new(T)
	if err := decode(v[len(v)-1], o); err != nil {
		return nil, fmt.Errorf("sqlstore: decoding a row of table %s: %w", e.table, err)
	}
	m := e.meta(o)
	ident, _ := v[0].(string)
	m.ID = entitlement.ID(ident)
	m.Version, _ = v[1].(int64)
	m.CreatedAt, m.ModifiedAt = timeOf(v[2]), timeOf(v[3])
	for i := range e.fields {
		e.fields[i].set(o, v[4+i])
	}
	return o, nil
}

// value is an object's value at a path, as a query sees it.
func (e *entity[T]) value(o *T, name string) (query.Value, bool) {
	switch m := e.meta(o); name {
	case "id":
		return string(m.ID), true
	case "createdDateTime":
		return m.CreatedAt.UTC(), true
	}
	for i := range e.fields {
		f := &e.fields[i]
		for _, p := range f.paths {
			if p != name {
				continue
			}
			v := f.get(o)
			if n, ok := v.(int64); ok && f.kind == kindTime {
				return time.UnixMicro(n).UTC(), true
			}
			return v, true
		}
	}
	return nil, false
}

func timeOf(v driver.Value) time.Time {
	n, _ := v.(int64)
	return time.UnixMicro(n).UTC()
}
