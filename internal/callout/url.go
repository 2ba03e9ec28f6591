package callout

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"anteroom/internal/entitlement"
)

// CheckURL is the courtesy check when an extension is saved. It returns an
// *entitlement.Error with code InvalidModel when the URL cannot be called as it
// stands: the scheme is not https (or http, with AllowHTTP), or the host is, in any
// spelling, an address that may not be called, or a name of this machine. It looks up
// no name; whether the address behind a name may be called is decided when it is
// dialled.
func (s *Sender) CheckURL(raw string) error {
	if _, err := s.parseURL(raw); err != nil {
		return entitlement.Invalid("endpointConfiguration", "The endpoint's address cannot be used: %s.", err)
	}
	return nil
}

// parseURL reads the URL of an endpoint and refuses what can be refused without
// looking anything up. Its errors are in words for an operator and do not repeat the
// URL, whose query may hold a secret.
func (s *Sender) parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("it is not a valid URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("it does not begin with https://")
	case u.Scheme == "http" && !s.allowHTTP:
		return nil, errors.New("plain http is not allowed by the configuration; it must begin with https://")
	case u.Opaque != "" || u.Host == "":
		return nil, errors.New("it has no host")
	case u.User != nil:
		return nil, errors.New("it holds a user name")
	}
	if p := u.Port(); p != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, errors.New("its port is not between 1 and 65535")
		}
	}
	check := s.wall.check
	if u.Scheme == "http" {
		check = s.wall.checkPlain
	}
	return u, checkHost(u.Hostname(), check)
}

// checkHost checks a host that is an address in any spelling, or a name of this
// machine, with check, and any other name for its form.
func checkHost(host string, check func(netip.Addr) error) error {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return errors.New("its host has a zone, which means something on one machine only")
		}
		return check(a)
	}
	if err := checkName(host); err != nil {
		return err
	}
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	if last := labels[len(labels)-1]; isNumber(last) {
		a, ok := looseIPv4(labels)
		if !ok {
			return errors.New("its host ends in a number and is not an IP address")
		}
		if err := check(a); err != nil {
			return err
		}
		return errors.New("its host is an unusual spelling of an IP address; write " + a.String())
	}
	if isLocalhost(labels) && check(netip.IPv6Loopback()) != nil {
		return check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return nil
}

// checkName checks that host can be a DNS name: 1 to 253 characters, in labels of 1 to
// 63 letters, digits, hyphens or underscores. Names in other scripts must come in
// their ASCII form, as what they turn into is otherwise only known when they are
// called: full-width digits become an IP address.
//
// RFC 1035 section 2.3.4
func checkName(host string) error {
	name := strings.TrimSuffix(host, ".")
	if len(name) > 253 {
		return errors.New("its host is longer than 253 characters")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return errors.New("its host is not a valid name: the parts between dots have 1 to 63 characters")
		}
		for _, r := range label {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			case r > 0x7f:
				return errors.New("its host is not ASCII; write an international name in its ASCII form (xn--…)")
			default:
				return errors.New("its host is not a valid name: it may have letters, digits, hyphens and dots")
			}
		}
	}
	return nil
}

// isLocalhost reports whether a name means this machine by convention: localhost and
// all below it (RFC 6761 section 6.3), and the names that common hosts files hold.
func isLocalhost(labels []string) bool {
	switch last := labels[len(labels)-1]; last {
	case "localhost", "ip6-localhost", "ip6-loopback":
		return true
	case "localdomain":
		return len(labels) > 1 && strings.HasPrefix(labels[len(labels)-2], "localhost")
	}
	return false
}

// isNumber reports whether a host that ends in this label, in lower case, is read as
// an IPv4 address.
//
// WHATWG URL section 3.5, "ends in a number checker"
func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// looseIPv4 reads the spellings of an IPv4 address that C libraries and browsers take:
// one to four numbers, each decimal, octal (0177) or hexadecimal (0x7f), of which the
// last fills what is left.
//
// WHATWG URL section 3.5, "IPv4 parser"
func looseIPv4(labels []string) (netip.Addr, bool) {
	if len(labels) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, label := range labels {
		n, ok := looseNumber(label)
		if !ok {
			return netip.Addr{}, false
		}
		if i < len(labels)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			sum |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(5-len(labels))) {
			return netip.Addr{}, false
		}
		sum |= n
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), true
}

func looseNumber(label string) (uint64, bool) {
	base := 10
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		label, base = rest, 16
		if label == "" {
			return 0, true
		}
	} else if len(label) > 1 && label[0] == '0' {
		label, base = label[1:], 8
	}
	n, err := strconv.ParseUint(label, base, 64)
	return n, err == nil
}
