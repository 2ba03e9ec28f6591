package testenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// Endpoint is a custom extension's endpoint: a small real HTTP server on loopback that
// keeps what it receives and behaves as it is told. It is safe for concurrent use.
type Endpoint struct {
	*httptest.Server
	mu        sync.Mutex
	behaviour string
	received  []Callout
	next      int
	release   chan struct{} // closed when the endpoint is, to let go of those that hang
}

// Callout is one call as an endpoint received it.
type Callout struct {
	Header http.Header
	Body   []byte
	JSON   any
}

// Value returns the value at a path of the body as text, or "".
func (c Callout) Value(path string) string {
	v, ok := at(c.JSON, path)
	if !ok {
		return ""
	}
	return text(v)
}

// NewEndpoint starts an endpoint. The behaviour is a status code, or hang (no answer until
// the endpoint is closed), close (the connection is cut), flood (an answer without end).
func NewEndpoint(behaviour string) *Endpoint {
	e := &Endpoint{behaviour: behaviour, release: make(chan struct{})}
	e.Server = httptest.NewServer(e)
	return e
}

// Close stops the endpoint.
func (e *Endpoint) Close() {
	close(e.release)
	e.Server.CloseClientConnections()
	e.Server.Close()
}

// Behave changes how the endpoint answers from now on.
func (e *Endpoint) Behave(behaviour string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.behaviour = behaviour
}

// Received returns all calls so far.
func (e *Endpoint) Received() []Callout {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Callout(nil), e.received...)
}

// Take returns the next call that was not taken yet.
func (e *Endpoint) Take() (Callout, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next >= len(e.received) {
		return Callout{}, fmt.Errorf("the endpoint has received %d calls, and all were taken", len(e.received))
	}
	e.next++
	return e.received[e.next-1], nil
}

// ServeHTTP receives a call.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	c := Callout{Header: req.Header.Clone(), Body: body}
	if err := json.Unmarshal(body, &c.JSON); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	e.received = append(e.received, c)
	behaviour := e.behaviour
	e.mu.Unlock()
	switch behaviour {
	case "hang":
		<-e.release
	case "close":
		panic(http.ErrAbortHandler)
	case "flood":
		w.WriteHeader(http.StatusOK)
		flood(w, req)
	case "302":
		http.Redirect(w, req, "/elsewhere", http.StatusFound)
	default:
		code, err := strconv.Atoi(behaviour)
		if err != nil {
			code = http.StatusAccepted
		}
		w.WriteHeader(code)
	}
}

// flood writes up to 1 GB, or until nobody reads it any more.
func flood(w io.Writer, req *http.Request) {
	block := make([]byte, 1<<20)
	for range 1024 {
		if _, err := w.Write(block); err != nil || req.Context().Err() != nil {
			return
		}
	}
}

// endpointCommand is one of the commands about endpoints.
func (r *runner) endpointCommand(name, rest string, words []string) error {
	if len(words) == 0 {
		return errors.New("which endpoint?")
	}
	if name == "endpoint" {
		behaviour := "202"
		if len(words) > 1 {
			behaviour = words[1]
		}
		e := NewEndpoint(behaviour)
		r.endpoints[words[0]] = e
		r.vars[words[0]] = e.URL
		return nil
	}
	e := r.endpoints[words[0]]
	if e == nil {
		return fmt.Errorf("there is no endpoint %s", words[0])
	}
	switch {
	case name == "behave" && len(words) == 2:
		e.Behave(words[1])
		return nil
	case name == "callouts" && len(words) == 2:
		if n := strconv.Itoa(len(e.Received())); n != words[1] {
			return fmt.Errorf("the endpoint has received %s calls", n)
		}
		return nil
	case name == "callout":
		return r.take(words[0], e)
	case name == "payload" && len(words) >= 3:
		return check(r.taken[words[0]].JSON, words[1], rest[len(words[0])+len(words[1])+2:])
	}
	return fmt.Errorf("%s %q: wrong words", name, rest)
}

// take takes the next callout, checks its signature and keeps what it says.
func (r *runner) take(name string, e *Endpoint) error {
	c, err := e.Take()
	if err != nil {
		return err
	}
	if err := r.server.VerifyCallout(r.tenant, c); err != nil {
		return err
	}
	if r.taken == nil {
		r.taken = map[string]Callout{}
	}
	r.taken[name] = c
	r.vars[name+".instance"] = c.Value("CustomExtensionStageInstanceId")
	r.vars[name+".request"] = c.Value("AccessPackageAssignmentRequestId")
	r.vars[name+".stage"] = c.Value("Stage")
	r.vars[name+".callback"] = c.Header.Get("Anteroom-Callback-Url")
	if got := c.Header.Get("Webhook-Id"); got != r.vars[name+".instance"] {
		return fmt.Errorf("webhook-id is %q, the instance %q", got, r.vars[name+".instance"])
	}
	return nil
}
