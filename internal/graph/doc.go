// Package graph is the HTTP API: the Microsoft Graph v1.0 surface of entitlement
// management, and as much of the directory as holds its people and groups.
//
// What is served is listed in surface.go, one line for each path. An entity is one file:
// its typed properties, its navigations, how it is written and what a body may say, and
// the functions where there is behaviour. Around them stand, each in a file of its own:
// the router, the reading of bodies (body.go, decode.go, node.go), the writing of
// answers (encode.go), lists and paging (list.go), $expand (expand.go) and the error
// envelope (error.go), which is the only place that knows HTTP statuses.
//
// It decides nothing: who may do what is said by package rules and what happens to a
// request by package lifecycle, both asked by package engine. The syntax of query
// options is read by package odata. Tokens are verified by package auth, and the server
// around the handler, with its time limits, is assembled in package server.
package graph
