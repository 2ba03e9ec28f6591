package engine

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// MaxPolicies is how many policies a tenant may have (graph: governance service limits).
const MaxPolicies = 25000

// CreatePolicy stores a new policy of an existing package. An automatic one is applied to
// everybody afterwards.
func (e *Engine) CreatePolicy(ctx context.Context, by entitlement.Actor, p *entitlement.Policy) error {
	var jobs []store.Job
	err := e.manage(ctx, by, func(ed *edit) (err error) {
		p.ID = ed.NewID()
		if err := ed.checkPolicy(p); err != nil {
			return err
		}
		if err := underLimit(ed, ed.tx.Policies, nil, MaxPolicies, "policies in a tenant"); err != nil {
			return err
		}
		if err := insert(ed, ed.tx.Policies, rules.Policies, p); err != nil {
			return err
		}
		jobs, err = ed.policyChanged(p)
		return err
	})
	if err == nil {
		e.OnJobs(jobs)
	}
	return err
}

// ReplacePolicy puts a new policy in the place of one, which keeps its id, its package
// and the time of its making. An automatic one is applied to everybody afterwards.
func (e *Engine) ReplacePolicy(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.Policy) error) (p *entitlement.Policy, err error) {
	var jobs []store.Job
	err = e.manage(ctx, by, func(ed *edit) error {
		p, err = update(ed, ed.tx.Policies, rules.Policies, id, func(p *entitlement.Policy) error {
			pkg, meta, automatic := p.PackageID, p.Object, p.Automatic != nil
			if err := change(p); err != nil {
				return err
			}
			if p.Object = meta; p.PackageID != pkg {
				return entitlement.Invalid("accessPackage", "A policy cannot be moved to another access package; this one belongs to '%s'.", pkg)
			}
			if err := keepsKind(automatic, p); err != nil {
				return err
			}
			return ed.checkPolicy(p)
		})
		if err != nil {
			return err
		}
		jobs, err = ed.policyChanged(p)
		return err
	})
	if err == nil {
		e.OnJobs(jobs)
	}
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
