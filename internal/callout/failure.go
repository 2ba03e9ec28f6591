package callout

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// failure is an error whose text is fit for an operator; the cause is for errors.Is.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// checkStatus returns nil for a 2xx, the only success of Standard Webhooks.
func checkStatus(status int) error {
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status >= 300 && status <= 399:
		return &failure{text: fmt.Sprintf("redirects are not followed (%d)", status)}
	}
	return &failure{text: fmt.Sprintf("the endpoint answered %d", status)}
}

// describe puts what kept a call from an answer into words: parent is the context that
// the caller gave, timeout the time that the call had. The cause's own text is not
// used, as it may quote the endpoint.
func describe(parent context.Context, timeout time.Duration, err error) error {
	var (
		refused *AddressError
		lookup  *net.DNSError
		network net.Error
		words   string
	)
	switch {
	case parent.Err() != nil:
		return &failure{"the call was interrupted", parent.Err()}
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &lookup) && lookup.IsNotFound:
		words = "the host name has no address"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		words = "no answer within " + timeout.String()
	case lookup != nil:
		words = "the host name could not be looked up"
	default:
		words = describeConnection(err)
	}
	return &failure{words, err}
}

func describeConnection(err error) string {
	var (
		notTLS tls.RecordHeaderError
		op     *net.OpError
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "the endpoint's network cannot be reached"
	case CertificateWords("endpoint", err) != "":
		return CertificateWords("endpoint", err)
	case errors.As(err, &notTLS):
		return "the endpoint does not speak TLS"
	// crypto/tls has no type for the alert of a handshake but marks it so.
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return "the TLS handshake failed"
	// net/http has no values or types for these.
	case strings.Contains(err.Error(), "response headers exceeded"):
		return fmt.Sprintf("the answer's header is longer than %d KB", MaxAnswerHeader>>10)
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "bad Content-Length"):
		return "the answer is not valid HTTP"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed idle connection"):
		return "the connection was closed before an answer came"
	}
	return "the call failed"
}

// CertificateWords says what is wrong with the certificate of a server, named as "endpoint",
// or returns "" where that is not what failed.
func CertificateWords(server string, err error) string {
	var (
		authority  x509.UnknownAuthorityError
		host       x509.HostnameError
		invalid    x509.CertificateInvalidError
		unverified *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &authority):
		return "the " + server + "'s certificate is signed by an unknown authority"
	case errors.As(err, &host):
		return "the " + server + "'s certificate is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the " + server + "'s certificate has expired or is not valid yet"
	case errors.As(err, &unverified):
		return "the " + server + "'s certificate is not valid"
	}
	return ""
}
