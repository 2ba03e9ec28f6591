// Package odata reads and writes the text that OData puts into a URL: paths, the query
// options ($filter, $select, $expand, $orderby, $top, ...), skip tokens, next links.
//
// It knows no entity. A filter is read into a tree without types; Filter.Resolve turns
// the tree into a query.Expr by a list of properties that package graph gives. What a
// filter means is said by package query, which routes and options an entity supports by
// package graph, and JSON is read and written there too. Package graph also maps an
// Error to a status and a code.
//
// Everything here comes from an untrusted caller: each input has a limit (see
// limits.go), and every refusal is an *Error that says what was found and where.
package odata
