package notice

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/config"
)

// TestRefusals: what a mail server refuses is said without its words and without anybody's
// address.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		command, reply string // the reply to commands that begin so
		want           string
	}{
		{"CONNECT", "554 5.7.1 secret", "the mail server refused the connection (554)"},
		{"CONNECT", "421 secret", "the mail server refused the connection (421)"},
		{"CONNECT", "HTTP/1.1 400 Bad Request", "the mail server does not speak SMTP at this port"},
		{"CONNECT", hangUp, "the mail server closed the connection"},
		{"CONNECT", strings.Repeat("220-secret\r\n", 100_000), "the mail server sends too much"},
		{"CONNECT", strings.Repeat("2", 2<<20), "the mail server sends too much"},
		{"STARTTLS", "454 4.7.0 secret", "the mail server refused the connection (454)"},
		{"STARTTLS", hangUp, "the mail server closed the connection"},
		{"MAIL", "550 5.7.1 secret", "2 of 2 mails were not taken: the mail server refused the sender (550 5.7.1)"},
		{"MAIL", hangUp, "2 of 2 mails were not taken: the mail server closed the connection"},
		{"RCPT TO:<ada", "451 4.7.1 secret", "1 of 2 mails were not taken: the mail server refused a recipient (451 4.7.1)"},
		{"RCPT TO:<ada", "550 secret", "1 of 2 mails were not taken: the mail server refused a recipient (550)"},
		{"RCPT TO:<ada", "550 5.7.1 secret", "1 of 2 mails were not taken: the mail server refused a recipient (550 5.7.1)"},
		{"RCPT TO:<ada", "421 4.3.2 secret", "2 of 2 mails were not taken: the mail server refused a recipient (421 4.3.2)"},
		{"RCPT TO:<bo", hangUp, "1 of 2 mails were not taken: the mail server closed the connection"},
		{"DATA END", "554 5.6.0 secret", "2 of 2 mails were not taken: the mail server refused the mail (554 5.6.0)"},
		{"DATA", "451 secret", "2 of 2 mails were not taken: the mail server refused the mail (451)"},
		{"QUIT", "500 secret", ""},
		{"QUIT", hangUp, ""},
	} {
		t.Run(tt.command+" "+tt.reply[:min(8, len(tt.reply))], func(t *testing.T) {
			s := &mailServer{offers: []string{"STARTTLS"}}
			s.reply = func(command string) string {
				if strings.HasPrefix(command, tt.command) {
					return tt.reply
				}
				return ""
			}
			sink := mailSink(t, s.start(t), "starttls", nil)
			if got := errorText(sink.Send(t.Context(), tenant, seed, notice(ada, bo))); got != tt.want {
				t.Errorf("error %q, want %q", got, tt.want)
			}
		})
	}
}

// TestOthersAreSpared: a repetition goes to those who did not get the first.
func TestOthersAreSpared(t *testing.T) {
	var refuse atomic.Bool
	refuse.Store(true)
	s := &mailServer{reply: func(command string) string {
		if refuse.Load() && strings.HasPrefix(command, "RCPT TO:<bo") {
			return "450 4.2.1 later"
		}
		return ""
	}}
	sink := mailSink(t, s.start(t), "none", nil)
	n := notice(ada, bo, cy)
	if err := sink.Send(t.Context(), tenant, seed, n); err == nil {
		t.Error("the refusal is not reported")
	}
	refuse.Store(false)
	for range 2 {
		if err := sink.Send(t.Context(), tenant, seed, n); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, m := range s.mails() {
		got = append(got, m.to)
	}
	if want := "TO:<ada@example.org> TO:<cy@example.org> TO:<bo@example.org>"; strings.Join(got, " ") != want {
		t.Errorf("mails %q, want %q", got, want)
	}
	// Another notice is another mail; the same one after a restart is the same mail.
	n.ID = "5f8a2c1e-7b64-8d90-a3f1-000000000009"
	if err := sink.Send(t.Context(), tenant, seed, n); err != nil {
		t.Error(err)
	}
	if err := mailSink(t, s, "none", nil).Send(t.Context(), tenant, seed, n); err != nil {
		t.Error(err)
	}
	all := s.mails()
	if len(all) != 9 {
		t.Fatalf("%d mails", len(all))
	}
	for i, m := range all[3:6] {
		if m != all[6+i] {
			t.Errorf("the repetition differs:\n%s\n%s", m.data, all[6+i].data)
		}
	}
}

// TestNoMailbox: a mailbox that does not exist keeps nobody waiting.
func TestNoMailbox(t *testing.T) {
	s := &mailServer{reply: func(command string) string {
		if strings.HasPrefix(command, "RCPT TO:<ada") {
			return "550 5.1.1 no ada@example.org here"
		}
		return ""
	}}
	var log bytes.Buffer
	sink := mailSink(t, s.start(t), "none", func(_ *config.SMTP, o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	if err := sink.Send(t.Context(), tenant, seed, notice(ada, bo)); err != nil {
		t.Error(err)
	}
	if m := s.mails(); len(m) != 1 || m[0].to != "TO:<bo@example.org>" {
		t.Errorf("mails %+v", m)
	}
	if l := log.String(); !strings.Contains(l, "mailbox does not exist") || !strings.Contains(l, string(ada.ObjectID)) || strings.Contains(l, "@") {
		t.Errorf("log:\n%s", l)
	}
}

func TestMailServerIsAway(t *testing.T) {
	s := (&mailServer{}).start(t)
	for server, want := range map[string]string{
		"127.0.0.1:1": "the mail server refused the connection",
	} {
		sink := mailSink(t, s, "none", func(c *config.SMTP, _ *Options) { c.Server = server })
		if got := errorText(sink.Send(t.Context(), tenant, seed, notice(ada))); got != want {
			t.Errorf("%s: error %q, want %q", server, got, want)
		}
	}
	lookup := connectionWords(&net.DNSError{IsNotFound: true}, time.Second)
	if lookup != "the mail server's name has no address" {
		t.Errorf("error %q", lookup)
	}
}

// silent is a server that stops answering at a command.
func silent(t *testing.T, at string) (s *mailServer, reached <-chan struct{}) {
	t.Helper()
	end, signal := make(chan struct{}), make(chan struct{}, 1)
	s = &mailServer{offers: []string{"STARTTLS"}, reply: func(command string) string {
		if strings.HasPrefix(command, at) {
			select {
			case signal <- struct{}{}:
			default:
			}
			<-end
			return hangUp
		}
		return ""
	}}
	s.start(t)
	t.Cleanup(func() { close(end) }) // before the server waits for its connections
	return s, signal
}

func TestTimeouts(t *testing.T) {
	for _, at := range []string{"CONNECT", "EHLO", "STARTTLS", "MAIL", "DATA END"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s, _ := silent(t, at)
			sink := mailSink(t, s, "starttls", func(_ *config.SMTP, o *Options) { o.Timeout = 300 * time.Millisecond })
			if got, want := errorText(sink.Send(t.Context(), tenant, seed, notice(ada))), "no answer of the mail server within 300ms"; got != want {
				t.Errorf("error %q, want %q", got, want)
			}
		})
	}
}

func TestInterruption(t *testing.T) {
	for _, at := range []string{"CONNECT", "EHLO", "RCPT"} {
		t.Run(at, func(t *testing.T) {
			s, reached := silent(t, at)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-reached
				cancel()
			}()
			err := mailSink(t, s, "starttls", nil).Send(ctx, tenant, seed, notice(ada))
			if errorText(err) != "sending was interrupted" || !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestSlots: no more connections than there are slots, and waiting for one ends with ctx.
func TestSlots(t *testing.T) {
	s := (&mailServer{}).start(t)
	sink := mailSink(t, s, "none", nil).(*mailer)
	for range maxConnections {
		sink.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sink.Send(ctx, tenant, seed, notice(ada)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	<-sink.slots
	if err := sink.Send(t.Context(), tenant, seed, notice(ada)); err != nil {
		t.Error(err)
	}
	if len(sink.slots) != maxConnections-1 {
		t.Errorf("%d slots are taken", len(sink.slots))
	}
}

func TestMemory(t *testing.T) {
	m := newMemory(2)
	m.add("a")
	m.add("b")
	m.add("b")
	if !m.has("a") || !m.has("b") || m.has("") {
		t.Errorf("%v", m.known)
	}
	m.add("c")
	if m.has("a") || !m.has("b") || !m.has("c") || len(m.known) != 2 {
		t.Errorf("%v", m.known)
	}
}
