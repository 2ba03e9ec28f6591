package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"net/url"
	"strings"
	"sync"
	"time"

	"anteroom/internal/callout"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/telemetry"
)

// callbackPath is the path, without a version, at which the owner of an extension answers
// a callout of the request.
func callbackPath(request entitlement.ID) string {
	return "/identityGovernance/entitlementManagement/assignmentRequests/" + string(request) + "/resume"
}

// caller is the engine's Caller: it puts a call into the words of the contract and sends
// it.
type caller struct {
	sender *callout.Sender
	base   string // where receivers reach this server, without a slash at its end
	keys   keyring

	tracing *telemetry.Tracing
	count   func(host, outcome string, took time.Duration)
}

// Call makes one attempt.
//
// contract: lifecycle b.1
func (c *caller) Call(ctx context.Context, call engine.Call) error {
	k, err := c.keys.of(call.TenantID, call.KeySeed)
	if err != nil {
		return err
	}
	path := callbackPath(call.Request.ID)
	m := callout.Message{
		ID: string(call.Callout.ID), URL: call.Planned.URL, Body: body(&call, path),
		CallbackURL: c.base + "/v1.0" + path, Key: k.private, KeyID: k.id, Time: call.Now,
		Timeout: call.Planned.Timeout, Retries: call.Planned.Retries,
	}
	return c.send(ctx, m, call.Callout.Stage)
}

// send sends a message as one span, and counts how it went. The receiver can continue the
// trace.
func (c *caller) send(ctx context.Context, m callout.Message, stage entitlement.Stage) error {
	start, host := time.Now(), hostName(m.URL)
	ctx, end := c.tracing.Calling(ctx, "callout "+string(stage), host)
	m.TraceParent = c.tracing.Carry(ctx)
	r := c.sender.Send(ctx, m)
	outcome := outcomeOf(r)
	c.count(host, outcome, time.Since(start))
	end(r.Status, outcome, r.Err != nil)
	return r.Err
}

// hostName is the host of an address, all of it that may be shown.
func hostName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// keyring keeps the keys that sign callouts, as making one of its seed costs as much as
// signing.
type keyring struct {
	mu   sync.Mutex
	keys map[entitlement.TenantID]signingKey
}

type signingKey struct {
	private ed25519.PrivateKey
	id      string
}

// mostKeys bounds the ring; beyond it, it is made anew.
const mostKeys = 1000

func (k *keyring) of(t entitlement.TenantID, seed []byte) (signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.keys[t]; ok && bytes.Equal(key.private.Seed(), seed) {
		return key, nil
	}
	private, err := callout.KeyFromSeed(seed)
	if err != nil {
		return signingKey{}, err
	}
	key := signingKey{private: private, id: callout.KeyID(publicOf(private))}
	if k.keys == nil || len(k.keys) >= mostKeys {
		k.keys = make(map[entitlement.TenantID]signingKey)
	}
	k.keys[t] = key
	return key, nil
}

func publicOf(k ed25519.PrivateKey) ed25519.PublicKey {
	pub, _ := k.Public().(ed25519.PublicKey) // it is one
	return pub
}
