// Package sqlstore is the one implementation of the storage contract in package
// store. It runs on SQLite; what another database does differently is kept apart in
// dialect.
//
// An entity is described in a file named after it: which of its members are columns,
// under which paths a query may name them, and which seldom change. Everything else an
// object holds is one JSON body. table does for all of them what store.Table promises,
// compile turns a query into SQL, and the meaning of a query is that of package query.
//
// All changes go through one goroutine, writer, which runs those that wait in one
// transaction and commits once. Readers have connections of their own and see
// snapshots. One process owns a database file: it holds a lock on PATH.lock. Nothing
// else in the process may open the file, not even to copy it: closing it would drop
// SQLite's own locks.
//
// No rule of the product is decided here, and the database's clock is never asked.
package sqlstore
