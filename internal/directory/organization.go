package directory

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// OrganizationOf returns the connected organization that the user belongs to, nil for
// none: only guests belong to one. Where several claim the same people, a configured one
// comes before one that is proposed, and then the older one.
func (BuiltIn) OrganizationOf(ctx context.Context, tx *store.Tx, u *entitlement.User) (*entitlement.ConnectedOrganization, error) {
	if u.Type != entitlement.UserGuest {
		return nil, nil
	}
	all, err := tx.Organizations.List(ctx, query.Query{Order: []query.Order{{Path: "createdDateTime"}}})
	if err != nil {
		return nil, err
	}
	var proposed *entitlement.ConnectedOrganization
	for _, o := range all {
		switch {
		case !claims(o, u):
		case o.State == entitlement.OrganizationConfigured:
			return o, nil
		case proposed == nil:
			proposed = o
		}
	}
	return proposed, nil
}

// claims reports whether one of the organization's identity sources means the user.
func claims(o *entitlement.ConnectedOrganization, u *entitlement.User) bool {
	for _, s := range o.IdentitySources {
		if means(s, u) {
			return true
		}
	}
	return false
}

// means is strict: what an identity source does not clearly say is not taken from it.
//
// graph: identitySource and the types derived from it
func means(s entitlement.IdentitySource, u *entitlement.User) bool {
	if s.Key == "" {
		return false
	}
	if s.Kind == entitlement.SourceDomain {
		return strings.EqualFold(s.Key, u.Domain())
	}
	for _, id := range u.Identities {
		switch s.Kind {
		case entitlement.SourceTenant, entitlement.SourceCrossCloudTenant:
			if ofTenant(id.Issuer, s.Key) {
				return true
			}
		case entitlement.SourceFederation:
			if id.Issuer == s.Key {
				return true
			}
		case entitlement.SourceSocial:
			if ofProvider(id, s.Key) {
				return true
			}
		}
	}
	return false
}

// general are words of signInType that name no provider.
var general = []string{"emailAddress", "federated", "userName", "userPrincipalName"}

// ofProvider reports whether an identity is that of a provider named by a word, such as
// facebook.
func ofProvider(id entitlement.Identity, word string) bool {
	named := func(w string) bool { return strings.EqualFold(w, word) }
	if slices.ContainsFunc(general, named) {
		return false
	}
	return named(id.SignInType) || named(id.Issuer) || strings.EqualFold(id.Issuer, word+".com")
}

// ofTenant reports whether an issuer is that of a tenant: its id, or an https address with
// the id as one part of its path, such as https://login.microsoftonline.com/<id>/v2.0.
func ofTenant(issuer, tenant string) bool {
	if strings.EqualFold(issuer, tenant) {
		return true
	}
	id, ok := entitlement.ParseID(tenant)
	if !ok {
		return false
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return false
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if got, ok := entitlement.ParseID(part); ok && got == id {
			return true
		}
	}
	return false
}
