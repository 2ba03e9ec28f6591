package callout

import (
	"context"
	"errors"
	"net/netip"
	"testing"
)

// registryRows are the address blocks of the IANA special-purpose registries and of
// the multicast registries, copied from there and not from the table under test.
var registryRows = struct{ v4, v6 []string }{
	v4: []string{
		"0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32",
		"192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
		"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"255.255.255.255/32", "169.254.169.254/32", "168.63.129.16/32",
	},
	v6: []string{
		"::1/128", "::/128", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64",
		"2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32",
		"2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16",
		"2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
		"fd00:ec2::254/128",
	},
}

// ends returns the first and the last address of a prefix.
func ends(p netip.Prefix) []netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return []netip.Addr{p.Masked().Addr(), last}
}

func withIPv4(t testing.TB, v6 string, at int, v4 netip.Addr, invert bool) netip.Addr {
	t.Helper()
	b := netip.MustParseAddr(v6).As16()
	for i, c := range v4.As4() {
		if invert {
			c = ^c
		}
		b[at+i] = c
	}
	return netip.AddrFrom16(b)
}

// forms are the ways in which an IPv6 address carries an IPv4 address.
func forms(t testing.TB, v4 netip.Addr) map[string]netip.Addr {
	c := v4.As4()
	local48 := netip.MustParseAddr("64:ff9b:1::").As16()
	local48[6], local48[7], local48[9], local48[10] = c[0], c[1], c[2], c[3]
	return map[string]netip.Addr{
		"plain":         v4,
		"mapped":        withIPv4(t, "::ffff:0:0", 12, v4, false),
		"compatible":    withIPv4(t, "::", 12, v4, false),
		"translated":    withIPv4(t, "::ffff:0:0:0", 12, v4, false),
		"NAT64":         withIPv4(t, "64:ff9b::", 12, v4, false),
		"local NAT64":   withIPv4(t, "64:ff9b:1::", 12, v4, false),
		"NAT64 /48":     netip.AddrFrom16(local48),
		"6to4":          withIPv4(t, "2002::1", 2, v4, false),
		"Teredo client": withIPv4(t, "2001:0:808:808::", 12, v4, true),
		"Teredo server": withIPv4(t, "2001::f7f7:f7f7", 4, v4, false),
		"ISATAP":        withIPv4(t, "2600::200:5efe:0:0", 12, v4, false),
	}
}

func TestEveryRegistryRowIsRefused(t *testing.T) {
	closed := newWall(nil)
	// The second wall allows all of IPv6: what refuses here is the IPv4 address within.
	inner := newWall([]netip.Prefix{netip.MustParsePrefix("::/0")})
	for _, row := range registryRows.v4 {
		for _, v4 := range ends(netip.MustParsePrefix(row)) {
			for form, a := range forms(t, v4) {
				var refused *AddressError
				if err := closed.check(a); !errors.As(err, &refused) {
					t.Errorf("%s, %s form %s: %v, want an AddressError", row, form, a, err)
				}
				if err := inner.check(a); !errors.As(err, &refused) {
					t.Errorf("%s, %s form %s with IPv6 allowed: %v, want an AddressError", row, form, a, err)
				}
			}
		}
	}
	for _, row := range registryRows.v6 {
		for _, a := range ends(netip.MustParsePrefix(row)) {
			for _, a := range []netip.Addr{a, a.WithZone("lo")} {
				var refused *AddressError
				if err := closed.check(a); !errors.As(err, &refused) {
					t.Errorf("%s: %s: %v, want an AddressError", row, a, err)
				}
			}
		}
	}
}

// The same where the refusal comes from when a socket is about to connect. That Send
// goes this way is seen in TestForbiddenAddressIsNeverConnected; sending to these
// addresses here would reach for real networks on the day the wall has a hole.
func TestEveryRegistryRowIsRefusedBeforeConnect(t *testing.T) {
	d := &dialer{check: newWall(nil).check}
	refuses := func(a netip.Addr) {
		var refused *AddressError
		err := d.control(t.Context(), "tcp6", netip.AddrPortFrom(a, 443).String(), nil)
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want an AddressError", a, err)
		}
	}
	for _, row := range registryRows.v4 {
		for _, a := range forms(t, netip.MustParsePrefix(row).Addr()) {
			refuses(a)
		}
	}
	for _, row := range registryRows.v6 {
		refuses(netip.MustParsePrefix(row).Addr())
	}
	for _, c := range [][2]string{{"udp4", "8.8.8.8:443"}, {"unix", "/run/x"}, {"tcp4", "8.8.8.8:0"}, {"tcp4", "8.8.8.8"}, {"tcp", "name.test:443"}} {
		if d.control(t.Context(), c[0], c[1], nil) == nil {
			t.Errorf("%s %s is dialled", c[0], c[1])
		}
	}
	if err := d.control(t.Context(), "tcp4", "8.8.8.8:443", nil); err != nil {
		t.Errorf("a public address: %v", err)
	}
}

type fixedResolver []netip.Addr

func (f fixedResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return f, nil
}

func TestPublicAddressesPass(t *testing.T) {
	w := newWall(nil)
	for _, a := range []string{
		"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
		"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
		"168.63.129.15", "::ffff:8.8.8.8", "2000::", "2001:200::", "2001:4860:4860::8888", "2001:db7:ffff::", "2001:db9::",
		"2003::", "2600::", "2a00:1450::1", "3ffe::1", "2600::5efe:808:808",
	} {
		if err := w.check(netip.MustParseAddr(a)); err != nil {
			t.Errorf("%s: %v, want nil", a, err)
		}
	}
}

func TestAllow(t *testing.T) {
	allow := []netip.Prefix{
		netip.MustParsePrefix("10.1.2.3/16"), // not masked
		netip.MustParsePrefix("::ffff:127.0.0.1/128"),
		netip.MustParsePrefix("64:ff9b::/96"),
		netip.MustParsePrefix("64:ff9b:1::/48"),
		{}, // not valid
	}
	w := newWall(allow)
	cases := []struct {
		addr string
		want bool
	}{
		{"10.1.0.0", true}, {"10.1.255.255", true}, {"10.2.0.0", false}, {"::ffff:10.1.9.9", true},
		{"127.0.0.1", true}, {"127.0.0.2", false}, {"::1", false},
		{"64:ff9b::808:808", true}, {"64:ff9b::a01:203", true}, {"64:ff9b::a02:203", false}, {"64:ff9b::7f00:2", false},
		{"64:ff9b:1::808:808", true}, {"64:ff9b:1:808:8:800::", true}, {"64:ff9b:1:a02:8:800:808:808", false}, {"64:ff9b:1::", false},
		{"2002:a01:203::", false}, // the tunnel itself is not allowed
	}
	for _, c := range cases {
		if err := w.check(netip.MustParseAddr(c.addr)); (err == nil) != c.want {
			t.Errorf("%s: %v, want allowed = %v", c.addr, err, c.want)
		}
	}
}

func TestAddressErrorText(t *testing.T) {
	w := newWall([]netip.Prefix{netip.MustParsePrefix("64:ff9b::/96")})
	cases := map[string]string{
		"10.0.0.1":         "the address 10.0.0.1 is private (RFC 1918) and not allowed by the configuration",
		"::ffff:7f00:1":    "the address 127.0.0.1 is loopback (RFC 1122 section 3.2.1.3) and not allowed by the configuration",
		"169.254.169.254":  "the address 169.254.169.254 is a cloud metadata service (AWS, Azure, Google Cloud) and not allowed by the configuration",
		"64:ff9b::a00:1":   "the address 64:ff9b::a00:1 leads to 10.0.0.1, which is private (RFC 1918) and not allowed by the configuration",
		"fd12:3456::1%eth": "the address fd12:3456::1 is unique local (RFC 4193) and not allowed by the configuration",
	}
	for addr, want := range cases {
		if err := w.check(netip.MustParseAddr(addr)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", addr, err, want)
		}
	}
	err := w.checkPlain(netip.MustParseAddr("8.8.8.8"))
	if want := "the address 8.8.8.8 may only be called with https; plain http is for addresses that the configuration allows"; err == nil || err.Error() != want {
		t.Errorf("plain: %v, want %s", err, want)
	}
}

// Each row says what it is and where that is written, and no two are about one range.
func TestRegistryRowsAreSound(t *testing.T) {
	for _, s := range specials {
		if s.is == "" || s.ref == "" || s.prefix != s.prefix.Masked() {
			t.Errorf("row %v is incomplete", s)
		}
		for _, other := range specials {
			if s != other && s.prefix == other.prefix {
				t.Errorf("%s has two rows", s.prefix)
			}
		}
	}
}
