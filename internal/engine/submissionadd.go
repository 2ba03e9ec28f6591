package engine

import (
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// add fills in who is to be given what, and returns the policy that lets them have it.
func (s *submission) add(r *entitlement.Request) (*entitlement.Policy, error) {
	if s.order.AssignmentID != "" {
		return nil, entitlement.Invalid("assignment/id", "assignment.id names an assignment that exists; leave it out of %s, which makes one.", s.order.Type)
	}
	if s.order.TargetID == "" {
		return nil, entitlement.Invalid("assignment/targetId", "assignment.targetId (or assignment.target.objectId) is required for %s: the object id of a user or a service principal in the directory.", s.order.Type)
	}
	found, err := s.findTarget(s.order.TargetID)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, entitlement.Invalid("assignment/targetId", "There is no user or service principal '%s' in the directory.", s.order.TargetID)
	}
	pkg, err := s.orderedPackage()
	if err != nil {
		return nil, err
	}
	s.pkg = pkg
	p, err := s.policyFor(pkg)
	if err != nil {
		return nil, err
	}
	if err := s.propose(p); err != nil {
		return nil, err
	}
	r.Progress.Plan.PackageName = pkg.DisplayName
	r.PackageID, r.TargetID, r.Target, r.AssignmentID = pkg.ID, s.order.TargetID, s.subject(), s.NewID()
	if r.RequestorID == r.TargetID {
		r.Requestor = r.Target
	}
	if err := s.noneOpen(pkg.ID, r.TargetID); err != nil {
		return nil, err
	}
	if err := s.renews(r, p); err != nil {
		return nil, err
	}
	return p, s.conflictOf(s.ctx, s.tx, pkg.ID, r.TargetID)
}

// propose makes a proposed connected organization of a guest's mail domain, where a policy
// for everybody outside lets in the first one of an organization that nobody has heard of.
//
// contract: catalogs 5 (allExternalUsers), 8
func (s *submission) propose(p *entitlement.Policy) error {
	u := s.target.User
	if p.AllowedTargetScope != entitlement.ScopeAllExternalUsers || u == nil || u.Type != entitlement.UserGuest || s.target.Organization != nil || u.Domain() == "" {
		return nil
	}
	o := &entitlement.ConnectedOrganization{
		DisplayName: u.Domain(), State: entitlement.OrganizationProposed,
		IdentitySources: []entitlement.IdentitySource{{Kind: entitlement.SourceDomain, DisplayName: u.Domain(), Key: u.Domain()}},
	}
	server := s.edit
	server.by = entitlement.System(s.by.Tenant)
	if err := underLimit(&server, s.tx.Organizations, nil, MaxOrganizations, "connected organizations in a tenant"); err != nil {
		return err
	}
	s.target.Organization = o
	return insert(&server, s.tx.Organizations, rules.ConnectedOrganizations, o)
}

// findTarget looks up who the request is about, and reports whether the directory has them.
func (s *submission) findTarget(id entitlement.ID) (bool, error) {
	u, err := s.Directory.User(s.ctx, s.tx, id)
	if err == nil {
		s.target.User = u
		s.target.Organization, err = s.Directory.OrganizationOf(s.ctx, s.tx, u)
		return true, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	principal, err := s.Directory.ServicePrincipal(s.ctx, s.tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	s.target.Principal = principal
	return err == nil, err
}

// subject describes the target as they are now.
func (s *submission) subject() entitlement.Subject {
	if p := s.target.Principal; p != nil {
		return entitlement.Subject{ObjectID: p.ID, Type: entitlement.SubjectServicePrincipal, DisplayName: p.DisplayName}
	}
	subject := subjectOf(s.target.User)
	if o := s.target.Organization; o != nil {
		subject.ConnectedOrganizationID = o.ID
	}
	return subject
}

func (s *submission) orderedPackage() (*entitlement.Package, error) {
	if s.order.PackageID == "" {
		return nil, entitlement.Invalid("assignment/accessPackageId", "assignment.accessPackageId (or assignment.accessPackage.id) is required.")
	}
	pkg, err := get(&s.edit, s.tx.Packages, rules.Packages, s.order.PackageID)
	if err == nil {
		s.catalog, err = get(&s.edit, s.tx.Catalogs, rules.Catalogs, pkg.CatalogID)
	}
	return pkg, err
}

// policyFor returns the policy that the order names, or the one that it means.
func (s *submission) policyFor(pkg *entitlement.Package) (*entitlement.Policy, error) {
	if s.order.PolicyID != "" {
		p, err := get(&s.edit, s.tx.Policies, rules.Policies, s.order.PolicyID)
		if err != nil {
			return nil, err
		}
		if p.PackageID != pkg.ID {
			return nil, entitlement.Invalid("assignment/assignmentPolicyId", "Policy '%s' does not belong to access package '%s'.", p.ID, pkg.ID)
		}
		return p, s.letsThrough(p)
	}
	policies, err := s.tx.Policies.List(s.ctx, query.Query{Filter: query.Equal("accessPackage/id", string(pkg.ID))})
	if err != nil {
		return nil, err
	}
	verdicts := make([]rules.Verdict, len(policies))
	for i, p := range policies {
		err := s.letsThrough(p)
		var refusal *entitlement.Error
		if err != nil && !errors.As(err, &refusal) {
			return nil, err
		}
		verdicts[i] = rules.Verdict{Policy: p, Refusal: err}
	}
	return rules.Choose(pkg, verdicts)
}

// letsThrough returns nil when the policy lets the caller ask, and the target in.
func (s *submission) letsThrough(p *entitlement.Policy) error {
	onBehalf := false
	if s.order.Type == entitlement.TypeOnBehalfAdd {
		var err error
		if onBehalf, err = s.onBehalf(p); err != nil {
			return err
		}
	}
	if err := rules.MayAsk(p, s.order.Type, onBehalf); err != nil {
		return err
	}
	return s.letsIn(p)
}

// letsIn returns nil when the policy lets the target in.
func (s *submission) letsIn(p *entitlement.Policy) error {
	c := s.target
	if c.User != nil && p.AllowedTargetScope == entitlement.ScopeSpecificDirectoryUsers {
		c.MatchesRule = make(map[string]bool)
		var groups []entitlement.ID
		for _, t := range p.SpecificAllowedTargets {
			switch t.Kind {
			case entitlement.GroupMembers:
				groups = append(groups, t.ID)
			case entitlement.AttributeRuleMembers:
				// A rule that cannot be read means nobody.
				matches, err := s.Directory.Matches(c.User, t.Rule)
				c.MatchesRule[t.Rule] = matches && err == nil
			}
		}
		if len(groups) > 0 {
			var err error
			if c.MemberOf, err = s.Directory.MemberOf(s.ctx, s.tx, c.User.ID, groups); err != nil {
				return err
			}
		}
	}
	return rules.LetsIn(p, s.catalog, s.order.Type, c)
}
