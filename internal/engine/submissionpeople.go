package engine

import (
	"context"
	"errors"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// findApprovers finds the people whom the collections of a stage of approval mean for the
// request, without those who may not decide on it.
func (e *Engine) findApprovers(ctx context.Context, tx *store.Tx, stage *entitlement.ApprovalStage, r *entitlement.Request) (entitlement.FoundApprovers, error) {
	p := &people{Engine: e, ctx: ctx, tx: tx, requestor: r.RequestorID, target: r.TargetID}
	var found entitlement.FoundApprovers
	for _, c := range []struct {
		sets []entitlement.SubjectSet
		to   *[]entitlement.ID
	}{
		{stage.Primary, &found.Primary}, {stage.FallbackPrimary, &found.FallbackPrimary},
		{stage.Alternates, &found.Alternates}, {stage.FallbackAlternates, &found.FallbackAlternates},
	} {
		for _, set := range c.sets {
			ids, err := p.meant(set)
			if err != nil {
				return entitlement.FoundApprovers{}, err
			}
			*c.to = append(*c.to, ids...)
		}
	}
	return rules.Approvers(found, r.RequestorID, r.TargetID), nil
}

// people finds who is meant by subject sets, for one request: users whose accounts are
// enabled.
type people struct {
	*Engine
	ctx               context.Context
	tx                *store.Tx
	requestor, target entitlement.ID
}

// meant lists the people whom a subject set means. A kind that means no single people
// means nobody.
//
// graph: subjectSet and the types derived from it
func (p *people) meant(set entitlement.SubjectSet) ([]entitlement.ID, error) {
	switch set.Kind {
	case entitlement.SingleUser:
		return p.enabled([]entitlement.ID{set.ID})
	case entitlement.GroupMembers:
		// Two more than are asked: the requestor and the target are not.
		return p.Directory.Members(p.ctx, p.tx, set.ID, entitlement.MaxApprovers+2)
	case entitlement.RequestorManager:
		return p.manager(p.requestor, set.ManagerLevel)
	case entitlement.TargetManager:
		return p.manager(p.target, set.ManagerLevel)
	case entitlement.TargetUserSponsors, entitlement.InternalSponsors, entitlement.ExternalSponsors:
		return p.sponsors(set.Kind)
	case entitlement.TargetApplicationOwners, entitlement.TargetAgentSponsorsOrOwners:
		return p.owners(set.Kind)
	}
	return nil, nil
}

// manager is who is so many managers above the user.
func (p *people) manager(of entitlement.ID, level int) ([]entitlement.ID, error) {
	if of == "" || level < 1 {
		return nil, nil
	}
	m, err := p.Directory.ManagerOf(p.ctx, p.tx, of, level)
	if errors.Is(err, store.ErrNotFound) || (err == nil && !m.AccountEnabled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []entitlement.ID{m.ID}, nil
}

// sponsors are those of the target, or of the connected organization that it belongs to.
func (p *people) sponsors(kind entitlement.SubjectSetKind) ([]entitlement.ID, error) {
	u, err := p.Directory.User(p.ctx, p.tx, p.target)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if kind == entitlement.TargetUserSponsors {
		return p.enabled(u.Sponsors)
	}
	o, err := p.Directory.OrganizationOf(p.ctx, p.tx, u)
	switch {
	case err != nil || o == nil:
		return nil, err
	case kind == entitlement.InternalSponsors:
		return p.enabled(o.InternalSponsors)
	}
	return p.enabled(o.ExternalSponsors)
}

// owners are the people who answer for a service principal: the owners of an application,
// the sponsors and the owners of an agent identity.
func (p *people) owners(kind entitlement.SubjectSetKind) ([]entitlement.ID, error) {
	sp, err := p.Directory.ServicePrincipal(p.ctx, p.tx, p.target)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case kind == entitlement.TargetApplicationOwners:
		return p.enabled(sp.Owners)
	case sp.Type != entitlement.PrincipalAgentIdentity:
		return nil, nil
	}
	return p.enabled(append(slices.Clone(sp.Sponsors), sp.Owners...))
}

// enabled leaves out who is no user, or whose account is disabled.
func (p *people) enabled(ids []entitlement.ID) ([]entitlement.ID, error) {
	var may []entitlement.ID
	for _, id := range ids {
		u, err := p.Directory.User(p.ctx, p.tx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case u.AccountEnabled:
			may = append(may, id)
		}
	}
	return may, nil
}

// onBehalf reports whether the policy lists the signed-in user among those who may ask for
// the target. Nobody is listed for themselves.
func (s *submission) onBehalf(p *entitlement.Policy) (bool, error) {
	target := s.targetID()
	if s.me == nil || target == "" || s.me.ID == target || p.RequestorSettings == nil {
		return false, nil
	}
	who := &people{Engine: s.Engine, ctx: s.ctx, tx: s.tx, requestor: s.me.ID, target: target}
	for _, set := range p.RequestorSettings.OnBehalfRequestors {
		if is, err := who.includes(set, s.me); is || err != nil {
			return is, err
		}
	}
	return false, nil
}

// targetID is the id of the target, empty where the directory does not have it.
func (s *submission) targetID() entitlement.ID {
	switch {
	case s.target.User != nil:
		return s.target.User.ID
	case s.target.Principal != nil:
		return s.target.Principal.ID
	}
	return ""
}

// includes reports whether a subject set means the user.
func (p *people) includes(set entitlement.SubjectSet, u *entitlement.User) (bool, error) {
	switch set.Kind {
	case entitlement.GroupMembers:
		in, err := p.Directory.MemberOf(p.ctx, p.tx, u.ID, []entitlement.ID{set.ID})
		return in[set.ID], err
	case entitlement.AttributeRuleMembers:
		matches, err := p.Directory.Matches(u, set.Rule)
		return matches && err == nil, nil // a rule that cannot be read means nobody
	case entitlement.ConnectedOrganizationMembers:
		o, err := p.Directory.OrganizationOf(p.ctx, p.tx, u)
		return o != nil && o.ID == set.ID, err
	case entitlement.RequestorManager:
		return false, nil // who asks is not their own manager
	}
	ids, err := p.meant(set)
	return slices.Contains(ids, u.ID), err
}
