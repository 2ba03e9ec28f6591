// Package notice tells people and systems outside of the server what came about: each
// moment for which the original service sends mail is a notice, and a sink is where
// notices go.
//
// What lives here: the sinks that the configuration names (sinks.go); the webhook, which
// posts a CloudEvent signed like a callout (webhook.go, event.go); the mail to each reader
// (mailer.go, session.go, letter.go), what it says (text.go), and what went wrong in words
// for an operator (failure.go).
//
// What does not: which notices there are and whom they are for is decided in package
// lifecycle; that each one waits in the job table until its sink has it, and how often it
// is offered, is done by package engine. A sink gets a notice at least once, so each sends
// something by which a repetition can be told: the event's id, or the mail's Message-ID.
package notice
