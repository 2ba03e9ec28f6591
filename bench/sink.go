package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// sink is the endpoint of the custom extension: it takes every callout, answers 202, and
// remembers which instance was called for which request.
type sink struct {
	listener net.Listener
	mu       sync.Mutex
	callouts map[string]*callout
	conns    map[net.Conn]bool
	strange  int // calls that could not be read
}

// callout is what was received for one request.
type callout struct {
	instance string
	at       time.Time // of the first call
	calls    int
	doubled  bool          // there was a call with another instance id
	received chan struct{} // closed at the first call
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l, callouts: map[string]*callout{}, conns: map[net.Conn]bool{}}
	go s.accept()
	return s, nil
}

func (s *sink) url() string { return "http://" + s.listener.Addr().String() + "/callout" }

func (s *sink) close() {
	_ = s.listener.Close() // ends accept
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close() // ends its goroutine
	}
}

func (s *sink) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		go s.serve(c)
	}
}

// serve answers the calls of one connection.
func (s *sink) serve(c net.Conn) {
	defer func() {
		_ = c.Close() // the caller has gone, or is told so
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		s.take(body)
		if _, err := io.WriteString(c, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

func (s *sink) take(body []byte) {
	now := time.Now()
	request := textAfter(body, `"AccessPackageAssignmentRequestId":"`)
	instance := textAfter(body, `"CustomExtensionStageInstanceId":"`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if request == "" || instance == "" {
		s.strange++
		return
	}
	c := s.of(request)
	c.calls++
	switch {
	case c.calls == 1:
		c.instance, c.at = instance, now
		close(c.received)
	case c.instance != instance:
		c.doubled = true
	}
}

// of returns the callout of a request, received or not. The caller holds s.mu.
func (s *sink) of(request string) *callout {
	c, ok := s.callouts[request]
	if !ok {
		c = &callout{received: make(chan struct{})}
		s.callouts[request] = c
	}
	return c
}

// wait waits for the callout of a request, until the server is gone.
func (s *sink) wait(request string, most time.Duration, gone <-chan struct{}) (instance string, at time.Time, err error) {
	s.mu.Lock()
	c := s.of(request)
	s.mu.Unlock()
	select {
	case <-c.received:
	default:
		timer := time.NewTimer(most)
		defer timer.Stop()
		select {
		case <-c.received:
		case <-gone:
			return "", time.Time{}, fmt.Errorf("the server ended before the callout for request %s", request)
		case <-timer.C:
			return "", time.Time{}, fmt.Errorf("no callout for request %s within %s", request, most)
		}
	}
	return c.instance, c.at, nil // never changed again
}

// doubled counts the requests for which more than one instance was called.
func (s *sink) doubled() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.callouts {
		if c.doubled {
			n++
		}
	}
	return n
}
