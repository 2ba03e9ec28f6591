package callout

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// devSender may call 127.0.0.1 without TLS, and nothing else that is special.
func devSender(t *testing.T, r Resolver) *Sender {
	t.Helper()
	s := New(Options{Allow: loopback, AllowHTTP: true, Resolver: r})
	t.Cleanup(s.Close)
	return s
}

func message(t *testing.T, url string) Message {
	t.Helper()
	return Message{
		ID: "2f6a0d1e-0000-4000-8000-000000000001", URL: url, Body: []byte(`{"Stage":"assignmentRequestCreated"}`),
		Key: testKey(t), KeyID: "kid-1", Time: time.Unix(1700000000, 5), Timeout: maxTimeout,
	}
}

func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func TestSendHeadersAndSignature(t *testing.T) {
	type got struct {
		method, path string
		header       http.Header
		body         string
	}
	received := make(chan got, 1)
	srv := server(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- got{r.Method, r.URL.RequestURI(), r.Header, string(body)}
	})
	m := message(t, srv.URL+"/in?sig=x")
	m.CallbackURL = "https://anteroom.example/v1.0/x/resume"
	m.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	s := New(Options{Allow: loopback, AllowHTTP: true, UserAgent: "Anteroom/1"})
	t.Cleanup(s.Close)
	if diff := cmp.Diff(Result{Status: 200, Calls: 1}, s.Send(t.Context(), m)); diff != "" {
		t.Fatalf("Send (-want +got):\n%s", diff)
	}
	g := <-received
	signature := g.header.Get("webhook-signature")
	g.header.Del("webhook-signature")
	want := got{"POST", "/in?sig=x", http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {"36"}, "User-Agent": {"Anteroom/1"},
		"Webhook-Id": {m.ID}, "Webhook-Timestamp": {"1700000000"},
		"Anteroom-Callback-Url": {m.CallbackURL}, "Anteroom-Key-Id": {"kid-1"}, "Traceparent": {m.TraceParent},
	}, string(m.Body)}
	if diff := cmp.Diff(want, g, cmp.AllowUnexported(got{})); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	// Verified from the parts as they came, without this package.
	text, ok := strings.CutPrefix(signature, "v1a,")
	raw, err := base64.StdEncoding.DecodeString(text)
	content := g.header.Get("webhook-id") + "." + g.header.Get("webhook-timestamp") + "." + g.body
	if !ok || err != nil || !ed25519.Verify(m.Key.Public().(ed25519.PublicKey), []byte(content), raw) {
		t.Errorf("webhook-signature %q does not verify", signature)
	}
}

func TestStatus(t *testing.T) {
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		w.WriteHeader(status)
	})
	s := devSender(t, nil)
	cases := map[int]string{
		200: "", 201: "", 202: "", 204: "", 299: "",
		400: "the endpoint answered 400", 404: "the endpoint answered 404", 410: "the endpoint answered 410",
		500: "the endpoint answered 500", 503: "the endpoint answered 503", 600: "the endpoint answered 600",
		304: "redirects are not followed (304)",
	}
	for status, want := range cases {
		r := s.Send(t.Context(), message(t, srv.URL+"/?status="+strconv.Itoa(status)))
		if r.Status != status || r.Calls != 1 || errorText(r.Err) != want {
			t.Errorf("%d: %+v, want %q", status, r, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var followed atomic.Int64
	target := server(t, func(http.ResponseWriter, *http.Request) { followed.Add(1) })
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.Header().Set("Location", target.URL)
		w.WriteHeader(status)
	})
	s := devSender(t, nil)
	for _, status := range []string{"301", "302", "303", "307", "308"} {
		r := s.Send(t.Context(), message(t, srv.URL+"/"+status))
		if want := "redirects are not followed (" + status + ")"; errorText(r.Err) != want {
			t.Errorf("%s: %+v, want %q", status, r, want)
		}
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestRetries(t *testing.T) {
	var calls atomic.Int64
	ids := make(chan string, 10)
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("webhook-id") + r.Header.Get("webhook-signature")
		if calls.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	s := devSender(t, nil)
	m := message(t, srv.URL)
	m.Retries = 1
	if r := s.Send(t.Context(), m); r.Err != nil || r.Calls != 2 || r.Status != 200 {
		t.Errorf("Send = %+v, want success at the second call", r)
	}
	if first, second := <-ids, <-ids; first != second {
		t.Errorf("the calls of one attempt differ: %s, %s", first, second)
	}
	m.URL = "http://127.0.0.1:1/"
	m.Retries = 100
	if r := s.Send(t.Context(), m); errorText(r.Err) != "connection refused" || r.Calls != 1+entitlement.MaxRetries {
		t.Errorf("Send = %+v, want connection refused after %d calls", r, 1+entitlement.MaxRetries)
	}
	m.Retries = -1
	if r := s.Send(t.Context(), m); r.Calls != 1 {
		t.Errorf("Send = %+v, want one call", r)
	}
}

// An endpoint that closes a connection kept for reuse causes no failure.
func TestStaleConnection(t *testing.T) {
	var conns atomic.Int64
	l := listen(t, "127.0.0.1:0", func(c net.Conn) {
		conns.Add(1)
		r := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if req.URL.Path == "/second" && conns.Load() == 1 {
				return // as if it had been closed while the call was under way
			}
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	s := devSender(t, nil)
	for _, path := range []string{"/first", "/second"} {
		if r := s.Send(t.Context(), message(t, "http://"+l.Addr().String()+path)); r.Err != nil {
			t.Errorf("%s: %+v", path, r)
		}
	}
	if n := l.accepted.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	l := listen(t, "127.0.0.1:0", func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"+strings.Repeat("x", 60000))
		}
	})
	s := devSender(t, nil)
	for range 10 {
		if r := s.Send(t.Context(), message(t, "http://"+l.Addr().String())); r.Err != nil {
			t.Fatalf("Send = %+v", r)
		}
	}
	if n := l.accepted.Load(); n != 1 {
		t.Errorf("%d connections for 10 calls, want 1", n)
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	plain := server(t, func(http.ResponseWriter, *http.Request) {})
	ns := newNameserver(t, map[string][][]netip.Addr{
		"example.com": {{netip.MustParseAddr("127.0.0.1")}}, "other.test": {{netip.MustParseAddr("127.0.0.1")}},
	})
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	alert := listen(t, "127.0.0.1:0", func(c net.Conn) {
		tlsConn := tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS13})
		_ = tlsConn.Handshake() // no certificate: an alert
	})
	cases := []struct {
		name, url, want string
		roots           *x509.CertPool
	}{
		{"private CA", srv.URL, "", pool},
		{"private CA and a name", "https://example.com:" + port, "", pool},
		{"other name", "https://other.test:" + port, "the endpoint's certificate is for another host", pool},
		{"unknown CA", srv.URL, "the endpoint's certificate is signed by an unknown authority", x509.NewCertPool()},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1), "the endpoint does not speak TLS", pool},
		{"handshake refused", "https://" + alert.Addr().String(), "the TLS handshake failed", pool},
	}
	for _, c := range cases {
		s := New(Options{Allow: loopback, RootCAs: c.roots, Resolver: ns.resolver()})
		t.Cleanup(s.Close)
		if r := s.Send(t.Context(), message(t, c.url)); errorText(r.Err) != c.want {
			t.Errorf("%s: %+v (%v), want %q", c.name, r, errors.Unwrap(r.Err), c.want)
		}
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := listen(t, "127.0.0.1:0", func(c net.Conn) {
		cancel()
		_, _ = io.Copy(io.Discard, c)
	})
	m := message(t, "http://"+l.Addr().String())
	m.Retries = 1
	r := devSender(t, nil).Send(ctx, m)
	if !errors.Is(r.Err, context.Canceled) || r.Calls != 1 || r.Err.Error() != "the call was interrupted" {
		t.Errorf("Send = %+v, want one interrupted call", r)
	}
}

func TestMessageWithoutKey(t *testing.T) {
	m := message(t, "http://127.0.0.1:1/")
	m.Key = nil
	if r := devSender(t, nil).Send(t.Context(), m); r.Err == nil || r.Calls != 0 {
		t.Errorf("Send = %+v, want a refusal", r)
	}
}

// settled reports whether the number of goroutines comes back to before within the
// time that a dial and a handshake may outlive their call.
func settled(before int) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(3 * maxTimeout)
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-end:
			return false
		}
	}
	return true
}
