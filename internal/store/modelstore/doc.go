// Package modelstore is a store.Store in plain memory, for tests: the simulation of the
// engine runs on it, and the SQL store is compared with it. It is never imported by what
// is shipped.
//
// All that is stored is one state, made of sorted maps (type sorted) that a copy shares
// until one of the two changes. Updates change the state in place, one after another; one
// that fails is undone step by step. While there are Views, an Update works on a copy, so
// that each View keeps the state that it began with. Objects that are stored are never
// changed: they are copied on the way in, where times become what an SQL store returns (UTC,
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
