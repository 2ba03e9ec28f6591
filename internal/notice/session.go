package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Limits of a session.
const (
	maxReplies  = 1 << 20 // bytes that the mail server may send
	quitTimeout = 5 * time.Second
)

// session is a connection to the mail server on which mail can be sent. It is for one
// goroutine.
type session struct {
	mailer *mailer
	ctx    context.Context
	conn   *watched // nil before there is a connection
	broken bool     // nothing can be said on it any more
	client *gomail.Client
	stop   func() bool // ends the watch over ctx
}

// connect connects to the mail server and signs in. The error is a *failure.
func (m *mailer) connect(ctx context.Context, letters []letter) (*session, error) {
	s := &session{mailer: m, ctx: ctx, stop: func() bool { return true }}
	options, err := m.options(letters)
	if err != nil {
		return nil, &failure{text: err.Error(), cause: err}
	}
	s.client, err = gomail.NewClient(m.host, append(options, gomail.WithDialContextFunc(s.dial))...)
	if err != nil {
		return nil, &failure{text: "the connection to the mail server cannot be prepared", cause: err}
	}
	if err := s.client.DialWithContext(ctx); err != nil {
		s.drop()
		return nil, s.describe(err)
	}
	return s, nil
}

func (m *mailer) options(letters []letter) ([]gomail.Option, error) {
	options := []gomail.Option{
		gomail.WithTimeout(m.timeout), gomail.WithTLSConfig(m.tls),
		gomail.WithoutNoop(), // a round trip more for each mail
		gomail.WithTLSPolicy(gomail.NoTLS),
	}
	if m.config.TLS == "starttls" {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	// A mail that is sent with SMTPUTF8 gets no further than to a server that has it, too.
	if !slices.ContainsFunc(letters, func(l letter) bool { return !l.ascii() }) {
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	if m.config.Username != "" {
		password, err := m.config.Password()
		if err != nil {
			return nil, err
		}
		ways := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
		if m.config.TLS == "none" { // on this machine, as the configuration sees to
			ways = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		options = append(options, gomail.WithUsername(m.config.Username), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(ways...))
	}
	return options, nil
}

// dial connects to the configured server. The connection is closed when the session's
// context ends, whatever is under way.
func (s *session) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	inner, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.mailer.config.Server)
	if err != nil {
		return nil, err
	}
	s.conn = &watched{Conn: inner, left: maxReplies}
	s.stop = context.AfterFunc(s.ctx, func() { _ = inner.Close() }) // the context ended: nobody waits for it
	if s.mailer.config.TLS != "implicit" {
		return s.conn, nil
	}
	secure := tls.Client(s.conn, s.mailer.tls)
	return secure, secure.HandshakeContext(ctx)
}

// send sends one letter and returns nil when the server has it.
func (s *session) send(l *letter) *failure {
	m := l.message(s.mailer.config.From)
	err := s.client.Send(m)
	if err == nil || m.IsDelivered() {
		return nil
	}
	f := s.describe(err)
	if !f.fatal && s.client.Reset() != nil { // go-mail leaves a refused DATA open
		f.fatal = true
	}
	return f
}

// close says goodbye and closes the connection.
func (s *session) close() {
	if !s.broken {
		_ = s.conn.SetDeadline(time.Now().Add(quitTimeout))
		_ = s.client.Close() // what was taken is taken, whether or not the server answers this
	}
	s.drop()
}

// drop closes the connection, if there is one.
func (s *session) drop() {
	s.stop()
	if s.conn != nil {
		_ = s.conn.Close() // it is given up
	}
}

// watched is a connection that keeps what went wrong with it, which go-mail hides, and from
// which no more than so many bytes are read.
type watched struct {
	net.Conn
	left   int
	failed error
}

var errTooMuch = errors.New("the mail server sends too much")

// Read reads as long as there is something left to be read.
func (w *watched) Read(p []byte) (int, error) {
	if w.left <= 0 {
		w.failed = errTooMuch
		return 0, errTooMuch
	}
	n, err := w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	w.note(err)
	return n, err
}

// Write writes.
func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.note(err)
	return n, err
}

func (w *watched) note(err error) {
	if w.failed == nil {
		w.failed = err
	}
}
