package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Notices are where notices go. With neither nobody is told anything.
type Notices struct {
	Webhook *Webhook // nil: no events are posted
	SMTP    *SMTP    // nil: no mail is sent
}

// Webhook is an endpoint that gets each notice as an event.
type Webhook struct {
	// URL is https, or http if Callouts.AllowHTTP is set. Its query may hold a secret.
	URL string
}

// SMTP is a mail server that takes mail for others.
type SMTP struct {
	Server string       // host:port
	TLS    string       // "starttls", "implicit" or "none"
	From   mail.Address // of what is sent, in ASCII; the name may be empty
	// Username and PasswordFile are both given or both empty; if they are given without
	// TLS the server is on a loopback address.
	Username     string
	PasswordFile string
}

// maxPassword is the largest password file that is read, in bytes.
const maxPassword = 4 << 10

// Password reads the password from its file, so that a new one needs no restart. A line
// break at the end does not belong to it. The error is in words for an operator.
func (s *SMTP) Password() (string, error) {
	f, err := os.Open(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("the password cannot be read: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err != nil {
		return "", fmt.Errorf("the password cannot be read: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch {
	case len(data) > maxPassword:
		return "", fmt.Errorf("the password's file is larger than %d bytes", maxPassword)
	case password == "":
		return "", errors.New("the password's file is empty")
	case hasControl(password):
		return "", errors.New("the password's file has more than one line, or control characters")
	}
	return password, nil
}

func (r *reader) notices(n node, c *Notices) {
	r.mapping(n,
		field{"webhook", "", func(n node) {
			c.Webhook = &Webhook{}
			r.mapping(n, field{"url", "give the address of the endpoint", func(n node) { r.webhookURL(n, &c.Webhook.URL) }})
		}},
		field{"smtp", "", func(n node) {
			c.SMTP = &SMTP{TLS: "starttls"}
			r.smtp(n, c.SMTP)
		}},
	)
}

// webhookURL reads the URL of an endpoint and does not repeat it in a problem, as its
// query may hold a secret.
func (r *reader) webhookURL(n node, into *string) {
	var s string
	if !r.text(n, &s) {
		return
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		r.problem(n, "is not a URL such as https://hooks.example.org/anteroom")
	case u.User != nil || u.Fragment != "":
		r.problem(n, "must have no user and no fragment")
	case u.Scheme != "https" && u.Scheme != "http":
		r.problem(n, "must begin with https://")
	default:
		*into = s
	}
}

func (r *reader) smtp(n node, s *SMTP) {
	r.mapping(n,
		field{"server", "give host:port of the mail server, such as mail.example.org:587", func(n node) { r.mailServer(n, &s.Server) }},
		field{"tls", "", func(n node) { r.choice(n, []string{"starttls", "implicit", "none"}, &s.TLS) }},
		field{"from", "give the address that notices come from, such as access@example.org", func(n node) { r.mailbox(n, &s.From) }},
		field{"username", "", func(n node) { r.text(n, &s.Username) }},
		field{"passwordFile", "", func(n node) { r.text(n, &s.PasswordFile) }},
	)
}

// mailServer reads host:port to connect to.
func (r *reader) mailServer(n node, into *string) {
	var s string
	if !r.text(n, &s) {
		return
	}
	host, port, err := net.SplitHostPort(s)
	if v, parse := strconv.ParseUint(port, 10, 16); err != nil || parse != nil || v == 0 || host == "" || strings.ContainsAny(host, "/@ ") {
		r.problem(n, "%q is not host:port of a mail server, such as mail.example.org:587", clip(s))
		return
	}
	*into = s
}

// mailbox reads an address with or without a name.
//
// RFC 5322 section 3.4
func (r *reader) mailbox(n node, into *mail.Address) {
	var s string
	if !r.text(n, &s) {
		return
	}
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil:
		r.problem(n, "%q is not a mail address such as access@example.org or Access <access@example.org>", clip(s))
	case strings.ContainsFunc(a.Address, func(c rune) bool { return c <= ' ' || c > '~' }), hasControl(a.Name):
		r.problem(n, "must have an address in ASCII and no control characters")
	case !readable(a):
		r.problem(n, "has a name that no mail can be written with; leave out backslashes")
	default:
		*into = *a
	}
}

// readable reports whether the address is read as it is written: net/mail writes some names
// in a way that RFC 2047 section 5 does not allow.
func readable(a *mail.Address) bool {
	again, err := mail.ParseAddress(a.String())
	return err == nil && *again == *a
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// agreeNotices checks the settings of notices against each other and the rest.
func (r *reader) agreeNotices(c *Config) {
	if w := c.Notices.Webhook; w != nil && strings.HasPrefix(strings.ToLower(w.URL), "http:") && !c.Callouts.AllowHTTP {
		r.at("notices.webhook.url", "must begin with https://, as callouts.allowHTTP is not set")
	}
	s := c.Notices.SMTP
	if s == nil {
		return
	}
	_, name := r.lines["notices.smtp.username"]
	_, file := r.lines["notices.smtp.passwordFile"]
	host, _, _ := net.SplitHostPort(s.Server)
	switch {
	case name && !file:
		r.at("notices.smtp.username", "is given without passwordFile; add the path of a file that holds the password")
	case file && !name:
		r.at("notices.smtp.passwordFile", "is given without username; add the name that the mail server knows")
	case name && s.TLS == "none" && host != "" && !isLoopback(host):
		r.at("notices.smtp.tls", "is none, and the password would be read on the way; use starttls or implicit, or remove username and passwordFile")
	}
}
