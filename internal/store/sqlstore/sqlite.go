package sqlstore

import (
	"errors"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var sqliteDialect = dialect{
	name:       "sqlite",
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
