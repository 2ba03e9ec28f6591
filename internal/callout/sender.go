package callout

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"anteroom/internal/entitlement"
)

// Limits of one call.
const (
	// MaxAnswer is how much of an answer's body is read, in bytes. Its content is not
	// looked at.
	MaxAnswer = 64 << 10
	// MaxAnswerHeader is how long the header of an answer may be, in bytes.
	MaxAnswerHeader = 64 << 10

	maxTimeout      = entitlement.MaxClientTimeout
	maxIdlePerHost  = 64
	maxIdle         = 1024
	idleConnTimeout = 30 * time.Second
)

// Options configures a Sender. The zero value calls public addresses over https.
type Options struct {
	// Allow holds ranges that may be called although they are special-purpose, such as
	// loopback in dev mode. An address that carries an IPv4 address (NAT64, 6to4, …)
	// needs its own range and that of the IPv4 address.
	Allow []netip.Prefix
	// AllowHTTP permits plain http, to addresses inside Allow only.
	AllowHTTP bool
	RootCAs   *x509.CertPool // nil means the system's
	Resolver  Resolver       // nil means the system's configuration, read by the Go resolver
	UserAgent string         // empty means "Anteroom"
}

// Sender sends callouts. It is safe for concurrent use and keeps connections to
// endpoints open for reuse.
type Sender struct {
	wall      wall
	allowHTTP bool
	userAgent string
	secure    *http.Transport
	plain     *http.Transport
}

// New returns a Sender. It ignores the proxy variables of the environment: behind a
// proxy the check of the address would see nothing but the proxy.
func New(o Options) *Sender {
	if o.Resolver == nil {
		o.Resolver = &net.Resolver{PreferGo: true}
	}
	if o.UserAgent == "" {
		o.UserAgent = "Anteroom"
	}
	s := &Sender{wall: newWall(o.Allow), allowHTTP: o.AllowHTTP, userAgent: o.UserAgent}
	s.secure = newTransport(o, s.wall.check)
	s.plain = newTransport(o, s.wall.checkPlain)
	return s
}

// newTransport speaks HTTP/1.1 only. On HTTP/2 a call that times out leaves its
// connection open, so that one dead connection would fail all calls to a host; and an
// endpoint may push megabytes before anyone reads.
func newTransport(o Options, check func(netip.Addr) error) *http.Transport {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	d := &dialer{resolver: o.Resolver, check: check}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    maxTimeout,
		DisableCompression:     true,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleConnTimeout,
		MaxResponseHeaderBytes: MaxAnswerHeader,
		Protocols:              &http1,
	}
}

// Close closes the connections that are kept for reuse. The Sender stays usable.
func (s *Sender) Close() {
	s.secure.CloseIdleConnections()
	s.plain.CloseIdleConnections()
}

// Message is one attempt to call an endpoint.
type Message struct {
	ID          string // webhook-id: the callout instance id, one for all attempts
	URL         string
	Body        []byte             // JSON; not changed while it is sent
	ContentType string             // of the body; empty means application/json
	CallbackURL string             // header Anteroom-Callback-Url; empty means none
	Key         ed25519.PrivateKey // signs the message
	KeyID       string             // header Anteroom-Key-Id; empty means none
	Time        time.Time          // webhook-timestamp: the real time of the attempt, sent in whole seconds
	// Timeout is how long one call may take, from looking up the name to the end of
	// the answer. Zero means entitlement.DefaultClientTimeout, more than
	// entitlement.MaxClientTimeout means that.
	Timeout time.Duration
	// Retries is how many further calls follow a failed one at once, each with its own
	// Timeout; at most entitlement.MaxRetries are made.
	Retries     int
	TraceParent string // header traceparent (W3C Trace Context); empty means none
}

// Result is how an attempt went.
type Result struct {
	Status int // of the last call's answer; 0 when there was none
	Calls  int // how many calls were made; 0 when the message was refused before
	// Err is nil when an answer with status 2xx was received. Otherwise its text is in
	// words for an operator and holds neither the URL nor anything that the endpoint
	// sent. It is an *AddressError when the address may not be called, and wraps the
	// context's error when ctx ended.
	Err error
}

// Send makes one attempt: a POST of the body, signed after Standard Webhooks, and up to
// m.Retries further ones after a failure. A status other than 2xx is a failure, and so
// is a redirect, which is never followed. Nothing is repeated once the address is found
// forbidden or ctx has ended. Send takes no longer than its calls' timeouts together.
func (s *Sender) Send(ctx context.Context, m Message) Result {
	u, err := s.parseURL(m.URL)
	if refused := (*AddressError)(nil); errors.As(err, &refused) {
		return Result{Err: err}
	}
	if err != nil {
		return Result{Err: &failure{"the endpoint's address cannot be used: " + err.Error(), err}}
	}
	if len(m.Key) != ed25519.PrivateKeySize {
		return Result{Err: &failure{text: "there is no key to sign the call with"}}
	}
	if m.Timeout <= 0 {
		m.Timeout = entitlement.DefaultClientTimeout
	}
	m.Timeout = min(m.Timeout, maxTimeout)
	header := s.header(m)
	var r Result
	for range 1 + max(0, min(m.Retries, entitlement.MaxRetries)) {
		r.Calls++
		r.Status, r.Err = s.call(ctx, u, header, m)
		var refused *AddressError
		if r.Err == nil || errors.As(r.Err, &refused) || ctx.Err() != nil {
			break
		}
	}
	return r
}

func (s *Sender) header(m Message) http.Header {
	h := http.Header{}
	h.Set("Content-Type", cmp.Or(m.ContentType, "application/json"))
	h.Set("User-Agent", s.userAgent)
	h.Set("webhook-id", m.ID)
	h.Set("webhook-timestamp", strconv.FormatInt(m.Time.Unix(), 10))
	h.Set("webhook-signature", Sign(m.Key, m.ID, m.Time, m.Body))
	for name, value := range map[string]string{
		"Anteroom-Callback-Url": m.CallbackURL, "Anteroom-Key-Id": m.KeyID, "traceparent": m.TraceParent,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	// Not sent. It tells net/http that the call may be repeated on a new connection
	// when the endpoint has just closed the one kept for reuse.
	h["Idempotency-Key"] = []string{}
	return h
}

// call makes one call. RoundTrip is used instead of an http.Client as it follows no
// redirects and keeps no cookies.
func (s *Sender) call(parent context.Context, u *url.URL, header http.Header, m Message) (int, error) {
	ctx, cancel := context.WithTimeout(parent, m.Timeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	ctx = context.WithValue(ctx, deadlineKey{}, deadline)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(m.Body))
	if err != nil {
		return 0, &failure{"the call cannot be made", err}
	}
	req.Header = header.Clone()
	transport := s.secure
	if u.Scheme == "http" {
		transport = s.plain
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, describe(parent, m.Timeout, err)
	}
	defer resp.Body.Close()
	// Read to the end if it is near, so that the connection can be used again. The
	// status has decided already.
	_, _ = io.CopyN(io.Discard, resp.Body, MaxAnswer)
	return resp.StatusCode, checkStatus(resp.StatusCode)
}
