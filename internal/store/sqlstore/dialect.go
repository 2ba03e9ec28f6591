package sqlstore

import (
	"context"

	"github.com/pressly/goose/v3"
)

// dialect is all in which one database differs from another. SQL texts are otherwise
// the same for all, with $n for their arguments.
type dialect struct {
	name  string // in the names of migrations
	goose goose.Dialect
	// ddl replaces comments of the migrations: pairs of old and new.
	ddl []string
	// remote says that the database is a process of its own, which others use as well: a
	// statement is a round trip.
	remote bool
	// lock makes a SELECT lock its row for who is to change it; empty where one connection
	// changes everything.
	lock string
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
	// classOther: the statement failed and undid itself.
	classOther class = iota
	// classUnique: a key or a unique value exists.
	classUnique
	// classAgain: the transaction is lost and nothing of it happened; the same may succeed
	// at once.
	classAgain
	// classFatal: the transaction is lost or must not be trusted.
	classFatal
)
