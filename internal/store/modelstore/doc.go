// Package modelstore is a store.Store in plain memory, for tests: the simulation of the
// engine runs on it, and the SQL store is compared with it. It is never imported by what
// is shipped.
//
// All that is stored is one state, made of sorted maps that share what has not changed
// (type sorted). A transaction that writes works on a state of its own, which becomes the
// store's when it commits and is forgotten when it fails, so there is nothing to undo; a
// View holds on to the state that it began with. Objects that are stored are never changed:
// they are copied on the way in, where times become what an SQL store returns (UTC,
// microseconds), and on the way out.
//
// An entity is described in a file named after it, as in package sqlstore: the paths that a
// query may name and the values that are unique. nouns lists them all: a new table of
// store.Tx is a line there. What a query means is said by package query, whose evaluator
// decides here; indexes only spare it objects that the filter cannot hold for.
//
// Nothing depends on the clock, on chance or on the order of a map of Go: the same calls
// give the same results.
package modelstore
