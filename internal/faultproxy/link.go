package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
)

// Direction is the way that bytes go.
type Direction int

const (
	// ToServer is from the client to the server.
	ToServer Direction = iota
	// ToClient is from the server to the client.
	ToClient
)

// link is one connection of a client and the one that was made for it.
type link struct {
	mu     sync.Mutex
	client net.Conn
	server net.Conn      // nil before it is connected
	gone   chan struct{} // closed when it is cut
	isGone bool
}

// connect adds the connection to the server. It returns false if the link is cut.
func (l *link) connect(server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isGone {
		reset(server)
		return false
	}
	l.server = server
	return true
}

// cut resets both connections.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isGone {
		return
	}
	l.isGone = true
	close(l.gone)
	reset(l.client)
	if l.server != nil {
		reset(l.server)
	}
}

// reset closes a connection. Over TCP the peer sees a reset, not an orderly end.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// pump forwards what comes from one side until that side ends or the link is cut.
func (p *Proxy) pump(l *link, d Direction, from, to net.Conn) {
	chunk := make([]byte, 32<<10)
	var before []byte // the end of what has passed
	for {
		n, err := from.Read(chunk)
		p.await(l)
		if n > 0 {
			if c := p.cutFor(d, before, chunk[:n]); c != nil {
				l.cut()
				close(c.done)
				return
			}
			before = append(before, chunk[:n]...)
			before = append([]byte(nil), before[max(0, len(before)-maxWord):]...)
			if _, err := to.Write(chunk[:n]); err != nil {
				l.cut()
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			halfClose(to)
			return
		case err != nil:
			l.cut()
			return
		}
	}
}

// halfClose tells the peer that nothing more will come; what it still sends is forwarded.
func halfClose(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
}
