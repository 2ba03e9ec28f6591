package notice

import (
	"bytes"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/config"
	"anteroom/internal/entitlement"
)

// read parses a mail as a receiver would.
func read(t *testing.T, data string) (mail.Header, string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatalf("not a mail: %v\n%s", err, data)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, string(body)
}

func TestMail(t *testing.T) {
	s := (&mailServer{offers: []string{"STARTTLS", "8BITMIME", "SMTPUTF8"}}).start(t)
	if err := mailSink(t, s, "starttls", nil).Send(t.Context(), tenant, seed, notice(bo)); err != nil {
		t.Fatal(err)
	}
	mails := s.mails()
	if len(mails) != 1 || mails[0].from != "FROM:<access@example.org> BODY=8BITMIME" || mails[0].to != "TO:<bo@example.org>" || !mails[0].secure {
		t.Fatalf("mails %+v", mails)
	}
	header, body := read(t, mails[0].data)
	want := mail.Header{
		"From":                      {`"Access" <access@example.org>`},
		"To":                        {"=?utf-8?q?Bo_=C3=85?= <bo@example.org>"},
		"Subject":                   {`Please decide on a request for "Sales"`},
		"Date":                      {"Sun, 01 Mar 2026 10:00:00 +0000"},
		"Message-Id":                {"<" + string(entitlement.DeriveID("mail", "5f8a2c1e-7b64-8d90-a3f1-000000000001", "bo@example.org")) + "@example.org>"},
		"Anteroom-Notice-Id":        {"5f8a2c1e-7b64-8d90-a3f1-000000000001"},
		"Auto-Submitted":            {"auto-generated"},
		"X-Auto-Response-Suppress":  {"All"},
		"Mime-Version":              {"1.0"},
		"Content-Type":              {"text/plain; charset=UTF-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	wantBody := `Hello Bo Å,

Cy asks for access to "Sales". You are asked to approve or deny the request.

Decide by: 15 March 2026, 10:00 UTC

Justification:
> I need it.

Request: 5f8a2c1e-7b64-8d90-a3f1-000000000002

This message was sent automatically by Anteroom.
`
	if diff := cmp.Diff(wantBody, strings.ReplaceAll(body, "\r\n", "\n")); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// TestSigningIn: all ways of TLS and of signing in.
func TestSigningIn(t *testing.T) {
	for _, tt := range []struct {
		name, tls string
		implicit  bool
		offers    []string
		password  string // empty: nobody signs in
		want      string // error; empty: the mail is taken
	}{
		{"STARTTLS", "starttls", false, []string{"STARTTLS"}, "", ""},
		{"STARTTLS, PLAIN", "starttls", false, []string{"STARTTLS", "AUTH LOGIN PLAIN"}, "right", ""},
		{"STARTTLS, LOGIN", "starttls", false, []string{"STARTTLS", "AUTH LOGIN"}, "right", ""},
		{"implicit", "implicit", true, nil, "", ""},
		{"implicit, PLAIN", "implicit", true, []string{"AUTH PLAIN"}, "right", ""},
		{"none", "none", false, []string{"STARTTLS"}, "", ""},
		{"none, PLAIN", "none", false, []string{"AUTH PLAIN"}, "right", ""},
		{"none, LOGIN", "none", false, []string{"AUTH LOGIN"}, "right", ""},
		{"wrong password", "starttls", false, []string{"STARTTLS", "AUTH PLAIN"}, "wrong", "the mail server does not accept the user name and password (535)"},
		{"no AUTH", "starttls", false, []string{"STARTTLS"}, "right", "the mail server offers no way to sign in with a user name and a password"},
		{"no way of AUTH", "starttls", false, []string{"STARTTLS", "AUTH GSSAPI"}, "right", "the mail server offers no way to sign in with a user name and a password"},
		{"no STARTTLS", "starttls", false, []string{"AUTH PLAIN"}, "right", "the mail server does not offer STARTTLS"},
		{"no TLS", "implicit", false, nil, "", "the mail server does not speak TLS at this port"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := (&mailServer{implicit: tt.implicit, offers: tt.offers}).start(t)
			sink := mailSink(t, s, tt.tls, func(c *config.SMTP, _ *Options) {
				if tt.password != "" {
					c.Username, c.PasswordFile = "anteroom", passwordFile(t, tt.password)
				}
			})
			if got := errorText(sink.Send(t.Context(), tenant, seed, notice(ada))); got != tt.want {
				t.Fatalf("error %q, want %q", got, tt.want)
			}
			user := ""
			if tt.password != "" {
				user = "anteroom"
			}
			mails := s.mails()
			switch {
			case tt.want != "" && len(mails) > 0:
				t.Errorf("mails %+v", mails)
			case tt.want == "" && (len(mails) != 1 || mails[0].user != user || mails[0].secure != (tt.tls != "none")):
				t.Errorf("mails %+v", mails)
			}
		})
	}
}

// TestNothingInTheClear: without STARTTLS the server learns neither the password nor a mail.
func TestNothingInTheClear(t *testing.T) {
	s := (&mailServer{offers: []string{"AUTH PLAIN LOGIN"}}).start(t)
	sink := mailSink(t, s, "starttls", func(c *config.SMTP, _ *Options) {
		c.Username, c.PasswordFile = "anteroom", passwordFile(t, "right")
	})
	if err := sink.Send(t.Context(), tenant, seed, notice(ada)); err == nil {
		t.Error("it was sent")
	}
	if said := s.commands(); strings.Contains(said, "AUTH") || strings.Contains(said, "MAIL") {
		t.Errorf("the server heard:\n%s", said)
	}
}

func TestCertificate(t *testing.T) {
	s := (&mailServer{offers: []string{"STARTTLS"}}).start(t)
	secure := (&mailServer{implicit: true}).start(t)
	unknown := func(_ *config.SMTP, o *Options) { o.RootCAs = nil }
	other := func(c *config.SMTP, _ *Options) { c.Server = strings.Replace(c.Server, "127.0.0.1", "localhost", 1) }
	for _, tt := range []struct {
		server *mailServer
		tls    string
		change func(*config.SMTP, *Options)
		want   string
	}{
		{s, "starttls", unknown, "the mail server's certificate is signed by an unknown authority"},
		{secure, "implicit", unknown, "the mail server's certificate is signed by an unknown authority"},
		{s, "starttls", other, "the mail server's certificate is for another host"},
		{secure, "implicit", other, "the mail server's certificate is for another host"},
	} {
		if got := errorText(mailSink(t, tt.server, tt.tls, tt.change).Send(t.Context(), tenant, seed, notice(ada))); got != tt.want {
			t.Errorf("%s: error %q, want %q", tt.tls, got, tt.want)
		}
	}
	if n := len(s.mails()) + len(secure.mails()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

// TestPasswordIsReadAnew: a new password needs no restart, and one that is gone is said.
func TestPasswordIsReadAnew(t *testing.T) {
	s := (&mailServer{offers: []string{"STARTTLS", "AUTH PLAIN"}}).start(t)
	path := passwordFile(t, "wrong")
	sink := mailSink(t, s, "starttls", func(c *config.SMTP, _ *Options) { c.Username, c.PasswordFile = "anteroom", path })
	if err := sink.Send(t.Context(), tenant, seed, notice(ada)); err == nil {
		t.Error("it was sent")
	}
	if err := os.WriteFile(path, []byte("right"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sink.Send(t.Context(), tenant, seed, notice(ada)); err != nil {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := sink.Send(t.Context(), tenant, seed, notice(bo)); err == nil || !strings.HasPrefix(err.Error(), "the password cannot be read") {
		t.Errorf("error %v", err)
	}
}

// TestReaders: who has no address gets nothing, and who is named twice one mail. Nothing to
// do is no failure, and needs no connection.
func TestReaders(t *testing.T) {
	s := (&mailServer{}).start(t)
	var log bytes.Buffer
	sink := mailSink(t, s, "none", func(_ *config.SMTP, o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	nobody := []entitlement.Subject{subject("01", "No address", "")}
	for _, bad := range []string{
		"x", "@", "a b@example.org", "a@example.org\r\nRCPT TO:<b@example.org>", "a@example.org\nBcc: b@example.org", "<a@example.org>",
		"A <a@example.org>", "a@example.org, b@example.org", `"a b"@example.org`, "a@example.org (x)", "a\u202eb@example.org", "a\u2028@example.org",
		"a\x00@example.org", strings.Repeat("a", 250) + "@example.org", "\xff@example.org",
	} {
		nobody = append(nobody, subject("02", "Hostile", bad))
	}
	for _, to := range [][]entitlement.Subject{nil, nobody} {
		if err := sink.Send(t.Context(), tenant, seed, notice(to...)); err != nil {
			t.Error(err)
		}
	}
	if s.commands() != "" {
		t.Errorf("the server heard:\n%s", s.commands())
	}
	if got := strings.Count(log.String(), "mail address cannot be used"); got != len(nobody)-1 {
		t.Errorf("%d complaints, want %d:\n%s", got, len(nobody)-1, log.String())
	}
	twice := bo
	twice.Email = "BO@example.org"
	if err := sink.Send(t.Context(), tenant, seed, notice(append(nobody, ada, bo, twice, ada)...)); err != nil {
		t.Error(err)
	}
	var got []string
	for _, m := range s.mails() {
		got = append(got, m.to)
	}
	if diff := cmp.Diff([]string{"TO:<ada@example.org>", "TO:<bo@example.org>"}, got); diff != "" || strings.Count(s.commands(), "EHLO") != 1 {
		t.Errorf("recipients (-want +got):\n%s\nthe server heard:\n%s", diff, s.commands())
	}
}

// TestInternationalAddress: only a mail to one asks for SMTPUTF8.
func TestInternationalAddress(t *testing.T) {
	s := (&mailServer{offers: []string{"SMTPUTF8"}}).start(t)
	if err := mailSink(t, s, "none", nil).Send(t.Context(), tenant, seed, notice(subject("01", "Ä", "ä@example.org"))); err != nil {
		t.Fatal(err)
	}
	if m := s.mails(); len(m) != 1 || m[0].from != "FROM:<access@example.org> SMTPUTF8" || m[0].to != "TO:<ä@example.org>" {
		t.Errorf("mails %+v", m)
	}
}
