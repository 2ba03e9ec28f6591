package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The driver's own HTTP is read as net/http writes it, and its connection stays open.
func TestCaller(t *testing.T) {
	from := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from[r.RemoteAddr] = true
		switch r.URL.Path {
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/chunked":
			fmt.Fprint(w, "one ")
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "two")
		default:
			fmt.Fprint(w, r.Method, " ", r.Header.Get("Authorization"), " ", r.ContentLength)
		}
	}))
	defer srv.Close()
	addr := strings.TrimPrefix(srv.URL, "http://")
	c := newCaller(addr, "secret")
	defer c.close()
	for range 3 {
		for _, want := range []struct {
			status int
			path   string
			body   string
		}{{204, "/none", ""}, {200, "/chunked", "one two"}, {200, "/sized", "POST Bearer secret 2"}} {
			status, body, err := c.post(c.headers, []byte("{}"), want.path)
			if err != nil || status != want.status || string(body) != want.body {
				t.Fatalf("%s: %d %q %v", want.path, status, body, err)
			}
		}
		if status, body, err := c.get(c.headers, "/si", "zed"); err != nil || status != 200 || string(body) != "GET Bearer secret 0" {
			t.Fatalf("get: %d %q %v", status, body, err)
		}
	}
	if len(from) != 1 {
		t.Errorf("%d connections were used", len(from))
	}
}

func TestSink(t *testing.T) {
	s, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	c := newCaller(s.listener.Addr().String(), "")
	defer c.close()
	call := func(request, instance string) {
		t.Helper()
		body := fmt.Sprintf(`{"AccessPackageAssignmentRequestId":"%s","CustomExtensionStageInstanceId":"%s"}`, request, instance)
		if status, _, err := c.post(c.headers, []byte(body), "/callout"); err != nil || status != http.StatusAccepted {
			t.Fatalf("status %d, %v", status, err)
		}
	}
	call("a", "1")
	call("a", "1")
	call("b", "2")
	if n := s.doubled(); n != 0 {
		t.Errorf("%d doubled, but a call that is repeated is none", n)
	}
	call("b", "3")
	if n := s.doubled(); n != 1 {
		t.Errorf("%d doubled, want 1", n)
	}
	if instance, _, err := s.wait("a", time.Minute, nil); err != nil || instance != "1" {
		t.Errorf("instance %q, %v", instance, err)
	}
	if _, _, err := s.wait("c", time.Millisecond, nil); err == nil {
		t.Error("a callout that never came was found")
	}
}

func TestFigures(t *testing.T) {
	v := newValues()
	for i, x := range []float64{4, 1, 9} {
		v.add("a", x)
		v.add("b", float64(2+i))
	}
	if m := v.median("a"); m != 4 {
		t.Errorf("median %v, want 4", m)
	}
	if r := v.ratio("a", "b"); r != 2 { // 2, 1/3, 9/4
		t.Errorf("ratio %v, want 2", r)
	}
	samples := make([]time.Duration, 200)
	for i := range samples {
		samples[i] = time.Duration(200 - i)
	}
	if p := percentile(samples, 99); p != 199 {
		t.Errorf("p99 %v, want 199", p)
	}
	if m := v.median("none"); m != 0 {
		t.Errorf("median of nothing %v", m)
	}
}
