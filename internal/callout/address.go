package callout

import (
	"fmt"
	"net/netip"
	"slices"
)

// AddressError says that an address may not be called. Nothing was sent to it. Its
// text is meant for an operator and names the range and where it is defined.
type AddressError struct {
	Addr  netip.Addr   // the address that would have been dialled, unmapped
	Range netip.Prefix // the special-purpose range; zero when only https was missing
	text  string
}

// Error says which address is refused and why.
func (e *AddressError) Error() string { return e.text }

// wall decides which addresses may be dialled.
type wall struct {
	allow []netip.Prefix
}

// newWall takes the ranges that may be called although they are special-purpose.
func newWall(allow []netip.Prefix) wall {
	var w wall
	for _, p := range allow {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p.IsValid() {
			w.allow = append(w.allow, p.Masked())
		}
	}
	return w
}

// allows reports whether the configuration names a range that holds a.
func (w wall) allows(a netip.Addr) bool {
	a = plainAddr(a)
	return slices.ContainsFunc(w.allow, func(p netip.Prefix) bool { return p.Contains(a) })
}

// check returns an *AddressError when a, or an IPv4 address that a carries, lies in a
// special-purpose range which the configuration does not allow. A tunnel or translator
// address therefore needs both its own range and the range behind it.
func (w wall) check(a netip.Addr) error {
	a = plainAddr(a)
	if s, found := lookupSpecial(a); found && !w.allows(a) {
		return &AddressError{Addr: a, Range: s.prefix, text: fmt.Sprintf(
			"the address %s is %s (%s) and not allowed by the configuration", a, s.is, s.ref)}
	}
	for _, inner := range embedded(a) {
		if s, found := lookupSpecial(inner); found && !w.allows(inner) {
			return &AddressError{Addr: a, Range: s.prefix, text: fmt.Sprintf(
				"the address %s leads to %s, which is %s (%s) and not allowed by the configuration", a, inner, s.is, s.ref)}
		}
	}
	return nil
}

// checkPlain is check for a call without TLS, which only goes to addresses that the
// configuration names.
func (w wall) checkPlain(a netip.Addr) error {
	if err := w.check(a); err != nil {
		return err
	}
	if a = plainAddr(a); !w.allows(a) {
		return &AddressError{Addr: a, text: fmt.Sprintf(
			"the address %s may only be called with https; plain http is for addresses that the configuration allows", a)}
	}
	return nil
}

// plainAddr drops what hides an address from a comparison: the IPv4-mapped form, which
// the operating system dials as IPv4, and the zone, with which no prefix matches.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// embedded returns the IPv4 addresses to which a packet for a may be carried on by a
// tunnel or a translator.
func embedded(a netip.Addr) []netip.Addr {
	if !a.Is6() || a == netip.IPv6Loopback() {
		return nil
	}
	b := a.As16()
	last := netip.AddrFrom4([4]byte(b[12:]))
	switch {
	case compatible.Contains(a), translated.Contains(a), nat64.Contains(a):
		return []netip.Addr{last}
	case nat64Local.Contains(a):
		return nat64LocalReadings(b)
	case sixToFour.Contains(a):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:6]))}
	case teredo.Contains(a): // the server, and the client with all bits inverted
		return []netip.Addr{
			netip.AddrFrom4([4]byte(b[4:8])),
			netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}),
		}
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP, RFC 5214 section 6.1
		return []netip.Addr{last}
	}
	return nil
}

// nat64LocalReadings returns the IPv4 addresses that b can stand for. The length of
// the translator's prefix is not known, so every layout that fits is read; those that
// find nothing but padding do not count. Byte 8 is skipped.
//
// RFC 6052 section 2.2
func nat64LocalReadings(b [16]byte) []netip.Addr {
	readings := []netip.Addr{
		netip.AddrFrom4([4]byte{b[6], b[7], b[9], b[10]}),   // /48
		netip.AddrFrom4([4]byte{b[7], b[9], b[10], b[11]}),  // /56
		netip.AddrFrom4([4]byte{b[9], b[10], b[11], b[12]}), // /64
		netip.AddrFrom4([4]byte(b[12:])),                    // /96
	}
	sound := slices.DeleteFunc(slices.Clone(readings), thisNet.Contains)
	if len(sound) == 0 {
		return readings[3:]
	}
	return sound
}
