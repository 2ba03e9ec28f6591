// Package server assembles the parts into a running process, and stops it again.
//
// What lives here: the two forms of the server (dev.go, serve.go) and what both are made
// of (server.go); the loop that performs jobs (dispatcher.go, dispatch_*.go); what stands
// around the HTTP API: the routes outside it (routes.go), the check of the Host header
// (host.go), health (health.go), the log of requests (accesslog.go, devlog.go) and limits
// of connections (listen.go); what belongs to no other package: the public keys of
// callouts (calloutkeys.go), the clock of dev mode (devclock.go) and its sample people
// (sample.go); and the words of a callout (caller.go).
//
// What does not: the HTTP API itself is package graph, the configuration is read by
// package config, tokens are verified and, in dev mode, issued by package auth, and what
// a job does is decided in package engine. Flags and output are cmd/anteroom.
package server
