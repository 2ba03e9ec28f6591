// Package pgtest runs a real PostgreSQL for tests: a cluster of its own in a temporary
// directory, reached over a Unix socket, gone when the process that started it ends.
// Nothing that is shipped imports it.
//
// A test asks Database for a database. A test that stops, kills or fails over a server
// asks Start for a cluster that is its own. The command in pgtest/with runs another
// command, such as all tests, with one cluster that they share.
package pgtest
