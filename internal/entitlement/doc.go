// Package entitlement is the vocabulary of Anteroom: catalogs, access packages,
// policies, custom extensions, requests, assignments, the directory objects they
// touch, ids, enums, errors, and the checks that need nothing but one object.
//
// It imports only the standard library and does no I/O. What happens to a request
// is decided in package lifecycle, who may do what in package rules, and what a
// thing looks like on the wire in package graph. Go names drop the Graph prefix
// (Request, not AccessPackageAssignmentRequest); the first sentence of each type's
// comment gives the Graph name.
//
// The json tags are the names under which objects are stored. They are held by a
// golden file in store/sqlstore and are not the names of the HTTP API.
package entitlement
