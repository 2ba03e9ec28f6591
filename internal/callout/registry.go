package callout

import "net/netip"

// special is one range of addresses that the public internet does not route to an
// ordinary host, or that a hosting platform answers itself.
type special struct {
	prefix netip.Prefix
	is     string // completes "the address … is"
	ref    string
}

// lookupSpecial returns the narrowest range that holds a, which is neither
// IPv4-mapped nor zoned.
func lookupSpecial(a netip.Addr) (special, bool) {
	var found special
	for _, s := range specials {
		if s.prefix.Contains(a) && (!found.prefix.IsValid() || s.prefix.Bits() > found.prefix.Bits()) {
			found = s
		}
	}
	return found, found.prefix.IsValid()
}

// specials holds every row of the IANA special-purpose address registries, also the
// rows that are globally reachable (nobody serves callouts on an anycast address of a
// protocol), the multicast and reserved parts of the two address spaces, and the
// addresses at which hosting platforms hand out credentials.
//
//   - https://www.iana.org/assignments/iana-ipv4-special-registry
//   - https://www.iana.org/assignments/iana-ipv6-special-registry
//   - https://www.iana.org/assignments/ipv6-address-space
//
// The row ::ffff:0:0/96 is missing on purpose: an IPv4-mapped address is the IPv4
// address in it and is looked up as such.
var specials = []special{
	// IPv4 special-purpose address registry.
	{netip.MustParsePrefix("0.0.0.0/8"), "of \"this network\"", "RFC 791 section 3.2"},
	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified", "RFC 1122 section 3.2.1.3"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private", "RFC 1918"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by carriers", "RFC 6598"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback", "RFC 1122 section 3.2.1.3"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local", "RFC 3927"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private", "RFC 1918"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved for protocols", "RFC 6890 section 2.1"},
	{netip.MustParsePrefix("192.0.0.0/29"), "for IPv4 service continuity", "RFC 7335"},
	{netip.MustParsePrefix("192.0.0.8/32"), "the IPv4 dummy address", "RFC 7600"},
	{netip.MustParsePrefix("192.0.0.9/32"), "Port Control Protocol anycast", "RFC 7723"},
	{netip.MustParsePrefix("192.0.0.10/32"), "TURN anycast", "RFC 8155"},
	{netip.MustParsePrefix("192.0.0.170/31"), "for NAT64 discovery", "RFC 8880"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation", "RFC 5737"},
	{netip.MustParsePrefix("192.31.196.0/24"), "of AS112", "RFC 7535"},
	{netip.MustParsePrefix("192.52.193.0/24"), "for multicast tunnels (AMT)", "RFC 7450"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay anycast", "RFC 7526"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private", "RFC 1918"},
	{netip.MustParsePrefix("192.175.48.0/24"), "of AS112", "RFC 7534"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks", "RFC 2544"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation", "RFC 5737"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation", "RFC 5737"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast", "RFC 5771"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", "RFC 1112 section 4"},
	{netip.MustParsePrefix("255.255.255.255/32"), "limited broadcast", "RFC 919 section 7"},

	// IPv6 special-purpose address registry.
	{netip.MustParsePrefix("::1/128"), "loopback", "RFC 4291 section 2.5.3"},
	{netip.MustParsePrefix("::/128"), "unspecified", "RFC 4291 section 2.5.2"},
	{netip.MustParsePrefix("64:ff9b::/96"), "a NAT64 address", "RFC 6052"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "a local NAT64 address", "RFC 8215"},
	{netip.MustParsePrefix("100::/64"), "discarded", "RFC 6666"},
	{netip.MustParsePrefix("100:0:0:1::/64"), "a dummy address", "RFC 9780"},
	{netip.MustParsePrefix("2001::/23"), "reserved for protocols", "RFC 2928"},
	{netip.MustParsePrefix("2001::/32"), "a Teredo address", "RFC 4380"},
	{netip.MustParsePrefix("2001:1::1/128"), "Port Control Protocol anycast", "RFC 7723"},
	{netip.MustParsePrefix("2001:1::2/128"), "TURN anycast", "RFC 8155"},
	{netip.MustParsePrefix("2001:1::3/128"), "DNS-SD registration anycast", "RFC 9665"},
	{netip.MustParsePrefix("2001:2::/48"), "for benchmarks", "RFC 5180"},
	{netip.MustParsePrefix("2001:3::/32"), "for multicast tunnels (AMT)", "RFC 7450"},
	{netip.MustParsePrefix("2001:4:112::/48"), "of AS112", "RFC 7535"},
	{netip.MustParsePrefix("2001:10::/28"), "an ORCHID", "RFC 4843"},
	{netip.MustParsePrefix("2001:20::/28"), "an ORCHID", "RFC 7343"},
	{netip.MustParsePrefix("2001:30::/28"), "a drone remote id", "RFC 9374"},
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation", "RFC 3849"},
	{netip.MustParsePrefix("2002::/16"), "a 6to4 address", "RFC 3056"},
	{netip.MustParsePrefix("2620:4f:8000::/48"), "of AS112", "RFC 7534"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation", "RFC 9637"},
	{netip.MustParsePrefix("5f00::/16"), "a segment routing (SRv6) id", "RFC 9602"},
	{netip.MustParsePrefix("fc00::/7"), "unique local", "RFC 4193"},
	{netip.MustParsePrefix("fe80::/10"), "link-local", "RFC 4291 section 2.5.6"},

	// IPv6 address space outside global unicast, 2000::/3.
	{netip.MustParsePrefix("::/96"), "IPv4-compatible", "RFC 4291 section 2.5.5.1"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated", "RFC 2765 section 2.1"},
	{netip.MustParsePrefix("::/8"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("100::/8"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("200::/7"), "reserved", "RFC 4048"},
	{netip.MustParsePrefix("400::/6"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("800::/5"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("1000::/4"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("4000::/2"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("8000::/2"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("c000::/3"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("e000::/4"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("f000::/5"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("f800::/6"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("fe00::/9"), "reserved", "RFC 4291"},
	{netip.MustParsePrefix("fec0::/10"), "site-local", "RFC 3879"},
	{netip.MustParsePrefix("ff00::/8"), "multicast", "RFC 4291 section 2.7"},

	// Hosting platforms. All but the last lie in ranges above and are named here for
	// the sake of the message.
	{netip.MustParsePrefix("169.254.169.254/32"), "a cloud metadata service", "AWS, Azure, Google Cloud"},
	{netip.MustParsePrefix("169.254.170.2/32"), "a cloud metadata service", "AWS ECS"},
	{netip.MustParsePrefix("100.100.100.200/32"), "a cloud metadata service", "Alibaba Cloud"},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "a cloud metadata service", "AWS"},
	{netip.MustParsePrefix("fd20:ce::254/128"), "a cloud metadata service", "Google Cloud"},
	{netip.MustParsePrefix("168.63.129.16/32"), "the host's platform channel", "Azure"},
}

// Prefixes under which an IPv6 address carries an IPv4 address.
var (
	compatible = netip.MustParsePrefix("::/96")           // RFC 4291 section 2.5.5.1
	translated = netip.MustParsePrefix("::ffff:0:0:0/96") // RFC 2765 section 2.1
	nat64      = netip.MustParsePrefix("64:ff9b::/96")    // RFC 6052 section 2.1
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")  // RFC 8215
	sixToFour  = netip.MustParsePrefix("2002::/16")       // RFC 3056 section 2
	teredo     = netip.MustParsePrefix("2001::/32")       // RFC 4380 section 4
	thisNet    = netip.MustParsePrefix("0.0.0.0/8")       // RFC 791 section 3.2
)
