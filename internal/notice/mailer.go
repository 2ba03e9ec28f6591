package notice

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"time"

	"anteroom/internal/config"
	"anteroom/internal/entitlement"
)

// Limits of the mailer.
const (
	// mailTimeout is how long signing in, or one mail, may take. RFC 5321 §4.5.3.2 would
	// wait longer, but a mail that is taken late is only sent twice.
	mailTimeout    = time.Minute
	maxConnections = 4     // at a time
	remembered     = 10000 // letters that are not sent again
)

// mailer sends each notice as a mail of its own to each reader who has an address. The mail
// server is the operator's: it may be anywhere, unlike the webhook.
type mailer struct {
	config  config.SMTP
	host    string // of the server, as its certificate has it
	tls     *tls.Config
	timeout time.Duration
	log     *slog.Logger
	slots   chan struct{} // one for each connection
	done    *memory
}

func newMailer(c config.SMTP, o Options) (*mailer, error) {
	host, _, err := net.SplitHostPort(c.Server)
	if err != nil {
		return nil, fmt.Errorf("the server is not host:port: %w", err)
	}
	if c.PasswordFile != "" {
		if _, err := c.Password(); err != nil {
			return nil, err
		}
	}
	return &mailer{
		config: c, host: host, tls: &tls.Config{ServerName: host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		timeout: cmp.Or(o.Timeout, mailTimeout), log: o.Logger,
		slots: make(chan struct{}, maxConnections), done: newMemory(remembered),
	}, nil
}

// Name is "smtp".
func (m *mailer) Name() string { return "smtp" }

// Send mails the notice to its readers, over one connection. It fails if one of them did
// not get it; the others are spared when it is called again. A mailbox that the mail server
// knows not to exist gets nothing, then or later, and neither does a reader without an
// address: that is no failure.
func (m *mailer) Send(ctx context.Context, t entitlement.TenantID, _ []byte, n entitlement.Notice) error {
	log := m.log.With("tenant", t, "notice", n.ID, "kind", n.Kind)
	letters := m.letters(&n, log)
	if len(letters) == 0 {
		return nil
	}
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return interrupted(ctx)
	}
	s, err := m.connect(ctx, letters)
	if err != nil {
		return err
	}
	defer s.close()
	var failed error
	left := len(letters)
	for i := range letters {
		err := s.send(&letters[i])
		switch {
		case err == nil:
			m.done.add(letters[i].id)
			left--
		case err.noMailbox:
			log.Warn("a notice has a reader whose mailbox does not exist", "user", letters[i].reader, "error", err)
			m.done.add(letters[i].id)
			left--
		case failed == nil:
			failed = err
		}
		if err != nil && err.fatal {
			break
		}
	}
	if failed != nil && len(letters) > 1 {
		return fmt.Errorf("%d of %d mails were not taken: %w", left, len(letters), failed)
	}
	return failed
}

// letters returns those that are still to be sent, one for each address.
func (m *mailer) letters(n *entitlement.Notice, log *slog.Logger) []letter {
	var letters []letter
	seen := map[entitlement.ID]bool{}
	for _, to := range n.To {
		if to.Email == "" {
			continue
		}
		l, ok := newLetter(n, to)
		if !ok {
			log.Warn("a notice has a reader whose mail address cannot be used", "user", to.ObjectID)
			continue
		}
		if !seen[l.id] && !m.done.has(l.id) {
			letters = append(letters, l)
		}
		seen[l.id] = true
	}
	return letters
}
