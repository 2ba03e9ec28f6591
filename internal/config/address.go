package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// address reads host:port to listen on. Port 0 lets the system choose one.
func (r *reader) address(n node, into *string) {
	var s string
	if !r.text(n, &s) {
		return
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		r.problem(n, "%q is not host:port, such as 0.0.0.0:8443 or [::1]:8443", clip(s))
		return
	}
	if v, err := strconv.ParseUint(port, 10, 16); err != nil || v > 65535 {
		r.problem(n, "%q is not a port from 0 to 65535", clip(port))
		return
	}
	if strings.ContainsAny(host, "/@ ") {
		r.problem(n, "%q is not the name or address of a host", clip(host))
		return
	}
	*into = s
}

// publicURL reads scheme and host and cuts off a slash at the end and the scheme's own
// port, which clients leave out of the Host header.
func (r *reader) publicURL(n node, into *string) {
	u, ok := r.url(n)
	if !ok {
		return
	}
	if strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery {
		r.problem(n, "must have no path and no query: the server is at the root of its host")
		return
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	*into = u.Scheme + "://" + host
}

// url reads an absolute URL: https, or http to the own machine.
func (r *reader) url(n node) (*url.URL, bool) {
	var s string
	if !r.text(n, &s) {
		return nil, false
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		r.problem(n, "%q is not a URL such as https://login.example.org", clip(s))
	case u.User != nil || u.Fragment != "":
		r.problem(n, "must have no user and no fragment")
	case u.Scheme != "https" && u.Scheme != "http":
		r.problem(n, "must begin with https://")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		r.problem(n, "must begin with https://; http is possible to a loopback host only")
	default:
		return u, true
	}
	return nil, false
}

// isLoopback tells whether a host is surely the own machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// agree checks settings against each other.
func (r *reader) agree(c *Config) {
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && c.TLS == nil && !c.BehindProxy && !isLoopback(host) {
		r.at("listen", "is open to the network without TLS; add tls with certFile and keyFile, "+
			"or behindProxy: true if a proxy in front ends TLS, or listen on 127.0.0.1")
	}
	if strings.HasPrefix(c.PublicURL, "http:") && c.TLS != nil && c.TLS.CertFile != "" && c.TLS.KeyFile != "" {
		r.at("publicURL", "is http although tls is set; begin it with https://")
	}
	if c.HealthListen != "" && c.HealthListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		r.at("healthListen", "is the address of listen; take another port, or remove it to have the checks on the main listener")
	}
	r.agreeNotices(c)
}

// at reports what is wrong with a key that was read.
func (r *reader) at(key, message string) {
	r.problems = append(r.problems, Problem{Line: r.lines[key], Key: key, Message: message})
}
