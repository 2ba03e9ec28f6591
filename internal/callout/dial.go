package callout

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// Resolver looks up the addresses of a name. *net.Resolver is one. It must be safe for
// concurrent use; network is "ip".
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// maxAddresses is how many addresses of one name are tried.
const maxAddresses = 8

// dialer connects to the host of a URL. Each address goes through check immediately
// before its socket connects, so a name that changes its answer gains nothing.
type dialer struct {
	resolver Resolver
	check    func(netip.Addr) error
}

// deadlineKey carries a call's deadline to its dial: net/http lets a dial outlive the
// call that asked for it and hides the call's own deadline.
type deadlineKey struct{}

// DialContext dials the addresses of a host one after the other until one answers. The
// time that is left is shared evenly among those not tried yet.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	deadline, ok := ctx.Value(deadlineKey{}).(time.Time)
	if !ok {
		deadline = time.Now().Add(maxTimeout)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	addrs, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var failed error
	for i, a := range addrs {
		conn, err := d.dial(ctx, network, netip.AddrPortFrom(a, uint16(port)), time.Until(deadline)/time.Duration(len(addrs)-i))
		if err == nil {
			return conn, nil
		}
		// What happened at an address that may be called says more than a refusal.
		var refused *AddressError
		if failed == nil || !errors.As(err, &refused) {
			failed = err
		}
	}
	return nil, failed
}

// addresses returns the addresses to try, at least one, most preferred first.
func (d *dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	addrs, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	return addrs[:min(len(addrs), maxAddresses)], nil
}

func (d *dialer) dial(ctx context.Context, network string, addr netip.AddrPort, timeout time.Duration) (net.Conn, error) {
	nd := net.Dialer{Timeout: max(timeout, time.Millisecond), ControlContext: d.control}
	return nd.DialContext(ctx, network, addr.String())
}

// control runs between the making of a socket and its connect, with the address that
// it will connect to. This is the wall: no connection is made that has
// not passed here.
func (d *dialer) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return errors.New("callout: only TCP is dialled, not " + network)
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil || ap.Port() == 0 {
		return errors.New("callout: not an address to dial")
	}
	return d.check(ap.Addr())
}
