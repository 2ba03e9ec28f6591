package rules

import (
	"strings"
	"testing"

	"anteroom/internal/entitlement"
)

func user(typ entitlement.UserType) Candidate {
	return Candidate{User: &entitlement.User{Object: entitlement.Object{ID: me}, UserPrincipalName: "me@example.org", Type: typ, AccountEnabled: true}}
}

func from(c Candidate, organization entitlement.ID, state entitlement.OrganizationState) Candidate {
	c.Organization = &entitlement.ConnectedOrganization{Object: entitlement.Object{ID: organization}, State: state}
	return c
}

func principal(typ entitlement.ServicePrincipalType) Candidate {
	return Candidate{Principal: &entitlement.ServicePrincipal{Object: entitlement.Object{ID: me}, DisplayName: "robot", Type: typ, AccountEnabled: true}}
}

// candidates are all kinds of target; the name says which.
func candidates() map[string]Candidate {
	guest := func() Candidate { return user(entitlement.UserGuest) }
	grouped, ruled := user(entitlement.UserMember), user(entitlement.UserMember)
	grouped.User.ID, grouped.MemberOf = "somebody", map[entitlement.ID]bool{"g": true, "h": false}
	ruled.User.ID, ruled.MatchesRule = "somebody", map[string]bool{"r": true, "s": false}
	odd := user("MEMBER")
	odd.User.ID = "somebody"
	impostor := from(user(entitlement.UserMember), "o", entitlement.OrganizationConfigured)
	impostor.User.ID = "somebody"
	return map[string]Candidate{
		"member": user(entitlement.UserMember), "guest": guest(),
		"guest of a configured one": from(guest(), "o", entitlement.OrganizationConfigured),
		"guest of a proposed one":   from(guest(), "o", entitlement.OrganizationProposed),
		"guest of another":          from(guest(), "p", entitlement.OrganizationConfigured),
		"in the group":              grouped, "meant by the rule": ruled, "of an odd type": odd, "member with an organization": impostor,
		"application": principal(entitlement.PrincipalApplication), "agent": principal(entitlement.PrincipalAgentIdentity),
	}
}

func TestWhomEachScopeLetsIn(t *testing.T) {
	set := func(k entitlement.SubjectSetKind, id entitlement.ID) entitlement.SubjectSet {
		return entitlement.SubjectSet{Kind: k, ID: id}
	}
	guests := []string{"guest", "guest of a configured one", "guest of a proposed one", "guest of another"}
	members := []string{"member", "in the group", "meant by the rule", "member with an organization"}
	var all []string
	for name := range candidates() {
		all = append(all, name)
	}
	for _, tt := range []struct {
		name    string
		scope   entitlement.TargetScope
		targets []entitlement.SubjectSet
		in      []string
		admin   []string // whom an administrator may assign beside
	}{
		{"nobody asks", entitlement.ScopeNotSpecified, nil, nil, all},
		{"everybody", entitlement.ScopeAllDirectoryUsers, nil, append(guests, members...), nil},
		{"members", entitlement.ScopeAllMemberUsers, nil, members, nil},
		{"guests", entitlement.ScopeAllExternalUsers, nil, guests, nil},
		{"configured organizations", entitlement.ScopeAllConfiguredOrganizationUsers, nil, []string{"guest of a configured one", "guest of another"}, nil},
		{"a user", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{set(entitlement.SingleUser, me)}, append([]string{"member"}, guests...), nil},
		{"another user", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{set(entitlement.SingleUser, other)}, nil, nil},
		{"groups", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{set(entitlement.SingleUser, other), set(entitlement.GroupMembers, "g")}, []string{"in the group"}, nil},
		{"another group", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{set(entitlement.GroupMembers, "h"), set(entitlement.GroupMembers, "i")}, nil, nil},
		{"a rule", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: "r"}}, []string{"meant by the rule"}, nil},
		{"another rule", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: "s"}, {Kind: entitlement.AttributeRuleMembers}}, nil, nil},
		{"nobody named", entitlement.ScopeSpecificDirectoryUsers, nil, nil, nil},
		{"kinds that do not belong", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{
			set(entitlement.RequestorManager, me), set(entitlement.SingleServicePrincipal, me), set(entitlement.ConnectedOrganizationMembers, "o"), set("nonsense", me),
		}, nil, nil},
		{"an organization", entitlement.ScopeSpecificConnectedOrganizationUsers, []entitlement.SubjectSet{set(entitlement.ConnectedOrganizationMembers, "o")},
			[]string{"guest of a configured one", "guest of a proposed one"}, nil},
		{"an organization by other kinds", entitlement.ScopeSpecificConnectedOrganizationUsers, []entitlement.SubjectSet{set(entitlement.SingleUser, me), set(entitlement.SingleUser, "o")}, nil, nil},
		{"a service principal", entitlement.ScopeSpecificServicePrincipals, []entitlement.SubjectSet{set(entitlement.SingleServicePrincipal, me)}, []string{"application", "agent"}, nil},
		{"another service principal", entitlement.ScopeSpecificServicePrincipals, []entitlement.SubjectSet{set(entitlement.SingleServicePrincipal, other), set(entitlement.SingleUser, me)}, nil, nil},
		{"service principals", entitlement.ScopeAllServicePrincipals, nil, []string{"application"}, nil},
		{"agents", entitlement.ScopeAllAgentIdentities, nil, []string{"agent"}, nil},
		{"no scope", "", nil, nil, nil},
		{"a scope that is not known", "unknownFutureValue", nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &entitlement.Policy{AllowedTargetScope: tt.scope, SpecificAllowedTargets: tt.targets}
			for _, typ := range []entitlement.RequestType{entitlement.TypeUserAdd, entitlement.TypeOnBehalfAdd, entitlement.TypeUserUpdate, entitlement.TypeSystemAdd, "nonsense"} {
				letsIn(t, p, typ, tt.in)
			}
			letsIn(t, p, entitlement.TypeAdminAdd, append(tt.admin, tt.in...))
		})
	}
}

// letsIn checks that a policy lets in exactly those candidates, and none that is disabled.
func letsIn(t *testing.T, p *entitlement.Policy, typ entitlement.RequestType, want []string) {
	t.Helper()
	cat := &entitlement.Catalog{State: entitlement.CatalogPublished, IsExternallyVisible: true}
	in := make(map[string]bool)
	for _, name := range want {
		in[name] = true
	}
	for name, c := range candidates() {
		err := LetsIn(p, cat, typ, c)
		if (err == nil) != in[name] {
			t.Errorf("%s: %s: %v, want let in: %v", typ, name, err, in[name])
		}
		if err != nil && codeOf(t, err) != entitlement.CodePolicyRequirements {
			t.Errorf("%s: %s: %v", typ, name, err)
		}
		if c.User != nil {
			c.User.AccountEnabled = false
		} else {
			c.Principal.AccountEnabled = false
		}
		if LetsIn(p, cat, typ, c) == nil {
			t.Errorf("%s: %s, whose account is disabled, is let in", typ, name)
		}
	}
	if LetsIn(p, cat, typ, Candidate{}) == nil || LetsIn(p, cat, typ, Candidate{User: user("Member").User, Principal: principal("").Principal}) == nil {
		t.Errorf("%s: nobody, or two at once, are let in", typ)
	}
}

func TestWhatIsNotOfferedIsOnlyAssignedByAdministrators(t *testing.T) {
	for _, tt := range []struct {
		name    string
		state   entitlement.CatalogState
		visible bool
		scope   entitlement.TargetScope
		guest   bool
	}{
		{"published", entitlement.CatalogPublished, false, entitlement.ScopeAllDirectoryUsers, true},
		{"published, not shown outside", entitlement.CatalogPublished, false, entitlement.ScopeAllExternalUsers, false},
		{"shown outside", entitlement.CatalogPublished, true, entitlement.ScopeAllExternalUsers, true},
		{"unpublished", entitlement.CatalogUnpublished, true, entitlement.ScopeAllDirectoryUsers, false},
		{"no state", "", true, entitlement.ScopeAllDirectoryUsers, false},
	} {
		cat := &entitlement.Catalog{State: tt.state, IsExternallyVisible: tt.visible}
		for _, typ := range entitlement.RequestTypes {
			p := &entitlement.Policy{AllowedTargetScope: tt.scope}
			if err := LetsIn(p, cat, typ, user(entitlement.UserGuest)); (err == nil) != (tt.guest || byAdmin(typ)) {
				t.Errorf("%s: %s: %v", tt.name, typ, err)
			}
		}
	}
}

func TestARefusalSaysWhichRuleRefused(t *testing.T) {
	p := &entitlement.Policy{DisplayName: "staff", AllowedTargetScope: entitlement.ScopeAllMemberUsers}
	err := LetsIn(p, &entitlement.Catalog{State: entitlement.CatalogPublished, IsExternallyVisible: true}, entitlement.TypeUserAdd, candidates()["guest of a proposed one"])
	for _, want := range []string{"You don't meet policy requirements to request this entitlement", "'staff'", "allMemberUsers", "'me@example.org'", "Guest", "proposed"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %s", err, want)
		}
	}
}
