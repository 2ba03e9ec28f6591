package server

import (
	"net/http/httptest"
	"testing"
)

func TestHosts(t *testing.T) {
	public, err := newPublicSite("https://access.contoso.example/")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := newPublicSite("http://intra:8080")
	if err != nil {
		t.Fatal(err)
	}
	dev := localSite{port: 8080, host: "127.0.0.1"}
	wide := localSite{port: 8080, host: "127.0.0.1", extra: "0.0.0.0"}
	one := localSite{port: 8080, host: "192.0.2.7", extra: "192.0.2.7"}
	for _, tc := range []struct {
		site site
		host string
		want string // empty: refused
	}{
		{public, "access.contoso.example", "https://access.contoso.example"},
		{public, "ACCESS.contoso.example:443", "https://access.contoso.example"},
		{public, "access.contoso.example:8443", ""},
		{public, "evil.example", ""},
		{public, "", ""},
		{plain, "intra:8080", "http://intra:8080"},
		{plain, "intra", ""},
		{dev, "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{dev, "localhost:8080", "http://localhost:8080"},
		{dev, "[::1]:8080", "http://[::1]:8080"},
		{dev, "127.0.0.1:8081", ""},
		{dev, "127.0.0.1", ""},
		{dev, "evil.example:8080", ""},
		{dev, "localhost.evil.example:8080", ""},
		{dev, "192.0.2.7:8080", ""},
		{wide, "192.0.2.7:8080", "http://192.0.2.7:8080"},
		{wide, "anteroom:8080", "http://anteroom:8080"}, // as other containers call it
		{wide, "anteroom:8081", ""},
		{one, "192.0.2.7:8080", "http://192.0.2.7:8080"},
		{one, "192.0.2.8:8080", ""},
	} {
		r := httptest.NewRequest("GET", "/v1.0/users", nil)
		r.Host = tc.host
		got, err := tc.site.base(r)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%+v, host %q: base %q, error %v; want %q", tc.site, tc.host, got, err, tc.want)
		}
	}
}

// TestOwnHosts holds that /dev is never reached under a name that a web page may have.
func TestOwnHosts(t *testing.T) {
	for host, fine := range map[string]bool{"127.0.0.1:8080": true, "localhost:8080": true, "192.0.2.7:8080": true, "anteroom:8080": false, "evil.example:8080": false} {
		r := httptest.NewRequest("GET", "/dev/clock", nil)
		r.Host = host
		if _, err := (localSite{port: 8080, host: "127.0.0.1", extra: "0.0.0.0"}).own(r); (err == nil) != fine {
			t.Errorf("%s: %v, want it to be answered: %v", host, err, fine)
		}
	}
}

func TestCheckDevAddr(t *testing.T) {
	for addr, fine := range map[string]bool{
		"127.0.0.1:0": true, "localhost:8080": true, "[::1]:8080": true, "127.8.8.8:1": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.0.2.1:80": false, "example.org:80": false, "8080": false,
	} {
		if err := CheckDevAddr(addr, false); (err == nil) != fine {
			t.Errorf("%q: %v, want it to be allowed: %v", addr, err, fine)
		}
	}
	if err := CheckDevAddr("0.0.0.0:8080", true); err != nil {
		t.Errorf("asked for: %v", err)
	}
}
