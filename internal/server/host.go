package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"anteroom/internal/entitlement"
)

// site knows under which names this server may be called, and what links begin with.
type site interface {
	// base returns the scheme and host of links in the answer to a request, or an error
	// for a request that was meant for another host.
	base(r *http.Request) (string, error)
}

// publicSite is a server that has one name.
type publicSite struct {
	url  string // without a slash at its end
	host string // as a Host header has it, without a default port
}

// newPublicSite takes the publicURL of the configuration.
func newPublicSite(publicURL string) (publicSite, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return publicSite{}, err
	}
	return publicSite{url: strings.TrimRight(publicURL, "/"), host: bareHost(u.Host, u.Scheme)}, nil
}

func (s publicSite) base(r *http.Request) (string, error) {
	scheme, _, _ := strings.Cut(s.url, "://")
	if !strings.EqualFold(bareHost(r.Host, scheme), s.host) {
		return "", misdirected("This server is called '%s'; a request for another host is not answered. The proxy before it must pass the Host header on.", s.host)
	}
	return s.url, nil
}

// bareHost is a host without the port that its scheme has anyway.
func bareHost(host, scheme string) string {
	def := ":443"
	if scheme == "http" {
		def = ":80"
	}
	return strings.ToLower(strings.TrimSuffix(host, def))
}

// localSite is a development server: it goes by any name of the own machine, and by the
// address that it was told to listen on.
type localSite struct {
	port  int
	host  string // a name of the own machine to call it by
	extra string // a host beside loopback; empty: none
}

// newLocalSite makes the site of a listener.
func newLocalSite(l net.Listener) localSite {
	a, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return localSite{}
	}
	ip := a.Addr().Unmap()
	s := localSite{port: int(a.Port()), host: ip.String()}
	if !ip.IsLoopback() {
		s.extra = s.host
	}
	if ip.IsUnspecified() {
		s.host = "127.0.0.1"
	}
	return s
}

// url is where the server is reached on the own machine.
func (s localSite) url() string { return "http://" + net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

func (s localSite) base(r *http.Request) (string, error) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "80"
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if port != strconv.Itoa(s.port) || !(s.knows(host) || s.open()) {
		return "", misdirected("A development server answers only to addresses of its own machine, such as 127.0.0.1:%d and localhost:%d, so that no web page can reach it under a name of its own.", s.port, s.port)
	}
	return "http://" + r.Host, nil
}

// own is base for what only the own machine and its addresses may reach, whatever name
// others call this machine by.
func (s localSite) own(r *http.Request) (string, error) {
	host, _, err := net.SplitHostPort(r.Host)
	if base, baseErr := s.base(r); baseErr != nil || err != nil || s.knows(strings.Trim(host, "[]")) {
		return base, baseErr
	}
	return "", misdirected("/dev answers only to addresses of its own machine, such as 127.0.0.1:%d and localhost:%d.", s.port, s.port)
}

// open reports whether the server listens at all addresses, where others call it by names
// that it cannot know.
func (s localSite) open() bool {
	all, err := netip.ParseAddr(s.extra)
	return err == nil && all.IsUnspecified()
}

func (s localSite) knows(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	at, _ := netip.ParseAddr(s.extra)
	return ip.Unmap().IsLoopback() || s.open() || ip.Unmap() == at
}

func misdirected(format string, args ...any) error {
	return entitlement.Errorf(entitlement.CodeMisdirected, "Host", format, args...)
}

// sameOrigin refuses what a page of another origin sends.
func sameOrigin(r *http.Request, base string) error {
	for _, origin := range r.Header.Values("Origin") {
		if !strings.EqualFold(origin, base) {
			return entitlement.Forbidden("a page of another origin may not use /dev.")
		}
	}
	return nil
}
