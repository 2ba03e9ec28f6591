package directory

import (
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

const home = "c0ffee00-0000-4000-8000-0000000000aa"

func TestWhomAnIdentitySourceMeans(t *testing.T) {
	mail := func(s string) *entitlement.User { return &entitlement.User{Mail: &s} }
	known := func(signIn, issuer string) *entitlement.User {
		return &entitlement.User{UserPrincipalName: "x@contoso.example", Identities: []entitlement.Identity{{SignInType: "emailAddress", Issuer: "contoso.example"}, {SignInType: signIn, Issuer: issuer}}}
	}
	for _, tt := range []struct {
		name string
		kind entitlement.IdentitySourceKind
		key  string
		user *entitlement.User
		want bool
	}{
		{"the domain", entitlement.SourceDomain, "Partner.example", mail("a@partner.EXAMPLE"), true},
		{"the domain of a guest's name", entitlement.SourceDomain, "partner.example", &entitlement.User{UserPrincipalName: "a_partner.example#EXT#@contoso.example"}, true},
		{"a domain below", entitlement.SourceDomain, "partner.example", mail("a@mail.partner.example"), false},
		{"a domain that ends alike", entitlement.SourceDomain, "partner.example", mail("a@otherpartner.example"), false},
		{"no domain", entitlement.SourceDomain, "", &entitlement.User{}, false},
		{"the tenant", entitlement.SourceTenant, home, known("federated", home), true},
		{"the tenant's address", entitlement.SourceTenant, home, known("federated", "https://login.microsoftonline.com/"+home+"/v2.0"), true},
		{"the tenant in another case", entitlement.SourceTenant, "C0FFEE00-0000-4000-8000-0000000000AA", known("federated", "https://sts.windows.net/"+home+"/"), true},
		{"a tenant of another cloud", entitlement.SourceCrossCloudTenant, home, known("federated", "https://login.microsoftonline.us/"+home+"/v2.0"), true},
		{"another tenant", entitlement.SourceTenant, home, known("federated", "https://sts.windows.net/c0ffee00-0000-4000-8000-0000000000ab/"), false},
		{"the tenant as a host", entitlement.SourceTenant, home, known("federated", "https://"+home+".example/x"), false},
		{"the tenant in a query", entitlement.SourceTenant, home, known("federated", "https://example.org/x?"+home), false},
		{"the tenant by http", entitlement.SourceTenant, home, known("federated", "http://sts.windows.net/"+home), false},
		{"a part that is no id", entitlement.SourceTenant, "v2.0", known("federated", "https://login.microsoftonline.com/"+home+"/v2.0"), false},
		{"the issuer", entitlement.SourceFederation, "https://idp.partner.example/a", known("federated", "https://idp.partner.example/a"), true},
		{"an issuer in another case", entitlement.SourceFederation, "https://idp.partner.example/a", known("federated", "https://idp.partner.example/A"), false},
		{"an issuer that begins alike", entitlement.SourceFederation, "https://idp.partner.example/a", known("federated", "https://idp.partner.example/ab"), false},
		{"a provider", entitlement.SourceSocial, "facebook", known("federated", "Facebook.com"), true},
		{"a provider by its word", entitlement.SourceSocial, "facebook", known("facebook", ""), true},
		{"another provider", entitlement.SourceSocial, "facebook", known("federated", "google.com"), false},
		{"a word that everybody has", entitlement.SourceSocial, "federated", known("federated", "google.com"), false},
		{"a kind that is not known", "nonsense", home, known(home, home), false},
		{"nothing", entitlement.SourceFederation, "", known("", ""), false},
	} {
		if got := means(entitlement.IdentitySource{Kind: tt.kind, Key: tt.key}, tt.user); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// in runs fn in a transaction of a store with one tenant.
func in(t *testing.T, fn func(*store.Tx)) {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{})
	must(t, err)
	const tenant = entitlement.TenantID(home)
	must(t, s.CreateTenant(t.Context(), &entitlement.Tenant{ID: tenant, CalloutKey: make([]byte, 32), TokenKey: make([]byte, 32)}))
	must(t, s.Update(t.Context(), tenant, func(tx *store.Tx) error { fn(tx); return nil }))
	must(t, s.Close())
}

func TestWhichOrganizationAGuestBelongsTo(t *testing.T) {
	in(t, func(tx *store.Tx) {
		made := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		for i, o := range []struct {
			id, domain string
			state      entitlement.OrganizationState
		}{
			{"9", "a.example", entitlement.OrganizationProposed}, {"8", "a.example", entitlement.OrganizationConfigured},
			{"7", "a.example", entitlement.OrganizationConfigured}, {"6", "b.example", entitlement.OrganizationProposed}, {"5", "b.example", entitlement.OrganizationProposed},
		} {
			must(t, tx.Organizations.Insert(t.Context(), &entitlement.ConnectedOrganization{
				Object: entitlement.Object{ID: entitlement.ID(o.id), CreatedAt: made.Add(time.Duration(i) * time.Second)}, DisplayName: o.id, State: o.state,
				IdentitySources: []entitlement.IdentitySource{{Kind: entitlement.SourceDomain, Key: o.domain}},
			}))
		}
		for _, tt := range []struct {
			domain string
			typ    entitlement.UserType
			want   string
		}{
			{"a.example", entitlement.UserGuest, "8"}, {"b.example", entitlement.UserGuest, "6"}, {"c.example", entitlement.UserGuest, ""},
			{"a.example", entitlement.UserMember, ""}, {"a.example", "", ""},
		} {
			mail := "x@" + tt.domain
			o, err := BuiltIn{}.OrganizationOf(t.Context(), tx, &entitlement.User{Mail: &mail, Type: tt.typ})
			must(t, err)
			got := ""
			if o != nil {
				got = string(o.ID)
			}
			if got != tt.want {
				t.Errorf("a %s of %s belongs to %q, want %q", tt.typ, tt.domain, got, tt.want)
			}
		}
	})
}
