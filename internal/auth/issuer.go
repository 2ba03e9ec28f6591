package auth

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
)

// PersonalTenant is the tenant of Microsoft's personal accounts. It belongs to no
// organisation and is refused even if an issuer is bound to it.
const PersonalTenant entitlement.TenantID = "9188040d-6c67-4c5b-b112-36a304b66dad"

// Algorithms are the signature algorithms that an issuer may use (RFC 7518 §3.1), and
// those that it may use if nothing else is said.
var Algorithms = []string{"RS256", "ES256", "PS256"}

// Issuer is a token issuer that is trusted, and for whom it may speak. The same URL may
// be given several times, for tenants that take other audiences; JWKSURL and Algorithms
// must then be the same.
type Issuer struct {
	// URL is compared with the claim iss byte for byte. It is https, or http to a
	// loopback host.
	URL string
	// Audiences are the values of the claim aud that mean this server; at least one.
	Audiences []string
	// JWKSURL is where the keys are. If empty it is read from the discovery document
	// below URL (OpenID Connect Discovery 1.0 §4).
	JWKSURL string
	// Algorithms is a part of the package's list, or empty for all of it. A key of RSA
	// that does not say which algorithm it is for is for the first RSA algorithm here.
	Algorithms []string
	// Tenants are those that the issuer may speak for; at least one.
	Tenants []TenantBinding
}

// TenantBinding is what an issuer may say about one tenant.
type TenantBinding struct {
	Tenant entitlement.TenantID
	// Administrators are the object ids of people who administer the tenant.
	Administrators []entitlement.ID
}

// keySource finds the key that a token names. Its error is an *entitlement.Error.
type keySource interface {
	find(ctx context.Context, kid, alg string) (key, error)
}

// trusted is an issuer made ready: what NewVerifier makes of all Issuers of one URL.
type trusted struct {
	url        string
	jwksURL    string
	algorithms []string
	keys       keySource
	tenants    map[entitlement.TenantID]tenant
}

// tenant is what one issuer may say about one tenant.
type tenant struct {
	audiences      []string
	administrators map[entitlement.ID]bool
}

// trust joins the issuers by their URLs.
func trust(issuers []Issuer) (map[string]*trusted, error) {
	all := make(map[string]*trusted, len(issuers))
	for _, iss := range issuers {
		if err := iss.check(); err != nil {
			return nil, fmt.Errorf("issuer %q: %w", iss.URL, err)
		}
		algorithms := iss.Algorithms
		if len(algorithms) == 0 {
			algorithms = Algorithms
		}
		t := all[iss.URL]
		if t == nil {
			t = &trusted{url: iss.URL, jwksURL: iss.JWKSURL, algorithms: slices.Clone(algorithms), tenants: map[entitlement.TenantID]tenant{}}
			all[iss.URL] = t
		}
		if t.jwksURL != iss.JWKSURL || !slices.Equal(t.algorithms, algorithms) {
			return nil, fmt.Errorf("issuer %q is given twice with different key addresses or algorithms", iss.URL)
		}
		for _, b := range iss.Tenants {
			if _, ok := t.tenants[b.Tenant]; ok {
				return nil, fmt.Errorf("issuer %q is bound to the tenant %s twice", iss.URL, b.Tenant)
			}
			t.tenants[b.Tenant] = newTenant(iss.Audiences, b.Administrators)
		}
	}
	return all, nil
}

func newTenant(audiences []string, administrators []entitlement.ID) tenant {
	t := tenant{audiences: slices.Clone(audiences), administrators: make(map[entitlement.ID]bool, len(administrators))}
	for _, id := range administrators {
		t.administrators[id] = true
	}
	return t
}

func (iss Issuer) check() error {
	if err := checkURL(iss.URL); err != nil {
		return err
	}
	if iss.JWKSURL != "" {
		if err := checkURL(iss.JWKSURL); err != nil {
			return fmt.Errorf("key address: %w", err)
		}
	}
	if len(iss.Audiences) == 0 || slices.Contains(iss.Audiences, "") {
		return fmt.Errorf("at least one audience is needed, and none may be empty")
	}
	for _, alg := range iss.Algorithms {
		if !slices.Contains(Algorithms, alg) {
			return fmt.Errorf("algorithm %q is not one of %s", alg, strings.Join(Algorithms, ", "))
		}
	}
	if len(iss.Tenants) == 0 {
		return fmt.Errorf("it is bound to no tenant")
	}
	for _, b := range iss.Tenants {
		if id, ok := entitlement.ParseTenantID(string(b.Tenant)); !ok || id != b.Tenant {
			return fmt.Errorf("tenant %q is not a GUID in lower case", b.Tenant)
		}
		if b.Tenant == PersonalTenant {
			return fmt.Errorf("tenant %s is that of personal accounts", b.Tenant)
		}
		for _, a := range b.Administrators {
			if id, ok := entitlement.ParseID(string(a)); !ok || id != a {
				return fmt.Errorf("administrator %q is not a GUID in lower case", a)
			}
		}
	}
	return nil
}

// checkURL wants https, or http to the own machine.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a URL", s)
	case u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q is not a plain URL with a host", s)
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return fmt.Errorf("%q is not https; http is possible to a loopback host only", s)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
