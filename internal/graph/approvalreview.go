package graph

import (
	"context"
	"slices"

	"anteroom/internal/entitlement"
)

// review is an approvalStage of one request, as one caller sees it.
type review struct {
	id entitlement.ID
	// run is nil before the turn of the stage comes.
	run  *entitlement.ApprovalRun
	mine bool // the caller may decide it now
	// open says that the caller may know who decided, and why.
	open bool
}

func (r *review) status() entitlement.ApprovalStatus {
	if r.run == nil {
		return entitlement.ApprovalInitializing
	}
	return r.run.Status
}

func (r *review) decision() entitlement.Decision {
	if r.run == nil {
		return entitlement.Decision{}
	}
	return r.run.Decision
}

func (r *review) result() entitlement.ReviewResult {
	if d := r.decision(); d.Result != "" {
		return d.Result
	}
	return entitlement.ReviewNotReviewed
}

func (r *review) justification() string {
	if !r.open {
		return ""
	}
	return r.decision().Justification
}

// writeReviewer writes an identity with the name by which the person signs in: the type is
// an open one.
//
// graph: identity
func writeReviewer(e *encoder, r *review) {
	by := r.decision().By
	if !r.open || by.ObjectID == "" {
		e.null()
		return
	}
	e.open()
	e.key("id").text(string(by.ObjectID))
	e.key("displayName").textOrNull(by.DisplayName)
	e.key("userPrincipalName").textOrNull(by.PrincipalName)
	e.close()
}

// reviewsOf are the stages of the approvals of a page of requests, as the caller sees them.
func reviewsOf(ctx context.Context, c *call, page []*entitlement.Request) (map[*entitlement.Request][]*review, error) {
	shows := false // what the tenant has set is asked for people alone
	if c.actor.Person() && len(page) > 0 {
		var err error
		if shows, err = c.server.engine.ShowsApprovers(ctx, c.actor); err != nil {
			return nil, err
		}
	}
	found := make(map[*entitlement.Request][]*review, len(page))
	for _, r := range page {
		found[r] = reviewsFor(c.actor, r, shows)
	}
	return found, nil
}

// reviewsFor are the stages of one approval. shows is the setting of the tenant.
//
// contract: lifecycle e
func reviewsFor(a entitlement.Actor, r *entitlement.Request, shows bool) []*review {
	p := &r.Progress
	insider := !a.Person() || wasAsked(p, a.ObjectID)
	list := make([]*review, len(p.Plan.Approval))
	for i := range p.Plan.Approval {
		stage := &p.Plan.Approval[i]
		v := &review{id: entitlement.ApprovalStageID(p.Plan.Seed, i), open: insider}
		switch stage.Visibility {
		case entitlement.VisibilityVisible:
			v.open = true
		case entitlement.VisibilityDefault, "":
			v.open = v.open || shows
		}
		for n := range p.Approvals {
			if p.Approvals[n].Stage == i {
				v.run = &p.Approvals[n]
			}
		}
		v.mine = v.run != nil && v.run == p.Approval() && v.run.Status == entitlement.ApprovalInProgress && mayDecide(v.run, a)
		list[i] = v
	}
	return list
}

// mayDecide reports whether the caller is among those who are asked.
func mayDecide(run *entitlement.ApprovalRun, a entitlement.Actor) bool {
	return a.User && a.ObjectID != "" && isAsked(run, a.ObjectID)
}

func isAsked(run *entitlement.ApprovalRun, person entitlement.ID) bool {
	return slices.Contains(run.Approvers, person) || (run.Escalated && slices.Contains(run.Alternates, person))
}

// wasAsked reports whether a person is or was asked about any stage.
func wasAsked(p *entitlement.Progress, person entitlement.ID) bool {
	for i := range p.Approvals {
		if person != "" && isAsked(&p.Approvals[i], person) {
			return true
		}
	}
	return false
}
