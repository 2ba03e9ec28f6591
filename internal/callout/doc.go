// Package callout sends an extension's HTTP request safely. Whoever owns a catalog
// chooses the address that the server calls, so everything about the call is bounded
// here: which addresses may be dialled, how long a call lasts, how much of an answer
// is read, and that redirects and proxy variables have no say.
//
// What lives here: the check of an endpoint's URL (url.go), the check of the address
// that is really dialled (address.go, registry.go, dial.go), the call itself and its
// repetition within one attempt (sender.go), the words for what went wrong
// (failure.go), the signature after Standard Webhooks (signature.go), and the body
// that the four stages of a request send (payload.go).
//
// What does not: when a call is made, how often an attempt is repeated and what its
// outcome means is decided in package lifecycle and done by package engine; how many
// calls run at once is bounded by package server; the properties of an extension are
// checked in package entitlement.
package callout
