package auth

import (
	"slices"
	"strings"
	"time"

	"anteroom/internal/entitlement"
)

// skew is how far the clock of an issuer may be ahead of ours. The end of a token is
// not extended by it.
const skew = 5 * time.Minute

// actor reads verified claims: who the caller is, and when the token ends. The order
// is that of the questions: is it from the issuer, for us, valid now, of which tenant,
// of whom, with which rights.
//
// RFC 9068 §4, RFC 8725 §3.8, §3.9.
func (t *trusted) actor(c claims, now time.Time) (entitlement.Actor, time.Time, error) {
	var none entitlement.Actor
	if iss, _, err := c.text("iss"); err != nil {
		return none, time.Time{}, err
	} else if iss != t.url {
		return none, time.Time{}, refuse("The issuer (claim iss) of the access token is not trusted.")
	}
	expires, err := c.validAt(now)
	if err != nil {
		return none, time.Time{}, err
	}
	id, bound, err := t.tenantOf(c)
	if err != nil {
		return none, time.Time{}, err
	}
	aud, err := c.textOrList("aud")
	if err != nil {
		return none, time.Time{}, err
	}
	if !slices.ContainsFunc(aud, func(a string) bool { return slices.Contains(bound.audiences, a) }) {
		return none, time.Time{}, refuse("The access token is for another audience (claim aud); ask the issuer for one for this server.")
	}
	a := entitlement.Actor{Tenant: id}
	if a.ObjectID, err = c.objectID(); err != nil {
		return none, time.Time{}, err
	}
	if a.User, a.Permissions, err = c.permissions(); err != nil {
		return none, time.Time{}, err
	}
	if err := c.names(&a); err != nil {
		return none, time.Time{}, err
	}
	a.Administrator = a.User && bound.administrators[a.ObjectID]
	return a, expires, nil
}

// validAt checks exp, nbf and iat and returns exp.
//
// RFC 7519 §4.1.4: not accepted on or after exp.
func (c claims) validAt(now time.Time) (time.Time, error) {
	exp, present, err := c.time("exp")
	switch {
	case err != nil:
		return exp, err
	case !present:
		return exp, refuse("The access token has no end (claim exp).")
	case !now.Before(exp):
		return exp, refuse("The access token expired at %s, it is %s now; get a new one.", stamp(exp), stamp(now))
	}
	for _, name := range []string{"nbf", "iat"} {
		start, present, err := c.time(name)
		if err != nil {
			return exp, err
		}
		if present && start.After(now.Add(skew)) {
			return exp, refuse("The access token is not valid yet: its %s is %s, it is %s now; check the clocks.", name, stamp(start), stamp(now))
		}
	}
	return exp, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tenantOf tells whose token it is. One without tid is of the only tenant that its
// issuer speaks for.
func (t *trusted) tenantOf(c claims) (entitlement.TenantID, tenant, error) {
	tid, present, err := c.text("tid")
	if err != nil {
		return "", tenant{}, err
	}
	if !present {
		if len(t.tenants) != 1 {
			return "", tenant{}, refuse("The access token names no tenant (claim tid), and its issuer speaks for several.")
		}
		for id, bound := range t.tenants {
			return id, bound, nil
		}
	}
	id, ok := entitlement.ParseTenantID(tid)
	switch {
	case !ok:
		return "", tenant{}, refuse("The tenant (claim tid) of the access token is not a GUID.")
	case id == PersonalTenant:
		return "", tenant{}, refuse("The access token is that of a personal account; sign in with an account of the organisation.")
	}
	bound, ok := t.tenants[id]
	if !ok {
		return "", tenant{}, refuse("The issuer of the access token may not speak for its tenant (claim tid).")
	}
	return id, bound, nil
}

// objectID returns oid, or sub if there is no oid. Microsoft's sub is no GUID, but then
// its oid is always there; of other issuers, many have a GUID as sub.
func (c claims) objectID() (entitlement.ID, error) {
	sub, _, err := c.text("sub")
	if err != nil {
		return "", err
	}
	oid, present, err := c.text("oid")
	if err != nil {
		return "", err
	}
	if !present {
		oid = sub
	}
	id, ok := entitlement.ParseID(oid)
	if !ok {
		return "", refuse("The access token names no object: neither claim oid nor, without one, sub is a GUID.")
	}
	return id, nil
}

// permissions tells a person's token from an application's and returns what it may be
// used for. Roles in a person's token are those of the person in the client, and say
// nothing here. As idtyp is optional its absence proves nothing.
func (c claims) permissions() (user bool, permissions []string, err error) {
	idtyp, _, err := c.text("idtyp")
	if err != nil {
		return false, nil, err
	}
	scp, user, err := c.text("scp")
	if err != nil {
		return false, nil, err
	}
	if user {
		permissions = strings.Fields(scp)
		if idtyp == "app" {
			return false, nil, refuse("The access token says that it is an application's (claim idtyp) and that it is a person's (claim scp).")
		}
	} else {
		if mark := c.markOfPerson(idtyp); mark != "" {
			return false, nil, refuse("The access token has no scopes (claim scp), and is not an application's: its claim %s is a person's. "+
				"Get an access token with a scope of this server; an application's token can say so with claim idtyp 'app'.", mark)
		}
		if permissions, err = c.list("roles"); err != nil {
			return false, nil, err
		}
	}
	if len(permissions) == 0 {
		return false, nil, refuse("The access token carries no permission: neither scopes (claim scp) nor, of an application, roles (claim roles). "+
			"Have a permission such as %s consented to.", entitlement.PermissionReadWrite)
	}
	return user, permissions, nil
}

// marksOfPerson are claims that only tokens about a person have: those of an ID token
// (OpenID Connect Core §2), of a profile (§5.1), and the scopes of RFC 9068 §2.2.3.
var marksOfPerson = []string{
	"scope", "nonce", "at_hash", "c_hash", "amr", "auth_time",
	"preferred_username", "upn", "unique_name", "email", "given_name", "family_name",
}

// markOfPerson returns the claim by which a token without scp is about a person, or "".
// Application roles are given to people, too: such a token must not pass for that of an
// application, which may do everything. Only idtyp says for certain that it is one; without
// it, a subject that is neither the object nor the client is a person's.
func (c claims) markOfPerson(idtyp string) string {
	switch idtyp {
	case "app":
		return ""
	case "":
	default:
		return "idtyp"
	}
	for _, name := range marksOfPerson {
		if _, ok := c[name]; ok {
			return name
		}
	}
	sub, _, _ := c.text("sub") // of the right type, as objectID has read it
	if sub == "" {
		return ""
	}
	for _, name := range []string{"oid", "azp", "appid", "client_id"} {
		if own, _, err := c.text(name); err == nil && strings.EqualFold(own, sub) {
			return ""
		}
	}
	if _, ok := c["oid"]; !ok {
		return "" // the subject is the object
	}
	return "sub"
}

// names reads what is good for the history only: azp, appid of older tokens, or
// client_id (RFC 9068 §2.2); name; upn or preferred_username.
func (c claims) names(a *entitlement.Actor) error {
	for _, f := range []struct {
		into   *string
		claims []string
	}{
		{&a.AppID, []string{"azp", "appid", "client_id"}},
		{&a.Name, []string{"name"}},
		{&a.UPN, []string{"upn", "preferred_username"}},
	} {
		for _, name := range f.claims {
			s, _, err := c.text(name)
			if err != nil {
				return err
			}
			if *f.into == "" {
				*f.into = s
			}
		}
	}
	return nil
}
