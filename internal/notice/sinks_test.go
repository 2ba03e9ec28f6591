package notice

import (
	"net/mail"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/callout"
	"anteroom/internal/config"
)

func TestSinks(t *testing.T) {
	s := (&mailServer{}).start(t)
	sender := callout.New(callout.Options{})
	hook := &config.Webhook{URL: "https://hooks.example.org/"}
	post := &config.SMTP{Server: s.address, TLS: "none", From: mail.Address{Address: "access@example.org"}}
	for _, tt := range []struct {
		c    config.Notices
		want []string
	}{
		{config.Notices{}, []string{}},
		{config.Notices{Webhook: hook}, []string{"webhook"}},
		{config.Notices{SMTP: post}, []string{"smtp"}},
		{config.Notices{SMTP: post, Webhook: hook}, []string{"webhook", "smtp"}},
	} {
		sinks, err := New(tt.c, Options{Sender: sender})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, sinks.Sinks()); diff != "" {
			t.Errorf("sinks (-want +got):\n%s", diff)
		}
		if err := sinks.Send(t.Context(), "pigeon", tenant, seed, notice(ada)); err == nil || err.Error() != "there is no such sink of notices: pigeon" {
			t.Errorf("error %v", err)
		}
	}
	sinks, err := New(config.Notices{SMTP: post}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sinks.Send(t.Context(), "smtp", tenant, seed, notice(ada)); err != nil || len(s.mails()) != 1 {
		t.Errorf("error %v, mails %+v", err, s.mails())
	}
}

// TestUnfitConfiguration: what can be known at the start is said at the start.
func TestUnfitConfiguration(t *testing.T) {
	sender := callout.New(callout.Options{})
	hook := func(url string) config.Notices { return config.Notices{Webhook: &config.Webhook{URL: url}} }
	for _, tt := range []struct {
		c    config.Notices
		o    Options
		want string
	}{
		{hook("https://hooks.example.org/"), Options{}, "notices.webhook: there is nothing to call it with"},
		{hook("https://127.0.0.1/"), Options{Sender: sender}, "127.0.0.1 is loopback"},
		{hook("https://[::ffff:10.0.0.1]/"), Options{Sender: sender}, "10.0.0.1 is private"},
		{hook("https://localhost/"), Options{Sender: sender}, "loopback"},
		{hook("http://hooks.example.org/"), Options{Sender: sender}, "plain http is not allowed"},
		{config.Notices{SMTP: &config.SMTP{Server: "mail.example.org"}}, Options{}, "notices.smtp: the server is not host:port"},
		{config.Notices{SMTP: &config.SMTP{Server: "mail.example.org:25", Username: "u", PasswordFile: filepath.Join(t.TempDir(), "no")}}, Options{},
			"notices.smtp: the password cannot be read"},
	} {
		sinks, err := New(tt.c, tt.o)
		if sinks != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("sinks %v, error %v, want one with %q", sinks, err, tt.want)
		}
	}
}
