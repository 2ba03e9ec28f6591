package rules

import (
	"slices"

	"anteroom/internal/entitlement"
)

// ApprovalOf returns the stages of approval that the request has to pass. updates says that
// it changes an assignment. Nobody approves a removal, nor what the server itself asks.
//
// contract: lifecycle a.2 (also a direct assignment is approved), a.3
func ApprovalOf(p *entitlement.Policy, t entitlement.RequestType, updates bool) ([]entitlement.ApprovalStage, error) {
	s := p.ApprovalSettings
	if t.Removes() || BySystem(t) || s == nil {
		return nil, nil
	}
	required := (updates && on(s.IsApprovalRequiredForUpdate)) || (!updates && on(s.IsApprovalRequiredForAdd))
	if required && len(s.Stages) == 0 {
		return nil, refuseAt(atPolicy, "policy '%s' requires approval and says nothing of who approves; an administrator has to correct it.", p.DisplayName)
	}
	return slices.Clone(s.StagesFor(updates)), nil
}

// Approvers cuts the people who were found for a stage of approval down to those who may
// be asked: nobody decides on what they asked for or what gives access to themselves. Each
// list holds each person once, and no more of them than a stage may ask.
//
// contract: lifecycle e
func Approvers(found entitlement.FoundApprovers, requestor, target entitlement.ID) entitlement.FoundApprovers {
	cut := func(people []entitlement.ID) []entitlement.ID {
		var may []entitlement.ID
		for _, id := range people {
			if id != "" && id != requestor && id != target && !slices.Contains(may, id) && len(may) < entitlement.MaxApprovers {
				may = append(may, id)
			}
		}
		return may
	}
	return entitlement.FoundApprovers{
		Primary: cut(found.Primary), FallbackPrimary: cut(found.FallbackPrimary),
		Alternates: cut(found.Alternates), FallbackAlternates: cut(found.FallbackAlternates),
	}
}

// asked reports whether the person is asked, or was asked, to approve the request.
func asked(r *entitlement.Request, person entitlement.ID) bool {
	return slices.ContainsFunc(r.Progress.Approvals, func(run entitlement.ApprovalRun) bool {
		return slices.Contains(run.Approvers, person) || (run.Escalated && slices.Contains(run.Alternates, person))
	})
}

// MayReprocess returns nil when the actor may take the request up again that failed.
//
// contract: lifecycle d.2
func MayReprocess(a entitlement.Actor, r *entitlement.Request) error {
	if !sees(a, r) {
		return entitlement.NotFound(string(Requests), r.ID)
	}
	return Manages(a)
}
