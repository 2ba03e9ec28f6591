package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// MaxPolicies is how many policies a tenant may have (graph: governance service limits).
const MaxPolicies = 25000

// CreatePolicy stores a new policy of an existing package.
func (e *Engine) CreatePolicy(ctx context.Context, by entitlement.Actor, p *entitlement.Policy) error {
	return e.manage(ctx, by, func(ed *edit) error {
		p.ID = ed.NewID()
		if err := ed.checkPolicy(p); err != nil {
			return err
		}
		if err := underLimit(ed, ed.tx.Policies, nil, MaxPolicies, "policies in a tenant"); err != nil {
			return err
		}
		return insert(ed, ed.tx.Policies, rules.Policies, p)
	})
}

// ReplacePolicy puts a new policy in the place of one, which keeps its id, its package
// and the time of its making.
func (e *Engine) ReplacePolicy(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.Policy) error) (p *entitlement.Policy, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		p, err = update(ed, ed.tx.Policies, rules.Policies, id, func(p *entitlement.Policy) error {
			pkg, meta := p.PackageID, p.Object
			if err := change(p); err != nil {
				return err
			}
			if p.Object = meta; p.PackageID != pkg {
				return entitlement.Invalid("accessPackage", "A policy cannot be moved to another access package; this one belongs to '%s'.", pkg)
			}
			return ed.checkPolicy(p)
		})
		return err
	})
	return p, err
}

// DeletePolicy removes a policy that no assignment and no open request hangs on.
func (e *Engine) DeletePolicy(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		of := query.Equal("assignmentPolicy/id", string(id))
		live := query.Both(of, query.Equal("live", true))
		if err := unused(ed, ed.tx.Assignments, live, "assignmentPolicy", "active assignments", "Remove them with requests of type adminRemove first."); err != nil {
			return err
		}
		open := query.Both(of, query.Equal("open", true))
		if err := unused(ed, ed.tx.Requests, open, "assignmentPolicy", "open requests", "Wait until they are finished, or cancel them."); err != nil {
			return err
		}
		return remove(ed, ed.tx.Policies, rules.Policies, id)
	})
}

// checkPolicy checks the policy and everything that it refers to, and fills in what the
// server decides: the catalog and the ids of its stage settings.
func (ed *edit) checkPolicy(p *entitlement.Policy) error {
	if err := p.Validate(); err != nil {
		return err
	}
	pkg, err := get(ed, ed.tx.Packages, rules.Packages, p.PackageID)
	if err != nil {
		return err
	}
	p.CatalogID = pkg.CatalogID
	for _, s := range p.SpecificAllowedTargets {
		if err := ed.checkSubject(s); err != nil {
			return err
		}
	}
	for i := range p.StageSettings {
		if err := ed.checkStageSetting(p, &p.StageSettings[i]); err != nil {
			return err
		}
	}
	return nil
}

func (ed *edit) checkSubject(s entitlement.SubjectSet) error {
	var err error
	switch s.Kind {
	case entitlement.SingleUser:
		_, err = ed.Directory.User(ed.ctx, ed.tx, s.ID)
	case entitlement.GroupMembers:
		_, err = ed.tx.Groups.Get(ed.ctx, s.ID)
	default:
		return entitlement.Unsupported("specificAllowedTargets", "Entries of type '%s' are not enforced by this server yet; use singleUser or groupMembers.", s.Kind)
	}
	if errors.Is(err, store.ErrNotFound) {
		return entitlement.Invalid("specificAllowedTargets", "specificAllowedTargets names a %s '%s' that is not in the directory.", s.Kind, s.ID)
	}
	return err
}

func (ed *edit) checkStageSetting(p *entitlement.Policy, s *entitlement.StageSetting) error {
	const target = "customExtensionStageSettings"
	if s.ID == "" {
		s.ID = ed.NewID()
	}
	switch s.Stage {
	case entitlement.StageCreated, entitlement.StageApproved, entitlement.StageGranted, entitlement.StageRemoved:
	default:
		return entitlement.Unsupported(target, "Stage '%s' is not served by this server yet, so it is not stored. It can be %s.",
			s.Stage, entitlement.EnumWords(entitlement.RequestStages))
	}
	x, err := ed.tx.Extensions.Get(ed.ctx, s.ExtensionID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return entitlement.Invalid(target, "There is no custom extension '%s'.", s.ExtensionID)
	case err != nil:
		return err
	case x.CatalogID != p.CatalogID:
		return entitlement.Invalid(target, "Custom extension '%s' is in another catalog than the access package; an extension serves policies of its own catalog only.", x.DisplayName)
	case x.Kind != entitlement.RequestExtension:
		return entitlement.Invalid(target, "Custom extension '%s' is of type %s, which does not serve stage '%s'; use one of type %s.",
			x.DisplayName, x.Kind, s.Stage, entitlement.RequestExtension)
	}
	return nil
}
