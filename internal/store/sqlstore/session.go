package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// statement is one SQL text with its arguments on its way to the database.
type statement struct {
	text string
	args []driver.Value
	// row is called for each row of the answer, whose values are valid until it returns: an
	// int64, a string or nil each. Where it is nil no row is expected.
	row     func([]driver.Value) error
	changed int64 // how many rows it changed
	// check is called when it has run; what it returns is the failure of the change.
	check func(changed int64) error
}

// session is a connection as a driver has it. It is used by one goroutine at a time.
type session interface {
	// run runs the statements one after another, in one round trip where the database is
	// elsewhere, and stops at the first that fails or whose row function does.
	run(ctx context.Context, list []*statement) error
	// broken reports whether the connection cannot be used any more.
	broken() bool
	close() error
}

// database is where connections come from.
type database struct {
	*dialect
	open func(ctx context.Context) (session, error)
	// sql is the same for the migrations.
	sql  func() *sql.DB
	kept *kept
	// replica is this process as one of several that perform jobs; nil for none.
	replica *replica
}
