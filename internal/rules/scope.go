package rules

import (
	"slices"

	"anteroom/internal/entitlement"
)

// Candidate is who is to be given access, and what the directory says of them: a user, or
// a service principal.
type Candidate struct {
	User      *entitlement.User
	Principal *entitlement.ServicePrincipal
	// Organization is the connected organization that a guest belongs to, nil for none.
	Organization *entitlement.ConnectedOrganization
	// MemberOf holds the ids of those groups named by the policy that the user belongs to,
	// MatchesRule those of its membership rules that match the user.
	MemberOf    map[entitlement.ID]bool
	MatchesRule map[string]bool
}

// Name is what a message calls the candidate.
func (c Candidate) Name() string {
	switch {
	case c.User != nil:
		return c.User.UserPrincipalName
	case c.Principal != nil:
		return c.Principal.DisplayName
	}
	return ""
}

func (c Candidate) guest() bool  { return c.User != nil && c.User.Type == entitlement.UserGuest }
func (c Candidate) member() bool { return c.User != nil && c.User.Type == entitlement.UserMember }

// LetsIn returns nil when the policy, which is of a package of the catalog, lets the
// candidate have access by a request of the type. A refusal says which rule refused.
//
// contract: catalogs 5 (allowedTargetScope)
func LetsIn(p *entitlement.Policy, cat *entitlement.Catalog, t entitlement.RequestType, c Candidate) error {
	switch {
	case (c.User == nil) == (c.Principal == nil):
		return refuse("it is not known who is meant.")
	case c.User != nil && !c.User.AccountEnabled, c.Principal != nil && !c.Principal.AccountEnabled:
		return refuse("the account of '%s' is disabled.", c.Name())
	}
	if err := inScope(p, t, c); err != nil || byAdmin(t) {
		return err
	}
	return offers(cat, p)
}

// offers returns nil when packages of the catalog are offered to those whom the policy is
// for. Administrators assign regardless. A policy for people outside is of use only in a
// catalog that shows itself to them; for all others guests of the directory are inside.
//
// contract: catalogs 3 (isExternallyVisible), 5
func offers(cat *entitlement.Catalog, p *entitlement.Policy) error {
	switch {
	case cat.State != entitlement.CatalogPublished:
		return refuseAt(atPackage, "catalog '%s' is not published, so that only administrators assign its access packages.", cat.DisplayName)
	case outside(p.AllowedTargetScope) && !cat.IsExternallyVisible:
		return refuse("policy '%s' is for people outside (allowedTargetScope is %s), and catalog '%s' is not offered to them (isExternallyVisible is false).",
			p.DisplayName, p.AllowedTargetScope, cat.DisplayName)
	}
	return nil
}

// outside reports whether a scope means people of other organisations.
func outside(s entitlement.TargetScope) bool {
	return s == entitlement.ScopeSpecificConnectedOrganizationUsers || s == entitlement.ScopeAllConfiguredOrganizationUsers || s == entitlement.ScopeAllExternalUsers
}

// scope says whom one member of allowedTargetScope means. A scope of users never lets a
// service principal in, nor the other way round.
type scope struct {
	tier  int
	lets  func(*entitlement.Policy, Candidate) bool
	whose string // for whom it is, in words
}

// Tiers of scopes, the narrowest first: where several policies let a target in, the one of
// the narrowest tier counts.
//
// contract: catalogs 4, lifecycle f
const (
	tierNamed = iota + 1
	tierMembers
	tierDirectory
	tierOutside
	tierAdministrators
)

var scopes = map[entitlement.TargetScope]scope{
	entitlement.ScopeSpecificDirectoryUsers:             {tierNamed, namesUser, "for named users, members of named groups and whom a named rule means (specificAllowedTargets)"},
	entitlement.ScopeSpecificConnectedOrganizationUsers: {tierNamed, namesOrganization, "for guests of named connected organizations (specificAllowedTargets)"},
	entitlement.ScopeSpecificServicePrincipals:          {tierNamed, namesPrincipal, "for named service principals (specificAllowedTargets)"},
	entitlement.ScopeAllMemberUsers:                     {tierMembers, func(_ *entitlement.Policy, c Candidate) bool { return c.member() }, "for members of the organisation, not for guests"},
	entitlement.ScopeAllDirectoryUsers:                  {tierDirectory, func(_ *entitlement.Policy, c Candidate) bool { return c.member() || c.guest() }, "for members and guests of the directory"},
	entitlement.ScopeAllServicePrincipals:               {tierDirectory, func(_ *entitlement.Policy, c Candidate) bool { return c.Principal != nil && !agent(c) }, "for service principals that are no agent identities"},
	entitlement.ScopeAllAgentIdentities:                 {tierDirectory, func(_ *entitlement.Policy, c Candidate) bool { return agent(c) }, "for agent identities"},
	entitlement.ScopeAllConfiguredOrganizationUsers:     {tierOutside, configured, "for guests of configured connected organizations"},
	entitlement.ScopeAllExternalUsers:                   {tierOutside, func(_ *entitlement.Policy, c Candidate) bool { return c.guest() }, "for guests"},
	entitlement.ScopeNotSpecified:                       {tierAdministrators, nil, ""},
}

func inScope(p *entitlement.Policy, t entitlement.RequestType, c Candidate) error {
	s, known := scopes[p.AllowedTargetScope]
	switch {
	case !known:
		return refuse("policy '%s' has allowedTargetScope '%s', which this server does not enforce.", p.DisplayName, p.AllowedTargetScope)
	case s.lets == nil && byAdmin(t):
		return nil
	case s.lets == nil:
		return refuse("policy '%s' lets nobody ask (allowedTargetScope is notSpecified); an administrator can assign directly.", p.DisplayName)
	case s.lets(p, c):
		return nil
	}
	return refuse("policy '%s' is %s: its allowedTargetScope is '%s', and %s is not among them.", p.DisplayName, s.whose, p.AllowedTargetScope, describe(c))
}

// describe says of a candidate what scopes tell people apart by.
func describe(c Candidate) string {
	switch {
	case c.Principal != nil:
		return "service principal '" + c.Name() + "' (servicePrincipalType '" + string(c.Principal.Type) + "')"
	case c.guest() && c.Organization != nil:
		return "'" + c.Name() + "' (userType 'Guest', of the connected organization '" + c.Organization.DisplayName + "', which is " + string(c.Organization.State) + ")"
	case c.guest():
		return "'" + c.Name() + "' (userType 'Guest', of no connected organization)"
	}
	return "'" + c.Name() + "' (userType '" + string(c.User.Type) + "')"
}

func agent(c Candidate) bool {
	return c.Principal != nil && c.Principal.Type == entitlement.PrincipalAgentIdentity
}

func configured(_ *entitlement.Policy, c Candidate) bool {
	return c.guest() && c.Organization != nil && c.Organization.State == entitlement.OrganizationConfigured
}

func namesUser(p *entitlement.Policy, c Candidate) bool {
	return c.User != nil && slices.ContainsFunc(p.SpecificAllowedTargets, func(s entitlement.SubjectSet) bool {
		switch s.Kind {
		case entitlement.SingleUser:
			return s.ID == c.User.ID
		case entitlement.GroupMembers:
			return c.MemberOf[s.ID]
		case entitlement.AttributeRuleMembers:
			return s.Rule != "" && c.MatchesRule[s.Rule]
		}
		return false
	})
}

func namesOrganization(p *entitlement.Policy, c Candidate) bool {
	return c.guest() && c.Organization != nil && slices.ContainsFunc(p.SpecificAllowedTargets, func(s entitlement.SubjectSet) bool {
		return s.Kind == entitlement.ConnectedOrganizationMembers && s.ID == c.Organization.ID
	})
}

func namesPrincipal(p *entitlement.Policy, c Candidate) bool {
	return c.Principal != nil && slices.ContainsFunc(p.SpecificAllowedTargets, func(s entitlement.SubjectSet) bool {
		return s.Kind == entitlement.SingleServicePrincipal && s.ID == c.Principal.ID
	})
}
