package callout

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// reply reads the head of a request and writes the parts, then hands over to rest.
func reply(head string, rest func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		buf := make([]byte, 4096)
		if _, err := c.Read(buf); err != nil {
			return
		}
		if _, err := io.WriteString(c, head); err != nil {
			return
		}
		if rest != nil {
			rest(c)
		}
	}
}

// hang keeps the connection open until the other side closes it.
func hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// endless writes part again and again, up to 1 GB.
func endless(part string) func(net.Conn) {
	block := []byte(strings.Repeat(part, 1+65536/len(part)))
	return func(c net.Conn) {
		for n := 0; n < 1<<30; n += len(block) {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
}

// drip writes part every few milliseconds until the other side has gone.
func drip(part string) func(net.Conn) {
	return func(c net.Conn) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, part); err != nil {
				return
			}
		}
	}
}

func reset(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }

func TestHostileAnswers(t *testing.T) {
	const (
		ok       = "HTTP/1.1 200 OK\r\n"
		timedOut = "no answer within 1s"
	)
	cases := []struct {
		name   string
		handle func(net.Conn)
		want   string
		slow   bool // lasts as long as the timeout
	}{
		{"hang before the answer", reply("", hang), timedOut, true},
		{"hang after the status line", reply(ok, hang), timedOut, true},
		{"hang in the body", reply(ok+"Content-Length: 10\r\n\r\nabc", hang), "", true},
		{"hang in a chunk", reply(ok+"Transfer-Encoding: chunked\r\n\r\n5\r\nab", hang), "", true},
		{"reset before the answer", reply("", reset), "the connection was reset", false},
		{"closed before the answer", reply("", nil), "the connection was closed before an answer came", false},
		{"closed in the header", reply(ok+"A: b", nil), "the connection was closed before an answer came", false},
		{"reset in the body", reply(ok+"Content-Length: 10\r\n\r\nabc", reset), "", false},
		{"not HTTP", reply("220 smtp.example ESMTP hunter2\r\n", hang), "the answer is not valid HTTP", false},
		{"garbage in the header", reply(ok+"hunter2\r\n\r\n", hang), "the answer is not valid HTTP", false},
		{"wrong length", reply(ok+"Content-Length: -1\r\n\r\n", hang), "the answer is not valid HTTP", false},
		{"endless body", reply(ok+"\r\n", endless("x")), "", false},
		{"endless body of a failure", reply("HTTP/1.1 500 No\r\n\r\n", endless("x")), "the endpoint answered 500", false},
		{"endless chunk header", reply(ok+"Transfer-Encoding: chunked\r\n\r\n", endless("1")), "", false},
		{"endless header line", reply(ok+"A: ", endless("x")), "the answer's header is longer than 64 KB", false},
		{"endless header lines", reply(ok, endless("A: x\r\n")), "the answer's header is longer than 64 KB", false},
		{"endless status line", reply("", endless("x")), "the answer's header is longer than 64 KB", false},
		{"endless trailer", reply(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", endless("A: x\r\n")), "", false},
		{"endless 1xx", reply("", endless("HTTP/1.1 103 Early Hints\r\nA: x\r\n\r\n")), "the answer's header is longer than 64 KB", false},
		{"switching protocols", reply("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", endless("x")), "the endpoint answered 101", false},
		{"drip of the header", reply(ok, drip("A: x\r\n")), timedOut, true},
		{"drip of 1xx", reply("", drip("HTTP/1.1 102 Processing\r\n\r\n")), timedOut, true},
		{"drip of the body", reply(ok+"\r\n", drip("x")), "", true},
		{"gzip", reply(ok+"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", hang), "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, "127.0.0.1:0", c.handle)
			m := message(t, "http://"+l.Addr().String())
			if c.slow {
				t.Parallel()
				m.Timeout = time.Second
			}
			started := time.Now()
			r := devSender(t, nil).Send(t.Context(), m)
			if errorText(r.Err) != c.want {
				t.Errorf("Send = %+v (%v), want %q", r, errors.Unwrap(r.Err), c.want)
			}
			if took := time.Since(started); took > m.Timeout+slack {
				t.Errorf("the call took %s with a timeout of %s", took, m.Timeout)
			}
		})
	}
}

// slack is how late a busy machine may be.
const slack = 3 * time.Second

// An endpoint that reads nothing of a body that the kernel cannot hold.
func TestEndpointThatDoesNotRead(t *testing.T) {
	release := make(chan struct{})
	l := listen(t, "127.0.0.1:0", func(net.Conn) { <-release })
	t.Cleanup(func() { close(release) })
	m := message(t, "http://"+l.Addr().String())
	m.Body, m.Timeout = make([]byte, 8<<20), 300*time.Millisecond
	s := devSender(t, nil)
	u, err := s.parseURL(m.URL)
	if err != nil {
		t.Fatal(err)
	}
	header := s.header(m) // signing so much takes long
	started := time.Now()
	_, err = s.call(t.Context(), u, header, m)
	if took := time.Since(started); errorText(err) != "no answer within 300ms" || took > m.Timeout+slack {
		t.Errorf("call = %v after %s", err, took)
	}
}

func TestTimeoutIsCapped(t *testing.T) {
	t.Parallel()
	l := listen(t, "127.0.0.1:0", hang)
	m := message(t, "http://"+l.Addr().String())
	m.Timeout = time.Hour
	started := time.Now()
	r := devSender(t, nil).Send(t.Context(), m)
	if took := time.Since(started); errorText(r.Err) != "no answer within 2s" || took > maxTimeout+slack {
		t.Errorf("Send = %+v after %s", r, took)
	}
}

// An answer of 1 GB costs next to nothing, and the endpoint soon cannot write more.
func TestMemoryOfEndlessAnswers(t *testing.T) {
	for name, head := range map[string]string{"body": "HTTP/1.1 200 OK\r\n\r\n", "header": "HTTP/1.1 200 OK\r\nA: "} {
		var written atomic.Int64
		block := []byte(strings.Repeat("x", 64<<10))
		l := listen(t, "127.0.0.1:0", reply(head, func(c net.Conn) {
			for written.Load() < 1<<30 {
				n, err := c.Write(block)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		}))
		s := devSender(t, nil)
		const calls = 5
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range calls {
			s.Send(t.Context(), message(t, "http://"+l.Addr().String()))
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%s: %d bytes were allocated in %d calls, want at most 8 MB", name, grown, calls)
		}
		if n := written.Load(); n >= 1<<30 {
			t.Errorf("%s: the endpoint got rid of 1 GB", name)
		}
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("calls", func(t *testing.T) {
		l := listen(t, "127.0.0.1:0", reply("HTTP/1.1 200 OK\r\n\r\n", hang))
		mute := listen(t, "127.0.0.1:0", hang) // also to a TLS handshake
		s := devSender(t, nil)
		for range 5 {
			for _, url := range []string{"http://" + l.Addr().String(), "https://" + mute.Addr().String(), "https://10.0.0.1/"} {
				m := message(t, url)
				m.Timeout = 20 * time.Millisecond
				s.Send(t.Context(), m)
			}
		}
		// While the endpoints still hold their side open: what is left are theirs.
		if theirs := 2 + int(l.accepted.Load()+mute.accepted.Load()); !settled(before + 1 + theirs) {
			buf := make([]byte, 1<<16)
			t.Errorf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
		}
	})
}

func TestForbiddenAddressIsNeverConnected(t *testing.T) {
	allowed := netip.MustParseAddr("127.0.0.1") // stands for a public address
	private := netip.MustParseAddr("127.0.0.2")
	canary := listen(t, "127.0.0.2:0", func(net.Conn) {})
	inner := listen(t, "127.0.0.1:"+canary.port(), reply("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", nil))
	ns := newNameserver(t, map[string][][]netip.Addr{
		"rebind.test":  {{allowed}, {private}},
		"both.test":    {{private, allowed}, {allowed, private}},
		"private.test": {{private}},
		"many.test":    {{private, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("0.0.0.0")}},
	})
	s := devSender(t, ns.resolver())
	cases := []struct {
		host      string
		forbidden bool
	}{
		{"rebind.test", false}, {"rebind.test", true}, {"rebind.test", true},
		{"both.test", false}, {"both.test", false},
		{"private.test", true}, {"many.test", true},
		{"127.0.0.2", true}, {"[::ffff:127.0.0.2]", true}, {"[64:ff9b::7f00:2]", true}, {"2130706434", true},
	}
	for _, c := range cases {
		m := message(t, "http://"+c.host+":"+canary.port()+"/")
		m.Retries = 1
		r := s.Send(t.Context(), m)
		var refused *AddressError
		if errors.As(r.Err, &refused) != c.forbidden || (r.Err == nil) == c.forbidden || r.Calls > 1 {
			t.Errorf("%s: %+v, want forbidden = %v", c.host, r, c.forbidden)
		}
	}
	if n := canary.accepted.Load(); n != 0 {
		t.Errorf("the forbidden address got %d connections", n)
	}
	if n := inner.accepted.Load(); n != 3 {
		t.Errorf("the permitted address got %d connections, want 3", n)
	}
	// The canary would have noticed.
	open := New(Options{AllowHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Resolver: ns.resolver()})
	t.Cleanup(open.Close)
	open.Send(t.Context(), message(t, "http://private.test:"+canary.port()+"/"))
	if n := canary.accepted.Load(); n != 1 {
		t.Errorf("the canary counted %d connections, want 1", n)
	}
}

func TestPlainHTTPNeedsAllow(t *testing.T) {
	for name, o := range map[string]Options{
		"not enabled": {Allow: loopback},
		// 3ffe::/16 is nobody's and not special: what once was the 6bone (RFC 3701).
		"not allowed": {AllowHTTP: true, Resolver: fixedResolver{netip.MustParseAddr("3ffe::1")}},
	} {
		s := New(o)
		t.Cleanup(s.Close)
		if r := s.Send(t.Context(), message(t, "http://name.test:9/")); r.Err == nil || !strings.Contains(r.Err.Error(), "http") {
			t.Errorf("%s: %+v, want a refusal", name, r)
		}
	}
}

// net/http reads the variables once in a process, so the call is made in a new one.
func TestProxyVariablesAreIgnored(t *testing.T) {
	const childURL = "CALLOUT_TEST_PROXY_URL"
	if url := os.Getenv(childURL); url != "" {
		r := devSender(t, fixedResolver{netip.MustParseAddr("127.0.0.1")}).Send(t.Context(), message(t, url))
		if r.Err != nil {
			t.Errorf("Send = %+v", r)
		}
		return
	}
	proxy := listen(t, "127.0.0.1:0", func(net.Conn) {})
	srv := server(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyVariablesAreIgnored$")
	child.Env = append(os.Environ(), childURL+"=http://receiver.test:"+port, "NO_PROXY=", "no_proxy=")
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		value := "=http://" + proxy.Addr().String()
		child.Env = append(child.Env, name+value, strings.ToLower(name)+value)
	}
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := proxy.accepted.Load(); n != 0 {
		t.Errorf("the proxy got %d connections", n)
	}
}

// net/http lets a dial go on after its call is over; it ends with the call all the same.
func TestDialEndsWithItsCall(t *testing.T) {
	ended := make(stuckResolver, 1)
	m := message(t, "https://name.test/")
	m.Timeout = 50 * time.Millisecond
	if r := devSender(t, ended).Send(t.Context(), m); errorText(r.Err) != "no answer within 50ms" {
		t.Errorf("Send = %+v", r)
	}
	select {
	case <-ended:
	case <-time.After(slack):
		t.Error("the dial goes on")
	}
}

// stuckResolver answers nothing and says when it was told to stop.
type stuckResolver chan struct{}

func (s stuckResolver) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	s <- struct{}{}
	return nil, ctx.Err()
}

func TestNames(t *testing.T) {
	ns := newNameserver(t, map[string][][]netip.Addr{"empty.test": {{}}})
	s := devSender(t, ns.resolver())
	for _, host := range []string{"empty.test", "missing.test"} {
		r := s.Send(t.Context(), message(t, "http://"+host))
		if errorText(r.Err) != "the host name has no address" {
			t.Errorf("%s: %+v", host, r)
		}
	}
	broken := devSender(t, brokenResolver{})
	if r := broken.Send(t.Context(), message(t, "http://a.test")); errorText(r.Err) != "the host name could not be looked up" {
		t.Errorf("broken: %+v", r)
	}
}

type brokenResolver struct{}

func (brokenResolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "server misbehaving", Name: host, Server: "10.0.0.53:53", IsTemporary: true}
}

// A name whose first address does not answer is tried at its second within the time of
// the call.
func TestSecondAddress(t *testing.T) {
	srv := server(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	s := New(Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, AllowHTTP: true,
		Resolver: fixedResolver{netip.MustParseAddr("127.0.0.9"), netip.MustParseAddr("127.0.0.1")},
	})
	t.Cleanup(s.Close)
	if r := s.Send(t.Context(), message(t, "http://name.test:"+port)); r.Err != nil {
		t.Errorf("Send = %+v", r)
	}
}
