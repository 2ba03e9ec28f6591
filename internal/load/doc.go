// Package load fills a tenant with as much as a large one has: catalogs, packages with
// policies and extensions, people, assignments, and requests that wait for a callback. It is
// for measurements and tests, and is never imported by what is shipped.
//
// Nothing here knows how anything is stored, or what a request goes through: all is done by
// the functions of package engine. What makes it fast is the store that it gives them (lot):
// many operations of the engine share one transaction of the real store, and read the
// configuration, which does not change meanwhile, from memory.
package load
