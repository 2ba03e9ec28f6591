// Package sqlstore is the one implementation of the storage contract in package store, on
// SQLite and on PostgreSQL. SQL texts are the same for both; what one database does
// differently is a dialect (sqlite.go, postgres.go), and a session speaks to its driver.
//
// An entity is described in a file named after it: which of its members are columns,
// under which paths a query may name them, and which seldom change. Everything else an
// object holds is one JSON body. table does for all of them what store.Table promises,
// compile turns a query into SQL, and the meaning of a query is that of package query.
//
// Changes go through writers, goroutines that run those that wait in one transaction and
// commit once. SQLite has one; with PostgreSQL there are several, each for tenants of its
// own, and a change locks its tenant, as other processes write as well. Readers have
// connections of their own and see snapshots. One process owns an SQLite file: it holds a
// lock on PATH.lock. Nothing else in the process may open the file, not even to copy it:
// closing it would drop SQLite's own locks. On PostgreSQL a process that performs jobs is a
// replica with a lease.
//
// No rule of the product is decided here, and the database's clock is asked only when a
// lease is over.
package sqlstore
