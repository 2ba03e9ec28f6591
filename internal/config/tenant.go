package config

import (
	"regexp"
	"slices"
	"strings"
)

// algorithms are those that a token may be signed by (RFC 7518 §3.1).
var algorithms = []string{"RS256", "ES256", "PS256"}

// personalTenant is that of Microsoft's personal accounts, which belong to nobody's
// organisation.
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// guid reads a GUID in any case.
func (r *reader) guid(n node, into *string) {
	var s string
	if !r.text(n, &s) {
		return
	}
	if id := strings.ToLower(s); guid.MatchString(id) {
		*into = id
		return
	}
	r.problem(n, "%q is not a GUID such as 2f5c6a4e-0b1d-4c3e-9a7f-1d2e3f405162", clip(s))
}

func (r *reader) tenants(n node, c *Config) {
	first := map[string]string{}   // tenant id: key
	issuers := map[string]issuer{} // by URL
	r.list(n, "at least one is needed", func(item node) {
		var t Tenant
		r.mapping(item,
			field{"id", "give the tenant's GUID", func(n node) {
				r.guid(n, &t.ID)
				other, twice := first[t.ID]
				switch {
				case t.ID == "":
				case t.ID == personalTenant:
					r.problem(n, "is the tenant of personal accounts; give that of an organisation")
				case twice:
					r.problem(n, "is the id of %s, too; put both in one", other)
				default:
					first[t.ID] = item.key
				}
			}},
			field{"name", "", func(n node) { r.text(n, &t.Name) }},
			field{"issuers", "without one nobody can sign in; give url and audiences", func(n node) { r.issuers(n, &t, issuers) }},
			field{"administrators", "", func(n node) {
				r.list(n, "", func(item node) {
					var id string
					if r.guid(item, &id); id != "" {
						t.Administrators = append(t.Administrators, id)
					}
				})
			}},
		)
		c.Tenants = append(c.Tenants, t)
	})
}

// issuer is an issuer and the key where it was first given.
type issuer struct {
	Issuer
	key string
}

// issuers reads the issuers of a tenant. One that other tenants have, too, is the same
// issuer, with the same keys.
func (r *reader) issuers(n node, t *Tenant, all map[string]issuer) {
	r.list(n, "without one nobody can sign in; give url and audiences", func(item node) {
		i := r.issuer(item)
		other, known := all[i.URL]
		switch {
		case i.URL == "":
		case slices.ContainsFunc(t.Issuers, func(o Issuer) bool { return o.URL == i.URL }):
			r.problem(item, "has the url of another issuer of the tenant; put the audiences of both in one")
		case known && (other.JWKSURL != i.JWKSURL || !slices.Equal(other.Algorithms, i.Algorithms)):
			r.problem(item, "is the same issuer as %s; give it the same jwksURL and algorithms", other.key)
		case !known:
			all[i.URL] = issuer{i, item.key}
		}
		t.Issuers = append(t.Issuers, i)
	})
}

func (r *reader) issuer(n node) Issuer {
	var i Issuer
	r.mapping(n,
		field{"url", "give the issuer exactly as its tokens have it in the claim iss", func(n node) {
			if u, ok := r.url(n); ok && (u.RawQuery != "" || u.ForceQuery) {
				r.problem(n, "must have no query")
			} else if ok {
				i.URL = n.Value
			}
		}},
		field{"audiences", "give the values of the claim aud that mean this server", func(n node) {
			r.list(n, "at least one is needed, or tokens for other servers would be taken", func(item node) {
				var s string
				switch {
				case !r.text(item, &s):
				case strings.EqualFold(strings.TrimRight(s, "/"), "https://graph.microsoft.com"):
					r.problem(item, "is the audience of the real Graph, whose tokens nobody else can check; give this server's own")
				default:
					i.Audiences = append(i.Audiences, s)
				}
			})
		}},
		field{"jwksURL", "", func(n node) {
			if _, ok := r.url(n); ok {
				i.JWKSURL = n.Value
			}
		}},
		field{"algorithms", "", func(n node) {
			r.list(n, "must name one of "+strings.Join(algorithms, ", ")+", or be left out", func(item node) {
				var s string
				if r.choice(item, algorithms, &s); s != "" {
					i.Algorithms = append(i.Algorithms, s)
				}
			})
		}},
	)
	return i
}
