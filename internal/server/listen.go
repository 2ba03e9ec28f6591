package server

import (
	"net"
	"net/netip"
	"sync"
)

// Limits of open connections.
const (
	mostConnections = 2000
	mostPerAddress  = 200
)

// limitListener closes connections at once that are over a limit, so that they cost
// nothing and the caller learns of it.
type limitListener struct {
	net.Listener
	most       int
	perAddress int // zero: no limit

	mu     sync.Mutex
	open   int
	byAddr map[netip.Addr]int
}

func limitConnections(l net.Listener, most, perAddress int) net.Listener {
	return &limitListener{Listener: l, most: most, perAddress: perAddress, byAddr: make(map[netip.Addr]int)}
}

// Accept returns the next connection that is within the limits.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := addressOf(c)
		if l.admit(addr) {
			return &limitedConn{Conn: &unreadableConn{c}, leave: sync.OnceFunc(func() { l.leave(addr) })}, nil
		}
		_ = c.Close() // refused; there is nobody to tell
	}
}

func (l *limitListener) admit(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most || (l.perAddress > 0 && l.byAddr[addr] >= l.perAddress) {
		return false
	}
	l.open++
	l.byAddr[addr]++
	return true
}

func (l *limitListener) leave(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.byAddr[addr]--; l.byAddr[addr] <= 0 {
		delete(l.byAddr, addr)
	}
}

func addressOf(c net.Conn) netip.Addr {
	a, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// limitedConn gives its place back when it is closed.
type limitedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
