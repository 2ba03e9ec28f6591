package notice

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"anteroom/internal/callout"
	"anteroom/internal/config"
	"anteroom/internal/entitlement"
)

// Sink is where notices go. It is safe for concurrent use.
type Sink interface {
	// Name is the sink's kind, of which a server has one: "webhook" or "smtp".
	Name() string
	// Send hands over a notice of a tenant, whose key for callouts is made of keySeed. It
	// returns nil when the sink has the notice, or never will: nothing is to be repeated.
	// The error is in words for an operator, and wraps the context's when ctx ended.
	Send(ctx context.Context, t entitlement.TenantID, keySeed []byte, n entitlement.Notice) error
}

// Options are what sinks need beside their configuration.
type Options struct {
	// Sender makes the webhook's calls, behind its wall; nil only without a webhook.
	Sender  *callout.Sender
	RootCAs *x509.CertPool // for the mail server; nil means the system's
	Logger  *slog.Logger   // nil: nothing is logged
	// Timeout is how long one exchange with a sink may take: a call of the webhook, or
	// signing in to the mail server, or one mail. Zero means 2 seconds and 1 minute.
	// The webhook's is never longer than entitlement.MaxClientTimeout.
	Timeout time.Duration
}

// Sinks are the sinks of a server. It is safe for concurrent use.
type Sinks struct {
	all []Sink
}

// New makes the sinks that the configuration names; there may be none. It connects to
// nothing. The error is in words for an operator: the webhook's address may not be called,
// or the mail server's password cannot be read.
func New(c config.Notices, o Options) (*Sinks, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sinks{}
	if c.Webhook != nil {
		w, err := newWebhook(*c.Webhook, o)
		if err != nil {
			return nil, fmt.Errorf("notices.webhook: %w", err)
		}
		s.all = append(s.all, w)
	}
	if c.SMTP != nil {
		m, err := newMailer(*c.SMTP, o)
		if err != nil {
			return nil, fmt.Errorf("notices.smtp: %w", err)
		}
		s.all = append(s.all, m)
	}
	return s, nil
}

// Sinks names the sinks, in an order that the configuration does not change.
func (s *Sinks) Sinks() []string {
	names := make([]string, len(s.all))
	for i, sink := range s.all {
		names[i] = sink.Name()
	}
	return names
}

// Send hands a notice to the sink of that name, as Sink.Send.
func (s *Sinks) Send(ctx context.Context, sink string, t entitlement.TenantID, keySeed []byte, n entitlement.Notice) error {
	for _, one := range s.all {
		if one.Name() == sink {
			return one.Send(ctx, t, keySeed, n)
		}
	}
	return errors.New("there is no such sink of notices: " + sink)
}
