// Package telemetry tells operators what the server does: metrics for Prometheus, traces by
// OpenTelemetry, and log lines that name the trace they belong to.
//
// It is the only package that knows either library, and it knows nothing of the project: who
// is observed declares what it wants to tell in its own options, and package server joins the
// two. Nothing here ever holds a token, a secret or the query string of a URL; the labels of a
// metric are names that the program itself gives, or hosts of endpoints up to a number.
package telemetry
