package crashtest

import (
	"sync"
	"time"
)

// Kinds of calls.
const (
	opPerson = "person" // make a person
	opCreate = "create" // make a request
	opResume = "resume"
	opCancel = "cancel"
	opDecide = "decide" // of a stage of approval
	opRead   = "read"   // of a request
)

// call is one call of a client, with its answer.
type call struct {
	kind    string
	tenant  string
	at      string        // the address of the server
	start   time.Duration // since the history began
	end     time.Duration
	status  int    // zero: no answer came, and nobody knows whether it happened
	code    string // of a refusal
	request string // its id: of a create, what was answered
	key     string // Idempotency-Key of a create
	target  string // for whom a create asks; the person of a person
	// instance is the callout that a resume answers, or the stage that a decision is about;
	// outcome is what it says.
	instance, outcome string
	state             string // that a read or create saw
	text              string // the body of a refusal, or the error
}

// did reports whether the call was answered with success.
func (c call) did() bool { return c.status >= 200 && c.status < 300 }

// history is all calls of all clients.
type history struct {
	mu    sync.Mutex
	begun time.Time
	calls []call
	acked int
}

func newHistory() *history { return &history{begun: time.Now()} }

func (h *history) now() time.Duration { return time.Since(h.begun) }

func (h *history) add(c call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, c)
	if c.kind != opRead && c.did() {
		h.acked++
	}
}

// all returns the calls so far.
func (h *history) all() []call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]call(nil), h.calls...)
}

// acknowledged counts the changes that were answered with success.
func (h *history) acknowledged() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acked
}
