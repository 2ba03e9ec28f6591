package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

func TestReady(t *testing.T) {
	failing := false
	h := &health{notes: []string{"loopback may be called"}, restored: func() bool { return true }, room: func() error { return errors.New("full") }, ready: func(context.Context) error {
		if failing {
			return errors.New("disk full")
		}
		return nil
	}}
	ask := func() (int, string) {
		h.at = time.Time{} // as if a second had passed
		w := httptest.NewRecorder()
		h.serveReady(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return w.Code, w.Body.String()
	}
	if status, body := ask(); status != 200 || !strings.Contains(body, `"ready": true`) || !strings.Contains(body, "loopback may be called") || !strings.Contains(body, "nearly full") {
		t.Errorf("ready: %d %s", status, body)
	}
	failing = true
	for i := range readyMisses {
		want := 200
		if i == readyMisses-1 {
			want = 503
		}
		if status, body := ask(); status != want || strings.Contains(body, "disk") {
			t.Errorf("miss %d: %d %s, want %d", i+1, status, body, want)
		}
	}
	failing = false
	if status, body := ask(); status != 200 {
		t.Errorf("ready again: %d %s", status, body)
	}
	h.latest = func() *finding {
		return &finding{found: 3, known: 4, at: time.Unix(1_800_000_000, 0), survey: &sqlstore.Survey{
			More: true, Due: map[store.JobKind]sqlstore.Group{store.JobCallout: {Count: 7, First: time.Unix(1_799_999_900, 0)}},
		}}
	}
	if status, body := ask(); status != 503 || !strings.Contains(body, "the schema has version 3, this program knows 4") ||
		!strings.Contains(body, "at least 7 jobs are due, the oldest for 1m40s, at 2027-01-15T08:00:00Z") {
		t.Errorf("an old schema and a backlog: %d %s", status, body)
	}
	h.latest = func() *finding { return &finding{found: 5, known: 4, survey: &sqlstore.Survey{}} }
	if status, body := ask(); status != 200 || !strings.Contains(body, "no job is due") {
		t.Errorf("a schema that another replica has updated: %d %s", status, body)
	}
	h.drain()
	if status, body := ask(); status != 503 || !strings.Contains(body, "shutting down") {
		t.Errorf("draining: %d %s", status, body)
	}
}

func TestLimitConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitConnections(inner, 2, 0)
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial()
	first := <-accepted
	dial()
	<-accepted
	refused := dial()
	if err := refused.SetReadDeadline(time.Now().Add(hangLimit)); err != nil {
		t.Fatal(err)
	}
	if _, err := refused.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third connection: %v, want it to be closed", err)
	}
	_ = first.Close()
	_ = first.Close() // a second time gives nothing back
	dial()
	if c := <-accepted; c == nil {
		t.Error("no connection after one was closed")
	}
}

// TestAvailable: who asks for metrics does not wait for a database that hangs.
func TestAvailable(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	var ended atomic.Bool
	h := &health{ready: func(ctx context.Context) error {
		close(entered)
		select {
		case <-release:
		case <-ctx.Done():
		}
		ended.Store(true)
		return errors.New("it hangs")
	}}
	checked := make(chan bool)
	go func() {
		h.store(t.Context())
		close(checked)
	}()
	<-entered
	if !h.available() || ended.Load() {
		t.Error("it waited for the check, or was told of one that failed")
	}
	close(release)
	<-checked
	if h.available() {
		t.Error("the check failed, and the store is called available")
	}
}
