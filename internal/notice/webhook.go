package notice

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"anteroom/internal/callout"
	"anteroom/internal/config"
	"anteroom/internal/entitlement"
)

// webhook posts each notice as an event. It is called like an extension: behind the same
// wall, with the same key, and no redirect is followed.
type webhook struct {
	sender  *callout.Sender
	url     string
	timeout time.Duration
}

func newWebhook(c config.Webhook, o Options) (*webhook, error) {
	if o.Sender == nil {
		return nil, errors.New("there is nothing to call it with")
	}
	if err := o.Sender.CheckURL(c.URL); err != nil {
		return nil, err
	}
	return &webhook{sender: o.Sender, url: c.URL, timeout: cmp.Or(o.Timeout, entitlement.MaxClientTimeout)}, nil
}

// Name is "webhook".
func (w *webhook) Name() string { return "webhook" }

// Send posts the notice. Only an answer with status 2xx means that the receiver has it.
//
// Standard Webhooks; CloudEvents HTTP binding 1.0 §3.2 (structured content mode)
func (w *webhook) Send(ctx context.Context, t entitlement.TenantID, keySeed []byte, n entitlement.Notice) error {
	key, err := callout.KeyFromSeed(keySeed)
	if err != nil {
		return errors.New("there is no key to sign the event with")
	}
	body, err := encode(t, &n)
	if err != nil {
		return err
	}
	return w.sender.Send(ctx, callout.Message{
		ID: string(n.ID), URL: w.url, Body: body, ContentType: eventContentType,
		Key: key, KeyID: callout.KeyID(key.Public().(ed25519.PublicKey)),
		Time: time.Now(), Timeout: w.timeout,
	}).Err
}
