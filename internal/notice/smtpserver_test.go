package notice

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// mailServer is a small SMTP server on loopback (RFC 5321). Its fields are set before it
// is started.
type mailServer struct {
	implicit bool     // TLS from the beginning
	offers   []string // extensions
	// reply answers a command in another way than the server would; "" leaves it to the
	// server, and hangUp closes the connection.
	reply func(command string) string

	address string
	cert    tls.Certificate
	roots   *x509.CertPool

	mu       sync.Mutex
	received []received
	said     []string // all commands
}

// received is a mail that was taken.
type received struct {
	from, to string // as in the commands
	data     string
	user     string // who had signed in, with the password
	secure   bool
}

const hangUp = "hang up"

// start listens until the test ends.
func (s *mailServer) start(t *testing.T) *mailServer {
	t.Helper()
	// The certificate that httptest has for 127.0.0.1 and example.com, signed by itself.
	web := httptest.NewTLSServer(nil)
	s.cert, s.roots = web.TLS.Certificates[0], x509.NewCertPool()
	s.roots.AddCert(web.Certificate())
	web.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	var (
		conns []net.Conn
		wg    sync.WaitGroup
	)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			conns = append(conns, c)
			s.mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				s.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		s.mu.Unlock()
		wg.Wait()
	})
	return s
}

func (s *mailServer) mails() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.received...)
}

func (s *mailServer) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

// dialogue is one connection of the server.
type dialogue struct {
	*mailServer
	conn net.Conn
	text *textproto.Reader
	mail received
}

func (s *mailServer) serve(c net.Conn) {
	d := &dialogue{mailServer: s}
	d.use(c)
	if s.implicit {
		d.secure()
	}
	if !d.say("CONNECT", "220 mail.example ESMTP") {
		return
	}
	for {
		line, err := d.text.ReadLine()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.said = append(s.said, line)
		s.mu.Unlock()
		if !d.command(line) {
			return
		}
	}
}

func (d *dialogue) use(c net.Conn) {
	d.conn, d.text = c, textproto.NewReader(bufio.NewReader(c))
}

func (d *dialogue) secure() {
	d.use(tls.Server(d.conn, &tls.Config{Certificates: []tls.Certificate{d.cert}}))
	d.mail.secure = true
}

// say answers a command and reports whether the connection goes on.
func (d *dialogue) say(command, usual string) bool {
	answer := d.answer(command, usual)
	if answer == hangUp {
		return false
	}
	_, err := fmt.Fprintf(d.conn, "%s\r\n", answer)
	return err == nil && (answer == usual || answer[0] == '4' || answer[0] == '5')
}

func (d *dialogue) answer(command, usual string) string {
	if d.reply != nil {
		if other := d.reply(command); other != "" {
			return other
		}
	}
	return usual
}

func (d *dialogue) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		lines := append([]string{"mail.example"}, d.offers...)
		return d.say(line, "250-"+strings.Join(lines, "\r\n250-")+"\r\n250 ENHANCEDSTATUSCODES")
	case "STARTTLS":
		const usual = "220 go ahead"
		if d.answer(line, usual) != usual {
			return d.say(line, usual)
		}
		d.say(line, usual)
		d.secure()
		return true
	case "AUTH":
		return d.auth(line, rest)
	case "MAIL":
		if d.mail.from != "" {
			return d.say(line, "503 5.5.1 nested MAIL")
		}
		d.mail.from = rest
		return d.say(line, "250 2.1.0 ok")
	case "RCPT":
		d.mail.to = rest
		return d.say(line, "250 2.1.5 ok")
	case "RSET":
		d.mail.from, d.mail.to = "", ""
		return d.say(line, "250 2.0.0 ok")
	case "DATA":
		return d.data(line)
	case "QUIT":
		d.say(line, "221 2.0.0 bye")
		return false
	}
	return d.say(line, "250 2.0.0 ok")
}

// auth takes any user whose password is "right".
//
// RFC 4954 §4, RFC 4616
func (d *dialogue) auth(line, rest string) bool {
	var user, password string
	switch way, initial, _ := strings.Cut(rest, " "); way {
	case "PLAIN":
		parts := strings.Split(decode(initial), "\x00")
		user, password = parts[1], parts[2]
	case "LOGIN":
		d.say("", "334 "+base64.StdEncoding.EncodeToString([]byte("Username:")))
		user, _ = d.text.ReadLine()
		d.say("", "334 "+base64.StdEncoding.EncodeToString([]byte("Password:")))
		password, _ = d.text.ReadLine()
		user, password = decode(user), decode(password)
	}
	if password != "right" {
		return d.say(line, "535 5.7.8 no, "+user)
	}
	d.mail.user = user
	return d.say(line, "235 2.7.0 ok")
}

func decode(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

func (d *dialogue) data(line string) bool {
	const usual, taken = "354 go ahead", "250 2.0.0 taken"
	if d.mail.to == "" {
		return d.say(line, "503 5.5.1 no recipient")
	}
	if d.answer(line, usual) != usual {
		return d.say(line, usual)
	}
	d.say(line, usual)
	body, err := d.text.ReadDotBytes()
	if err != nil {
		return false
	}
	if d.answer("DATA END", taken) == taken {
		d.mu.Lock()
		d.mail.data = string(body)
		d.received = append(d.received, d.mail)
		d.mu.Unlock()
	}
	d.mail.from, d.mail.to = "", ""
	return d.say("DATA END", taken)
}
