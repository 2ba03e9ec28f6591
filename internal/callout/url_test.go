package callout

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"anteroom/internal/entitlement"
)

func TestCheckURL(t *testing.T) {
	serve := New(Options{})
	dev := New(Options{AllowHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	cases := []struct {
		url        string
		serve, dev string // part of the message; empty means accepted
	}{
		{"https://hooks.example.com/a?sig=x", "", ""},
		{"https://hooks.example.com.:8443/", "", ""},
		{"https://under_score.example.com/", "", ""},
		{"https://xn--bcher-kva.example/", "", ""},
		{"https://8.8.8.8/", "", ""},
		{"https://[2001:4860:4860::8888]/", "", ""},
		{"https://[::ffff:8.8.8.8]/", "", ""},
		{"HTTPS://EXAMPLE.COM", "", ""},
		{"https://0x.example.com/", "", ""},
		{"https://1.2.3.4.example/", "", ""},

		{"http://hooks.example.com/", "plain http", ""},
		{"http://8.8.8.8/", "plain http", "only be called with https"},
		{"http://10.0.0.1/", "plain http", "private (RFC 1918)"},
		{"http://127.0.0.1:8080/", "plain http", ""},
		{"http://localhost:8080/", "plain http", ""},
		{"https://127.0.0.1/", "loopback", ""},
		{"https://[::1]/", "loopback", ""},
		{"https://[::ffff:127.0.0.1]/", "loopback", ""},
		{"https://[::ffff:7f00:1]/", "loopback", ""},
		{"https://[::127.0.0.1]/", "IPv4-compatible", "IPv4-compatible"},
		{"https://[64:ff9b::7f00:1]/", "NAT64", "NAT64"},
		{"https://localhost/", "loopback", ""},
		{"https://LOCALHOST./", "loopback", ""},
		{"https://a.b.localhost/", "loopback", ""},
		{"https://localhost.localdomain/", "loopback", ""},
		{"https://localhost4.localdomain4/", "", ""},
		{"https://ip6-localhost/", "loopback", ""},
		{"https://10.0.0.1/", "private (RFC 1918)", "private (RFC 1918)"},
		{"https://169.254.169.254/latest", "metadata", "metadata"},
		{"https://[fd00:ec2::254]/", "metadata", "metadata"},

		{"https://127.1/", "loopback", "write 127.0.0.1"},
		{"https://2130706433/", "loopback", "write 127.0.0.1"},
		{"https://0x7f.1/", "loopback", "write 127.0.0.1"},
		{"https://0X7F000001/", "loopback", "write 127.0.0.1"},
		{"https://017700000001/", "loopback", "write 127.0.0.1"},
		{"https://0177.0.0.01/", "loopback", "write 127.0.0.1"},
		{"https://127.0.0.1./", "loopback", "write 127.0.0.1"},
		{"https://0/", "unspecified", "unspecified"},
		{"https://0x/", "unspecified", "unspecified"},
		{"https://10.1/", "private (RFC 1918)", "private (RFC 1918)"},
		{"https://134744072/", "write 8.8.8.8", "write 8.8.8.8"},
		{"https://4294967296/", "ends in a number", "ends in a number"},
		{"https://1.2.3.4.5/", "ends in a number", "ends in a number"},
		{"https://256.1.1.1/", "ends in a number", "ends in a number"},
		{"https://09.1.1.1/", "ends in a number", "ends in a number"},
		{"https://foo.0x7f/", "ends in a number", "ends in a number"},
		{"https://１２７.0.0.1/", "not ASCII", "not ASCII"},
		{"https://ⓛocalhost/", "not ASCII", "not ASCII"},
		{"https://%6c/", "not a valid", "not a valid"},
		{"https://[fe80::1%25eth0]/", "zone", "zone"},

		{"", "https://", "https://"},
		{"ftp://example.com/", "https://", "https://"},
		{"//example.com/", "https://", "https://"},
		{"https:example.com", "no host", "no host"},
		{"https:///path", "no host", "no host"},
		{"https://:443/", "not a valid name", "not a valid name"},
		{"https://user:pw@example.com/", "user name", "user name"},
		{"https://example.com:0/", "port", "port"},
		{"https://example.com:65536/", "port", "port"},
		{"https://example.com:/", "port", "port"},
		{"https://exa mple.com/", "not a valid", "not a valid"},
		{"https://a..example.com/", "not a valid name", "not a valid name"},
		{"https://" + strings.Repeat("a", 64) + ".com/", "not a valid name", "not a valid name"},
		{"https://" + strings.Repeat("a.", 127) + "com/", "253", "253"},
		{"https://exam*ple.com/", "not a valid name", "not a valid name"},
	}
	for _, c := range cases {
		for name, want := range map[string]string{"serve": c.serve, "dev": c.dev} {
			s := serve
			if name == "dev" {
				s = dev
			}
			err := s.CheckURL(c.url)
			if want == "" {
				if err != nil {
					t.Errorf("%s: CheckURL(%q) = %v, want nil", name, c.url, err)
				}
				continue
			}
			var invalid *entitlement.Error
			if !errors.As(err, &invalid) || invalid.Code != entitlement.CodeInvalidModel || !strings.Contains(invalid.Message, want) {
				t.Errorf("%s: CheckURL(%q) = %v, want InvalidModel with %q", name, c.url, err, want)
			}
		}
	}
}

func TestCheckURLKeepsQuerySecret(t *testing.T) {
	s := New(Options{})
	for _, u := range []string{"http://a.test/?sig=hunter2", "https://a.test:0/?sig=hunter2", "https://\x7f/?sig=hunter2", "https://10.1/?sig=hunter2"} {
		if err := s.CheckURL(u); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("CheckURL(%q) = %v", u, err)
		}
		if r := s.Send(t.Context(), Message{URL: u, Key: testKey(t)}); r.Err == nil || r.Calls != 0 || strings.Contains(r.Err.Error(), "hunter2") {
			t.Errorf("Send(%q) = %+v", u, r)
		}
	}
}

var numericTail = regexp.MustCompile(`(?i)(^|\.)([0-9]+|0x[0-9a-f]*)\.?$`)

// Whatever is accepted with a literal address is not forbidden, and what only looks
// like an address is not accepted as a name.
func FuzzCheckURL(f *testing.F) {
	for _, u := range []string{
		"https://example.com/", "https://127.0.0.1/", "https://127.1", "https://0x7f.1/", "https://2130706433/", "https://8.8.8.8/",
		"https://[::1]/", "https://[::ffff:10.0.0.1]:1/", "https://[fe80::1%25lo]/", "https://[2001:4860::1]/", "http://localhost",
		"https://%31%32%37.1/", "https://１２７.1/", "https://a@b/", "https://[v1.x]/", "https://1.2.3.4.", "https://0/",
	} {
		f.Add(u)
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, raw string) {
		if s.CheckURL(raw) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" {
			t.Fatalf("accepted %q: %v", raw, err)
		}
		host := u.Hostname()
		a, err := netip.ParseAddr(host)
		if err != nil {
			if numericTail.MatchString(host) || strings.Trim(host, ".") == "localhost" {
				t.Fatalf("accepted %q as a name", raw)
			}
			return
		}
		if !a.Unmap().IsGlobalUnicast() || a.Unmap().IsPrivate() {
			t.Fatalf("accepted %q", raw)
		}
		for _, row := range append(registryRows.v4, registryRows.v6...) {
			if netip.MustParsePrefix(row).Contains(a.Unmap()) {
				t.Fatalf("accepted %q, which is in %s", raw, row)
			}
		}
	})
}
