// Package faultproxy is a TCP proxy for tests that fails when it is told to: it cuts
// connections, at once or at the moment when certain bytes pass, lets them hang, and takes
// no new ones. It knows nothing of what passes. Nothing that is shipped imports it.
package faultproxy

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// Proxy forwards connections to a server. Goroutines may call its methods at the same time.
type Proxy struct {
	listener net.Listener
	busy     sync.WaitGroup

	mu              sync.Mutex
	network, server string
	links           map[*link]bool
	cuts            []*cut
	refuse, closed  bool
	held            chan struct{} // closed when bytes flow again; nil while they flow
}

// New starts a proxy to the server, which is dialled anew for each connection:
// New("tcp", "127.0.0.1:80") or New("unix", "/run/socket").
func New(network, server string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("faultproxy: %w", err)
	}
	p := &Proxy{listener: l, network: network, server: server, links: map[*link]bool{}}
	p.busy.Go(p.accept)
	return p, nil
}

// Addr returns the TCP address to connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Forward sends the connections that are made from now on to another server.
func (p *Proxy) Forward(network, server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network, p.server = network, server
}

// Refuse says whether new connections are refused: reset as soon as they are made. Those
// that there are stay.
func (p *Proxy) Refuse(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = yes
}

// Hold says whether bytes stay where they are. Nothing is closed and nothing is lost: they
// flow on after Hold(false), as after a network has come back. New connections are made,
// but nobody answers.
func (p *Proxy) Hold(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case yes && p.held == nil:
		p.held = make(chan struct{})
	case !yes && p.held != nil:
		close(p.held)
		p.held = nil
	}
}

// Cut resets every connection and returns how many. New ones are taken as before.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.cut()
	}
	return len(p.links)
}

// Close resets every connection and stops the proxy.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.listener.Close()
	p.Cut()
	p.busy.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.busy.Go(func() { p.serve(client) })
		}
	}
}

func (p *Proxy) serve(client net.Conn) {
	l := &link{client: client, gone: make(chan struct{})}
	if !p.add(l) {
		return
	}
	defer func() {
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	defer l.cut()
	p.await(l)
	p.mu.Lock()
	network, address := p.network, p.server
	p.mu.Unlock()
	server, err := net.Dial(network, address)
	if err != nil || !l.connect(server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, ToServer, client, server) })
	both.Go(func() { p.pump(l, ToClient, server, client) })
	both.Wait()
}

// add takes the connection unless it is to be refused.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || p.closed {
		l.cut()
		return false
	}
	p.links[l] = true
	return true
}

// await waits until bytes flow or the connection is gone.
func (p *Proxy) await(l *link) {
	for {
		p.mu.Lock()
		held := p.held
		p.mu.Unlock()
		if held == nil {
			return
		}
		select {
		case <-held:
		case <-l.gone:
			return
		}
	}
}
