// Package auth says who a call is made by. It verifies the bearer tokens of the OpenID
// Connect issuers that the configuration names (Verifier) and turns each into an
// entitlement.Actor; and it holds the small token issuer of the dev mode (DevIssuer).
//
// What an actor may do is not decided here but in package rules. How a refusal looks on
// the wire, and the limits on how often one may fail, are matters of packages graph and
// server. Which issuers are trusted is read by package config.
//
// The rules are those of RFC 8725 (JWT best practices) and RFC 9068 (JWT access tokens),
// with the claims of Microsoft's access tokens: tid, oid, scp, roles, idtyp.
package auth
