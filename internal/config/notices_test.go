package config

import (
	"errors"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const smtpLeast = "    server: mail.example.org:25\n    from: a@example.org\n"

func TestNotices(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Notices
	}{
		{"none", "", Notices{}},
		{"empty", "notices: {}\n", Notices{}},
		{"http by permission", "callouts: {allowHTTP: true}\nnotices: {webhook: {url: 'http://10.20.0.1:80/in?key=x'}}\n",
			Notices{Webhook: &Webhook{URL: "http://10.20.0.1:80/in?key=x"}}},
		{"least mail", "notices:\n  smtp:\n" + smtpLeast,
			Notices{SMTP: &SMTP{Server: "mail.example.org:25", TLS: "starttls", From: mail.Address{Address: "a@example.org"}}}},
		{"no TLS and no password", "notices:\n  smtp:\n" + smtpLeast + "    tls: none\n",
			Notices{SMTP: &SMTP{Server: "mail.example.org:25", TLS: "none", From: mail.Address{Address: "a@example.org"}}}},
		{"no TLS on the own machine", "notices: {smtp: {server: '[::1]:25', from: '\"Ä, B\" <a@example.org>', tls: none, username: u, passwordFile: p}}\n",
			Notices{SMTP: &SMTP{Server: "[::1]:25", TLS: "none", From: mail.Address{Name: "Ä, B", Address: "a@example.org"}, Username: "u", PasswordFile: "p"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse([]byte(small + tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Notices); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoticesRefused(t *testing.T) {
	for _, tt := range []struct {
		text    string // from line 12
		line    int
		key     string
		message string
	}{
		{"notices: [a]\n", 12, "notices", "must be a mapping"},
		{"notices: {mail: {}}\n", 12, "notices.mail", "there are webhook, smtp"},
		{"notices: {webhook: {}}\n", 12, "notices.webhook.url", "is missing; give the address"},
		{"notices: {webhook: https://x.example}\n", 12, "notices.webhook", "must be a mapping"},
		{"notices: {webhook: {url: 'x.example/secret'}}\n", 12, "notices.webhook.url", "is not a URL such as"},
		{"notices: {webhook: {url: 'ftp://x.example/secret'}}\n", 12, "notices.webhook.url", "must begin with https://"},
		{"notices: {webhook: {url: 'https://u:secret@x.example/'}}\n", 12, "notices.webhook.url", "no user"},
		{"notices: {webhook: {url: 'https://x.example/#secret'}}\n", 12, "notices.webhook.url", "no fragment"},
		{"notices:\n  webhook:\n    url: HTTP://127.0.0.1/secret\n", 14, "notices.webhook.url", "callouts.allowHTTP is not set"},
		{"notices: {smtp: {from: a@example.org}}\n", 12, "notices.smtp.server", "is missing; give host:port"},
		{"notices: {smtp: {server: 'h:25'}}\n", 12, "notices.smtp.from", "is missing; give the address"},
		{"notices: {smtp: {server: h, from: a@example.org}}\n", 12, "notices.smtp.server", "is not host:port"},
		{"notices: {smtp: {server: ':25', from: a@example.org}}\n", 12, "notices.smtp.server", "is not host:port"},
		{"notices: {smtp: {server: 'h:0', from: a@example.org}}\n", 12, "notices.smtp.server", "is not host:port"},
		{"notices: {smtp: {server: 'h:smtp', from: a@example.org}}\n", 12, "notices.smtp.server", "is not host:port"},
		{"notices: {smtp: {server: 'smtp://h:25', from: a@example.org}}\n", 12, "notices.smtp.server", "is not host:port"},
		{"notices: {smtp: {server: 'h:25', from: nobody}}\n", 12, "notices.smtp.from", "is not a mail address"},
		{"notices: {smtp: {server: 'h:25', from: 'a@example.org, b@example.org'}}\n", 12, "notices.smtp.from", "is not a mail address"},
		{"notices: {smtp: {server: 'h:25', from: ä@example.org}}\n", 12, "notices.smtp.from", "in ASCII"},
		{"notices: {smtp: {server: 'h:25', from: \"a@example.org\\nBcc: b@example.org\"}}\n", 12, "notices.smtp.from", "no control characters"},
		{"notices: {smtp: {server: 'h:25', from: '=?utf-8?q?a=0Ab?= <a@example.org>'}}\n", 12, "notices.smtp.from", "no control characters"},
		{"notices: {smtp: {server: 'h:25', from: '\"Ä\\\\\" <a@example.org>'}}\n", 12, "notices.smtp.from", "leave out backslashes"},
		{"notices:\n  smtp:\n" + smtpLeast + "    tls: opportunistic\n", 16, "notices.smtp.tls", "one of starttls, implicit, none"},
		{"notices:\n  smtp:\n" + smtpLeast + "    username: u\n", 16, "notices.smtp.username", "is given without passwordFile"},
		{"notices:\n  smtp:\n" + smtpLeast + "    passwordFile: p\n", 16, "notices.smtp.passwordFile", "is given without username"},
		{"notices:\n  smtp:\n" + smtpLeast + "    password: p\n", 16, "notices.smtp.password", "there are server, tls, from, username, passwordFile"},
		{"notices:\n  smtp:\n" + smtpLeast + "    tls: none\n    username: u\n    passwordFile: p\n", 16, "notices.smtp.tls", "read on the way"},
	} {
		t.Run(tt.key+"/"+tt.message, func(t *testing.T) {
			c, err := Parse([]byte(small + tt.text))
			var problems Problems
			if c != nil || !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("configuration %v, error %v; want one problem", c, err)
			}
			if p := problems[0]; p.Line != tt.line || p.Key != tt.key || !strings.Contains(p.Message, tt.message) || strings.Contains(p.Message, "secret") {
				t.Errorf("got  %s\nwant line %d: %s: …%s…, and no secret", p, tt.line, tt.key, tt.message)
			}
		})
	}
}

func TestLifecycleBounds(t *testing.T) {
	for text, want := range map[string]Lifecycle{
		"":                         {true, 2160 * time.Hour, 5 * time.Minute},
		"requestRetention: 24h":    {true, 24 * time.Hour, 5 * time.Minute},
		"requestRetention: 87600h": {true, 87600 * time.Hour, 5 * time.Minute},
		"maxClockJump: 10s":        {true, 2160 * time.Hour, 10 * time.Second},
		"requestRetention: 25h, maxClockJump: 24h": {true, 25 * time.Hour, 24 * time.Hour},
	} {
		c, err := Parse([]byte(small + "lifecycle: {" + text + "}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Lifecycle != want {
			t.Errorf("%s: %+v, want %+v", text, c.Lifecycle, want)
		}
	}
}

// TestPassword: the file is read anew each time, and only "anteroom check" and who needs
// the password open it.
func TestPassword(t *testing.T) {
	for _, tt := range []struct{ name, content, want, problem string }{
		{"line", "hunter2\n", "hunter2", ""},
		{"no line break", "hunter2", "hunter2", ""},
		{"other line break", "hunter2\r\n", "hunter2", ""},
		{"spaces", " a b \n", " a b ", ""},
		{"empty", "\n", "", "is empty"},
		{"two lines", "a\nb\n", "", "more than one line"},
		{"zero byte", "a\x00", "", "control characters"},
		{"large", strings.Repeat("a", maxPassword+1), "", "larger than 4096 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "password", []byte(tt.content))
			c, err := Parse([]byte(strings.Replace(small, "anteroom.db", filepath.Join(t.TempDir(), "x.db"), 1) +
				"notices:\n  smtp:\n" + smtpLeast + "    username: u\n    passwordFile: " + path + "\n"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Notices.SMTP.Password()
			if got != tt.want || (err == nil) != (tt.problem == "") {
				t.Errorf("password %q, error %v", got, err)
			}
			switch err := c.Check(); {
			case tt.problem == "" && err != nil:
				t.Errorf("check: %v", err)
			case tt.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), "line 17: notices.smtp.passwordFile: the password") || !strings.Contains(err.Error(), tt.problem)):
				t.Errorf("check: error %v, want one with %q", err, tt.problem)
			}
		})
	}
	missing := &SMTP{PasswordFile: filepath.Join(t.TempDir(), "no")}
	if _, err := missing.Password(); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("error %v of a missing file", err)
	}
}
