package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// endpoint is the custom extension of the demo: a small HTTP server that checks who calls
// it and keeps what it received.
type endpoint struct {
	url      string
	keys     string // where the public keys of callouts are
	received chan callout
	server   *http.Server
}

// callout is one call that the endpoint received.
type callout struct {
	header   http.Header
	body     []byte
	verified error // nil when the signature is right
}

// request and instance are the two ids that an answer needs.
func (c *callout) request() string  { return c.text("AccessPackageAssignmentRequestId") }
func (c *callout) instance() string { return c.text("CustomExtensionStageInstanceId") }

func (c *callout) text(name string) string {
	var body map[string]any
	if json.Unmarshal(c.body, &body) != nil {
		return ""
	}
	s, _ := body[name].(string)
	return s
}

// startEndpoint listens at a free port of the own machine.
func startEndpoint(ctx context.Context, anteroom string) (*endpoint, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	x := &endpoint{
		url: "http://" + l.Addr().String() + "/sod-check", keys: anteroom + "/.well-known/anteroom/callout-keys",
		received: make(chan callout, 16),
	}
	x.server = &http.Server{Handler: x, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = x.server.Serve(l) }() // ends with stop
	return x, nil
}

func (x *endpoint) stop() { _ = x.server.Close() }

// ServeHTTP takes a callout. It answers at once; what it has to say comes later, by resume.
func (x *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c := callout{header: r.Header, body: body}
	c.verified = x.verify(r, body)
	select {
	case x.received <- c:
		w.WriteHeader(http.StatusAccepted)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// verify checks the signature after Standard Webhooks (v1a), with the key that the server
// publishes.
func (x *endpoint) verify(r *http.Request, body []byte) error {
	pub, err := x.key(r.Context(), r.Header.Get("Anteroom-Key-Id"))
	if err != nil {
		return err
	}
	signed := r.Header.Get("webhook-id") + "." + r.Header.Get("webhook-timestamp") + "." + string(body)
	for _, one := range strings.Fields(r.Header.Get("webhook-signature")) {
		sig, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(one, "v1a,"))
		if err == nil && ed25519.Verify(pub, []byte(signed), sig) {
			return nil
		}
	}
	return errors.New("no signature of the callout is right")
}

func (x *endpoint) key(ctx context.Context, id string) (ed25519.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, x.keys, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var set struct {
		Keys []struct{ Kid, X string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, fmt.Errorf("the public keys cannot be read: %w", err)
	}
	for _, k := range set.Keys {
		raw, err := base64.RawURLEncoding.DecodeString(k.X)
		if k.Kid == id && err == nil && len(raw) == ed25519.PublicKeySize {
			return raw, nil
		}
	}
	return nil, fmt.Errorf("the server has no public key %q", id)
}

// next waits for the next callout.
func (x *endpoint) next(ctx context.Context) (*callout, error) {
	select {
	case c := <-x.received:
		return &c, nil
	case <-ctx.Done():
		return nil, errors.New("expected a callout, but none came")
	}
}
