package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"syscall"
	"time"

	gomail "github.com/wneessen/go-mail"

	"anteroom/internal/callout"
)

// failure is an error whose text is fit for an operator; the cause is for errors.Is.
type failure struct {
	text      string
	cause     error
	noMailbox bool // the mail server knows that the mailbox does not exist
	fatal     bool // nothing more can be sent in this session
}

// Error is in words for an operator and holds neither an address nor the mail server's own
// text.
func (f *failure) Error() string { return f.text }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.cause }

func interrupted(ctx context.Context) *failure {
	return &failure{text: "sending was interrupted", cause: ctx.Err(), fatal: true}
}

// describe puts into words what kept a mail, or signing in, from being taken.
func (s *session) describe(err error) *failure {
	if s.ctx.Err() != nil {
		s.broken = true
		return interrupted(s.ctx)
	}
	var (
		sending *gomail.SendError
		reply   *textproto.Error
	)
	switch {
	case errors.As(err, &sending) && sending.ErrorCode() != 0:
		return describeRefusal(sending)
	case errors.As(err, &reply):
		return &failure{text: replyWords(err, reply.Code), cause: err, fatal: true}
	}
	s.broken = true
	if s.conn != nil && s.conn.failed != nil {
		err = errors.Join(s.conn.failed, err)
	}
	return &failure{text: connectionWords(err, s.mailer.timeout), cause: err, fatal: true}
}

// unknownMailbox are the replies that say of a recipient that there will never be one.
//
// RFC 3463 §3.2 and §3.3, RFC 7505 §4.2
var unknownMailbox = []string{"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}

// describeRefusal says what the mail server does not want of a mail, by its code.
//
// RFC 5321 §4.2.1, RFC 3463
func describeRefusal(err *gomail.SendError) *failure {
	f := &failure{cause: err, fatal: err.ErrorCode() == 421} // it closes the connection
	what := "the mail"
	switch err.Reason {
	case gomail.ErrSMTPMailFrom:
		what, f.fatal = "the sender", true // the same for all mails
	case gomail.ErrSMTPRcptTo:
		what = "a recipient"
		f.noMailbox = slices.Contains(unknownMailbox, err.EnhancedStatusCode())
	}
	f.text = strings.TrimSpace(fmt.Sprintf("the mail server refused %s (%d %s", what, err.ErrorCode(), err.EnhancedStatusCode())) + ")"
	return f
}

// replyWords says what the mail server answered before any mail was sent.
func replyWords(err error, code int) string {
	// go-mail has no value or type for this.
	if strings.HasPrefix(err.Error(), "SMTP AUTH failed") {
		return fmt.Sprintf("the mail server does not accept the user name and password (%d)", code)
	}
	return fmt.Sprintf("the mail server refused the connection (%d)", code)
}

func connectionWords(err error, timeout time.Duration) string {
	var (
		lookup  *net.DNSError
		network net.Error
		notTLS  tls.RecordHeaderError
		notSMTP textproto.ProtocolError
	)
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "the mail server's name has no address"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer of the mail server within " + timeout.String()
	case lookup != nil:
		return "the mail server's name could not be looked up"
	case errors.Is(err, errTooMuch):
		return errTooMuch.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the mail server refused the connection"
	case errors.As(err, &notTLS):
		return "the mail server does not speak TLS at this port"
	case errors.As(err, &notSMTP):
		return "the mail server does not speak SMTP at this port"
	case callout.CertificateWords("mail server", err) != "":
		return callout.CertificateWords("mail server", err)
	// go-mail has no values or types for these.
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return "the mail server does not offer STARTTLS"
	case strings.Contains(err.Error(), "does not support SMTP AUTH"), errors.Is(err, gomail.ErrNoSupportedAuthDiscovered):
		return "the mail server offers no way to sign in with a user name and a password"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the mail server closed the connection"
	}
	return "the mail server could not be spoken to"
}
