package crashtest

import "time"

// evidence is all that the checker looks at: what the callers were told, what the receivers
// of callouts got, and what the server says in the end.
type evidence struct {
	calls    []call
	received []received
	tenants  map[string]*final
	// waiting says that there may be requests under way.
	waiting bool
}

// received is one callout as a receiver got it.
type received struct {
	tenant, request, instance, stage string
	webhookID                        string
	answer                           int // the status that it was answered; zero: it was cut
}

// final is what a tenant looks like in the end.
type final struct {
	requests    map[string]*request
	assignments []assignment
	people      map[string]bool
	members     map[string][]string // of the group that a package gives, by package
	packages    map[string]plan     // by id
}

// plan is what a package's policy asks for.
type plan struct {
	waits    []string // stages at which a callout is waited for
	approved bool     // somebody has to approve
}

// request is a request with its history.
type request struct {
	id, state, status, target string
	pkg                       string
	instances                 []instance
	records                   []record
}

// instance is a callout instance of a request.
type instance struct {
	ID, Stage, Status string
	Deadline          string `json:"deadlineDateTime"`
}

// record is one entry of a request's history.
type record struct {
	seq               int
	at                time.Time
	action, from, to  string
	instance, outcome string // of a callback
}

// assignment is access that somebody has.
type assignment struct {
	id, state, target, pkg string
}
