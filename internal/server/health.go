package server

import (
	"context"
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

	draining atomic.Bool

	mu     sync.Mutex
	at     time.Time // of the last check
	misses int
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
	h.at = time.Now()
	return h.misses < readyMisses
}

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
	}{Checks: []check{{Name: "store", OK: h.store(r.Context())}, {Name: "accepting", OK: !draining}}}
	if draining {
		answer.Checks[1].Note = "shutting down"
	}
	answer.Ready = answer.Checks[0].OK && answer.Checks[1].OK
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
