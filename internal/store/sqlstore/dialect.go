package sqlstore

import (
	"context"
	"errors"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is all in which one database differs from another. SQL texts are otherwise
// the same for all, with $n for their arguments.
type dialect struct {
	goose goose.Dialect
	// ddl replaces comments of the migrations: pairs of old and new.
	ddl []string
	// beginWrite and beginRead start a transaction that writes and one that sees a
	// snapshot.
	beginWrite, beginRead string
	// contains is the condition that the text in a column has a part.
	contains func(column, part string) string
	// prepare is called after the migrations.
	prepare func(context.Context, *conn) error
	// class says what kind of failure an error of the driver is.
	class func(error) class
}

// class is a kind of failure of a statement.
type class int

const (
	// classOther: the statement failed and undid itself; the transaction goes on.
	classOther class = iota
	// classUnique: a key or a unique value exists.
	classUnique
	// classFatal: the transaction is lost or must not be trusted.
	classFatal
)

var sqliteDialect = dialect{
	goose:      goose.DialectSQLite3,
	ddl:        []string{"/*WITHOUT ROWID*/", "WITHOUT ROWID"},
	beginWrite: "BEGIN IMMEDIATE",
	beginRead:  "BEGIN",
	contains:   func(column, part string) string { return "instr(" + column + ", " + part + ") > 0" },
	prepare:    sqliteStatistics,
	class:      sqliteClass,
}

func sqliteClass(err error) class {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return classFatal
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return classUnique
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH,
		sqlite3.SQLITE_RANGE:
		return classOther
	}
	return classFatal
}
