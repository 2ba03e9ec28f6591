package entitlement

import (
	"slices"
	"strconv"
)

// targetKinds are the kinds of entry that specificAllowedTargets may hold, by scope. A scope
// that is not listed names nobody.
var targetKinds = map[TargetScope][]SubjectSetKind{
	ScopeSpecificDirectoryUsers:             {SingleUser, GroupMembers, AttributeRuleMembers},
	ScopeSpecificConnectedOrganizationUsers: {ConnectedOrganizationMembers},
	ScopeSpecificServicePrincipals:          {SingleServicePrincipal},
}

func (p *Policy) validateScope() error {
	if p.AllowedTargetScope == "" {
		return Invalid("allowedTargetScope", "allowedTargetScope is required: %s.", EnumWords(TargetScopes))
	}
	if !slices.Contains(TargetScopes, p.AllowedTargetScope) {
		return Invalid("allowedTargetScope", "allowedTargetScope '%s' is not known; it can be %s.", p.AllowedTargetScope, EnumWords(TargetScopes))
	}
	kinds, named := targetKinds[p.AllowedTargetScope]
	switch {
	case named && len(p.SpecificAllowedTargets) == 0:
		return Invalid("specificAllowedTargets", "allowedTargetScope '%s' needs at least one entry in specificAllowedTargets.", p.AllowedTargetScope)
	case !named && len(p.SpecificAllowedTargets) > 0:
		return Invalid("specificAllowedTargets", "specificAllowedTargets must be empty when allowedTargetScope is '%s'; use 'specificDirectoryUsers' to name users and groups.", p.AllowedTargetScope)
	}
	most := MaxAllowedTargets
	if p.AllowedTargetScope == ScopeSpecificConnectedOrganizationUsers {
		most = MaxAllowedOrganizations
	}
	return validateSets("specificAllowedTargets", p.SpecificAllowedTargets, most, kinds)
}

func (p *Policy) validateRequestors() error {
	s := p.RequestorSettings
	if s == nil {
		return nil
	}
	onBehalf := is(s.EnableOnBehalfRequestorsToAddAccess) || is(s.EnableOnBehalfRequestorsToUpdateAccess) || is(s.EnableOnBehalfRequestorsToRemoveAccess)
	if onBehalf && len(s.OnBehalfRequestors) == 0 {
		return Invalid("requestorSettings/onBehalfRequestors", "Requests on behalf of others are enabled, but onBehalfRequestors names nobody who may make them.")
	}
	return validateSets("requestorSettings/onBehalfRequestors", s.OnBehalfRequestors, MaxApproverSets, OnBehalfKinds)
}

func (p *Policy) validateApproval() error {
	const at = "requestApprovalSettings/stages"
	s := p.ApprovalSettings
	if s == nil {
		s = new(ApprovalSettings)
	}
	required := is(s.IsApprovalRequiredForAdd) || is(s.IsApprovalRequiredForUpdate)
	switch {
	case required && len(s.Stages) == 0:
		return Invalid(at, "Approval is required, but there is no stage: a policy has 1 to %d.", MaxApprovalStages)
	case len(s.Stages) > MaxApprovalStages:
		return Invalid(at, "There are %d stages; the most is %d.", len(s.Stages), MaxApprovalStages)
	}
	determining := slices.ContainsFunc(p.StageSettings, func(s StageSetting) bool { return s.Stage == StageDetermining })
	dynamic := false
	for i := range s.Stages {
		st := &s.Stages[i]
		at := at + "[" + strconv.Itoa(i) + "]"
		if err := st.validate(at); err != nil {
			return err
		}
		if st.Dynamic && st.ExtensionID == "" && !determining {
			return Invalid(at+"/customExtension", "A dynamic stage needs the extension that determines it: in customExtension, or in customExtensionStageSettings with stage '%s'.", StageDetermining)
		}
		dynamic = dynamic || st.Dynamic
	}
	if determining && !dynamic {
		return Invalid("customExtensionStageSettings", "Stage '%s' is bound, but no stage of the approval is an accessPackageDynamicApprovalStage.", StageDetermining)
	}
	return nil
}

func (p *Policy) validateAutomatic() error {
	rules := 0
	for _, s := range p.SpecificAllowedTargets {
		if s.Kind == AttributeRuleMembers {
			rules++
		}
	}
	a := p.Automatic
	if a == nil {
		return nil
	}
	const at = "automaticRequestSettings"
	if p.AllowedTargetScope != ScopeSpecificDirectoryUsers || rules != 1 || len(p.SpecificAllowedTargets) != 1 {
		return Invalid("specificAllowedTargets", "An automatic assignment policy has allowedTargetScope 'specificDirectoryUsers' and exactly one entry in specificAllowedTargets, of type attributeRuleMembers.")
	}
	if g := a.GracePeriod; g != nil && (*g < 0 || *g > MaxGracePeriod) {
		return Invalid(at+"/gracePeriodBeforeAccessRemoval", "gracePeriodBeforeAccessRemoval is %s; it must be between PT0S and %s.", FormatDuration(*g), FormatDuration(MaxGracePeriod))
	}
	if len(p.ApprovalSettings.StagesFor(false)) > 0 {
		return Invalid("requestApprovalSettings", "An automatic assignment policy cannot require approval: nobody asks.")
	}
	for i := range p.Questions {
		if p.Questions[i].Required() {
			return Invalid("questions", "An automatic assignment policy cannot have required questions: nobody answers.")
		}
	}
	return nil
}

func (p *Policy) validateQuestions() error {
	if n := len(p.Questions); n > MaxQuestions {
		return Invalid("questions", "A policy has %d questions; the most is %d.", n, MaxQuestions)
	}
	for i := range p.Questions {
		if err := p.Questions[i].validate("questions[" + strconv.Itoa(i) + "]"); err != nil {
			return err
		}
	}
	return nil
}
