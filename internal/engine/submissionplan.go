package engine

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
)

// freeze puts into the plan what the policy says now: later edits do not move the request.
func (s *submission) freeze(plan *entitlement.Plan, p *entitlement.Policy) error {
	t := s.order.Type
	plan.Quiet = rules.Quiet(t)
	plan.NotificationDisabled = p.NotificationDisabled != nil && *p.NotificationDisabled
	plan.Automatic = t == entitlement.TypeSystemAdd
	if !plan.Removes {
		plan.Schedule, plan.Expiration = s.order.Schedule, p.Expiration
	}
	var err error
	if plan.Approval, err = rules.ApprovalOf(p, t, plan.Updates); err != nil {
		return err
	}
	return s.freezeCallouts(plan, p)
}

// freezeCallouts freezes which extensions the request will call, and how.
func (s *submission) freezeCallouts(plan *entitlement.Plan, p *entitlement.Policy) error {
	var determines entitlement.ID // the extension of dynamic stages that name none
	for _, setting := range p.StageSettings {
		if setting.Stage == entitlement.StageDetermining && determines == "" {
			determines = setting.ExtensionID
		}
		if calls(plan, setting.Stage) {
			if err := s.freezeCallout(plan, setting.Stage, setting.ExtensionID, 0); err != nil {
				return err
			}
		}
	}
	for i, stage := range plan.Approval {
		extension := stage.ExtensionID
		if extension == "" {
			extension = determines
		}
		if !stage.Dynamic || extension == "" {
			continue // a dynamic stage that nobody determines is not passed: package lifecycle
		}
		if err := s.freezeCallout(plan, entitlement.StageDetermining, extension, i); err != nil {
			return err
		}
	}
	return nil
}

// calls reports whether a request with the plan comes by the stage, or the assignment that
// it makes.
//
// contract: lifecycle a.2, a.3
func calls(plan *entitlement.Plan, stage entitlement.Stage) bool {
	switch stage {
	case entitlement.StageRemoved:
		return plan.Removes
	case entitlement.StageCreated:
		return !plan.Removes
	case entitlement.StageApproved:
		return !plan.Removes && (!plan.Updates || len(plan.Approval) > 0)
	case entitlement.StageGranted, entitlement.StageFourteenDays, entitlement.StageOneDay:
		return !plan.Removes && !plan.Updates
	}
	return false
}

func (s *submission) freezeCallout(plan *entitlement.Plan, stage entitlement.Stage, extension entitlement.ID, approval int) error {
	x, err := s.tx.Extensions.Get(s.ctx, extension)
	if err != nil {
		return err
	}
	plan.Callouts = append(plan.Callouts, entitlement.PlannedCallout{
		Stage: stage, ExtensionID: x.ID, ExtensionName: x.DisplayName, URL: x.Endpoint.URL,
		Timeout: x.Timeout(), Retries: x.Retries(), CallbackTimeout: x.CallbackTimeout, ApprovalStage: approval,
	})
	return nil
}
