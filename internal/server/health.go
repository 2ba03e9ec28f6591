package server

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	readyWithin = time.Second // how long the store may take to show that it can be written to
	readyMisses = 3           // so many checks in a row must fail before the server is not ready
)

// health answers /livez and /readyz. It needs no token and tells nothing internal.
type health struct {
	ready func(context.Context) error // of the store
	notes []string                    // settings that are not safe; told, but no reason to be unready
	room  func() error                // of the store, for what is new; told, but what is under way goes on
	// restored tells whether jobs are held because the data was restored; so it is told, too.
	restored func() bool
	// latest is what was found in the database when it was last looked at; nil: nothing yet.
	latest func() *finding

	draining atomic.Bool

	mu     sync.Mutex
	at     time.Time // of the last check
	misses int
	missed atomic.Bool // the last check
}

// drain makes the server unready for good.
func (h *health) drain() { h.draining.Store(true) }

// store checks whether the store can be written to, at most once a second: each check is
// a commit, and anybody may ask. A single slow answer does not make the server unready.
func (h *health) store(ctx context.Context) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < readyWithin {
		return h.misses < readyMisses
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyWithin)
	defer cancel()
	if err := h.ready(ctx); err != nil {
		h.misses++
	} else {
		h.misses = 0
	}
	h.missed.Store(h.misses > 0)
	h.at = time.Now()
	return h.misses < readyMisses
}

// available reports whether the store could be written to when it was last checked. It does
// not wait for a check that is under way.
func (h *health) available() bool { return !h.missed.Load() }

// check is one line of the answer of /readyz.
type check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Note string `json:"note,omitzero"`
}

// serveReady answers 200 when the server should be sent requests, else 503.
func (h *health) serveReady(w http.ResponseWriter, r *http.Request) {
	draining := h.draining.Load()
	answer := struct {
		Ready  bool    `json:"ready"`
		Checks []check `json:"checks"`
	}{Ready: true, Checks: []check{{Name: "store", OK: h.store(r.Context())}, {Name: "accepting", OK: !draining}}}
	if draining {
		answer.Checks[1].Note = "shutting down"
	}
	answer.Checks = append(answer.Checks, h.database()...)
	for _, c := range answer.Checks {
		answer.Ready = answer.Ready && c.OK
	}
	if h.room() != nil {
		answer.Checks = append(answer.Checks, check{Name: "room", Note: "the volume of the database is nearly full: nothing new is taken"})
	}
	if h.restored() {
		answer.Checks = append(answer.Checks, check{Name: "restored", OK: true, Note: restoredNote})
	}
	for _, note := range h.notes {
		answer.Checks = append(answer.Checks, check{Name: "settings", OK: true, Note: note})
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, r, status, answer)
}

// database tells what was found in the database when it was last looked at. A schema that is
// newer than this program knows is that of a replica that was updated before this one. A
// backlog is told of and makes nobody unready: no other replica would do it sooner, and an
// endpoint that is slow must not take the API away.
func (h *health) database() []check {
	var f *finding
	if h.latest != nil {
		f = h.latest()
	}
	if f == nil {
		return []check{{"migration", true, "not looked at yet"}, {"backlog", true, "not looked at yet"}}
	}
	schema := check{"migration", f.found >= f.known, fmt.Sprintf("the schema has version %d, this program knows %d", f.found, f.known)}
	n, first := f.due()
	backlog := check{"backlog", true, "no job is due"}
	if n > 0 {
		more := ""
		if f.survey.More {
			more = "at least "
		}
		backlog.Note = fmt.Sprintf("%s%d jobs are due, the oldest for %s", more, n, max(0, f.at.Sub(first)).Round(time.Millisecond))
	}
	backlog.Note += ", at " + f.at.UTC().Format(time.RFC3339)
	return []check{schema, backlog}
}

// serveLive answers 200 as long as the process turns over.
func serveLive(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, r, http.StatusOK, struct {
		Live bool `json:"live"`
	}{true})
}

// writeJSON answers with one of the server's own objects, which cannot fail to be written.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v, jsontext.Multiline(true))
	if err != nil {
		panic("server: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n')) // the client may be gone
	}
}
