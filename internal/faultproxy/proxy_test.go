package faultproxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

func TestForwards(t *testing.T) {
	p := newProxy(t, echo(t))
	c := dial(t, p)
	say(t, c, "hello\n")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v, want an orderly end", rest, err)
	}
	p.Forward("tcp", "127.0.0.1:1")                      // nobody listens there
	if c, err := net.Dial("tcp", p.Addr()); err == nil { // else it was reset already
		dead(t, c)
	}
}

func TestCut(t *testing.T) {
	p := newProxy(t, echo(t))
	a, b := dial(t, p), dial(t, p)
	say(t, a, "a\n")
	say(t, b, "b\n")
	if n := p.Cut(); n != 2 {
		t.Errorf("%d were cut, want 2", n)
	}
	dead(t, a)
	dead(t, b)
	say(t, dial(t, p), "c\n")
}

func TestCutAt(t *testing.T) {
	server := echo(t)
	for _, d := range []Direction{ToServer, ToClient} {
		p := newProxy(t, server)
		c, other := dial(t, p), dial(t, p)
		say(t, c, "commit\n") // passed before anybody asked
		happened := p.CutAt(d, "COMMIT")
		say(t, c, "com\n")
		say(t, other, "com\n")
		write(t, c, "x comm")
		write(t, c, "it\n")
		<-happened
		dead(t, c)
		say(t, other, "commit\n") // it happens once
	}
}

// TestWordInTwoChunks finds a word of which the first part has passed already.
func TestWordInTwoChunks(t *testing.T) {
	p := newProxy(t, echo(t))
	happened := p.CutAt(ToServer, "ab\ncd")
	c := dial(t, p)
	say(t, c, "ab\n")
	write(t, c, "cd\n")
	<-happened
	dead(t, c)
}

func TestHold(t *testing.T) {
	p := newProxy(t, echo(t))
	c := dial(t, p)
	say(t, c, "before\n")
	p.Hold(true)
	p.Hold(true)
	write(t, c, "held\n")
	late := dial(t, p)
	write(t, late, "late\n")
	for _, conn := range []net.Conn{c, late} {
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
		var timeout net.Error
		if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("read %d bytes, %v while held, want none and a timeout", n, err)
		}
		_ = conn.SetReadDeadline(time.Time{})
	}
	p.Hold(false)
	hear(t, c, "held\n")
	hear(t, late, "late\n")
	p.Hold(true)
	p.Cut()
	dead(t, c)
	write(t, dial(t, p), "for ever\n") // Close must not wait for it
}

func TestRefuse(t *testing.T) {
	p := newProxy(t, echo(t))
	old := dial(t, p)
	say(t, old, "old\n")
	p.Refuse(true)
	if c, err := net.Dial("tcp", p.Addr()); err == nil {
		dead(t, c)
	}
	say(t, old, "still\n")
	p.Refuse(false)
	say(t, dial(t, p), "new\n")
}

// TestAtOnce uses a proxy from many goroutines; the race detector judges.
func TestAtOnce(t *testing.T) {
	p := newProxy(t, echo(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if c, err := net.Dial("tcp", p.Addr()); err == nil {
					_, _ = c.Write([]byte("word\n"))
					_, _ = bufio.NewReader(c).ReadString('\n')
					_ = c.Close()
				}
			}
		})
		all.Go(func() {
			for i := range 20 {
				p.Hold(i%2 == 0)
				p.Refuse(i%3 == 0)
				p.CutAt(ToClient, "word")
				p.Cut()
			}
			p.Hold(false)
			p.Refuse(false)
		})
	}
	all.Wait()
}

// echo starts a server that says what it hears, and returns its address.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func newProxy(t *testing.T, server string) *Proxy {
	t.Helper()
	p, err := New("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func dial(t *testing.T, p *Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != text {
		t.Fatalf("heard %q, %v, want %q", b, err, text)
	}
}

// say writes the text and hears it.
func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	write(t, c, text)
	hear(t, c, text)
}

// dead waits until the connection is reset or ended.
func dead(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); err == nil {
		t.Error("the connection ended in order, want a reset")
	}
}
