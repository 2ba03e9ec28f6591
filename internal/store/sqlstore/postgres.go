package sqlstore

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

// Every Update locks the row of its tenant first (see writer.enter), so that READ COMMITTED
// is enough: what follows sees all that was committed before, and nobody else changes the
// tenant until the end. docs/decisions/0013 has what was weighed.
var postgresDialect = dialect{
	name:       "postgres",
	goose:      goose.DialectPostgres,
	ddl:        []string{"/*C*/", `COLLATE "C"`, "/*WITHOUT ROWID*/", ""},
	remote:     true,
	lock:       " FOR NO KEY UPDATE",
	beginWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	beginRead:  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	contains:   func(column, part string) string { return "strpos(" + column + ", " + part + ") > 0" },
	prepare:    func(context.Context, *conn) error { return nil },
	class:      postgresClass,
}

// SQLSTATE codes that decide something; those of two characters are classes.
const (
	pgUniqueViolation   = "23505"
	pgSerialization     = "40001"
	pgDeadlock          = "40P01"
	pgLockNotAvailable  = "55P03"
	pgIdleInTransaction = "25P03"
	pgReadOnly          = "25006" // a server that is a standby now
	pgTooManyClients    = "53300"
	pgConnection        = "08"
	pgShutdown          = "57P" // admin shutdown, crash shutdown, cannot connect now
	pgTransaction       = "25"  // it is not in the state that the statement needs
	pgSavepoint         = "3B"
	pgResources         = "53" // disk full, out of memory
	pgSystem            = "58" // input and output
	pgInternal          = "XX"
)

func postgresClass(err error) class {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return classAgain // the connection failed
	}
	switch e.Code {
	case pgUniqueViolation:
		return classUnique
	case pgSerialization, pgDeadlock, pgLockNotAvailable, pgIdleInTransaction, pgReadOnly, pgTooManyClients:
		return classAgain
	}
	for _, c := range []string{pgConnection, pgShutdown} {
		if strings.HasPrefix(e.Code, c) {
			return classAgain
		}
	}
	for _, c := range []string{pgTransaction, pgSavepoint, pgResources, pgSystem, pgInternal} {
		if strings.HasPrefix(e.Code, c) {
			return classFatal
		}
	}
	return classOther // what is wrong with one statement is its caller's alone
}
