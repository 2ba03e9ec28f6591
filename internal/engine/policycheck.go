package engine

import (
	"errors"
	"fmt"

	"anteroom/internal/entitlement"
	"anteroom/internal/memberrule"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// checkPolicy checks the policy and everything that it refers to, and fills in what the
// server decides: the catalog, and the ids of its stage settings and questions.
func (ed *edit) checkPolicy(p *entitlement.Policy) error {
	if err := p.Validate(); err != nil {
		return err
	}
	pkg, err := get(ed, ed.tx.Packages, rules.Packages, p.PackageID)
	if err != nil {
		return err
	}
	p.CatalogID = pkg.CatalogID
	for _, check := range []func(*entitlement.Policy) error{ed.checkAutomatic, ed.checkSubjectSets, ed.checkApproval, ed.checkStageSettings} {
		if err := check(p); err != nil {
			return err
		}
	}
	for i := range p.Questions {
		if q := &p.Questions[i]; q.ID == "" {
			q.ID = ed.NewID()
		}
	}
	return nil
}

// keepsKind refuses to make a policy that people ask through an automatic one, or the other
// way round: the assignments that it gave would have to be told apart.
func keepsKind(wasAutomatic bool, p *entitlement.Policy) error {
	const at = "automaticRequestSettings"
	switch {
	case wasAutomatic && p.Automatic == nil:
		return entitlement.Errorf(entitlement.CodeBadRequest, at, "This is an automatic assignment policy and stays one: automaticRequestSettings must not be null or left out. Make a new policy for people to ask through.")
	case !wasAutomatic && p.Automatic != nil:
		return entitlement.Errorf(entitlement.CodeBadRequest, at, "This policy cannot become an automatic assignment policy: automaticRequestSettings must be null or left out. Make a new policy.")
	}
	return nil
}

// checkAutomatic refuses a second automatic assignment policy of a package.
//
// contract: catalogs 5
func (ed *edit) checkAutomatic(p *entitlement.Policy) error {
	if p.Automatic == nil {
		return nil
	}
	filter := query.Both(query.Equal("accessPackage/id", string(p.PackageID)), query.Equal("isAutomatic", true))
	list, err := ed.tx.Policies.List(ed.ctx, query.Query{Filter: filter})
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.ID != p.ID {
			return entitlement.Errorf(entitlement.CodeDuplicateKey, "automaticRequestSettings",
				"An access package has at most one automatic assignment policy, and this one has '%s' ('%s').", o.DisplayName, o.ID)
		}
	}
	return nil
}

// checkSubjectSets checks whom the policy names, but for approvers.
func (ed *edit) checkSubjectSets(p *entitlement.Policy) error {
	if err := ed.checkSets("specificAllowedTargets", p.SpecificAllowedTargets); err != nil || p.RequestorSettings == nil {
		return err
	}
	return ed.checkSets("requestorSettings/onBehalfRequestors", p.RequestorSettings.OnBehalfRequestors)
}

// checkApproval checks whom the stages of approval name, and the extensions of dynamic ones.
func (ed *edit) checkApproval(p *entitlement.Policy) error {
	if p.ApprovalSettings == nil {
		return nil
	}
	for i := range p.ApprovalSettings.Stages {
		s := &p.ApprovalSettings.Stages[i]
		at := fmt.Sprintf("requestApprovalSettings/stages[%d]", i)
		if err := ed.checkStage(at, s); err != nil {
			return err
		}
		if s.ExtensionID == "" {
			continue
		}
		if err := ed.checkBinding(at+"/customExtension", p, entitlement.StageDetermining, s.ExtensionID); err != nil {
			return err
		}
	}
	return nil
}

// checkStage checks that everybody exists whom a stage of approval names.
func (ed *edit) checkStage(at string, s *entitlement.ApprovalStage) error {
	for _, c := range []struct {
		name string
		sets []entitlement.SubjectSet
	}{
		{"primaryApprovers", s.Primary},
		{"fallbackPrimaryApprovers", s.FallbackPrimary},
		{"escalationApprovers", s.Alternates},
		{"fallbackEscalationApprovers", s.FallbackAlternates},
	} {
		if err := ed.checkSets(at+"/"+c.name, c.sets); err != nil {
			return err
		}
	}
	return nil
}

// checkSets checks that everything exists that the subject sets name, and that their rules
// can be read.
func (ed *edit) checkSets(at string, sets []entitlement.SubjectSet) error {
	for i := range sets {
		if err := ed.checkSet(fmt.Sprintf("%s[%d]", at, i), &sets[i]); err != nil {
			return err
		}
	}
	return nil
}

func (ed *edit) checkSet(at string, s *entitlement.SubjectSet) error {
	var err error
	what := ""
	switch s.Kind {
	case entitlement.SingleUser:
		what = "user"
		_, err = ed.Directory.User(ed.ctx, ed.tx, s.ID)
	case entitlement.GroupMembers:
		what = "group"
		_, err = ed.tx.Groups.Get(ed.ctx, s.ID)
	case entitlement.SingleServicePrincipal:
		what = "service principal"
		_, err = ed.Directory.ServicePrincipal(ed.ctx, ed.tx, s.ID)
	case entitlement.ConnectedOrganizationMembers:
		what = "connected organization"
		_, err = ed.tx.Organizations.Get(ed.ctx, s.ID)
	case entitlement.AttributeRuleMembers:
		return ed.checkRule(at+"/membershipRule", s.Rule)
	}
	if errors.Is(err, store.ErrNotFound) {
		return entitlement.Invalid(at, "%s names the %s '%s', which does not exist.", at, what, s.ID)
	}
	return err
}

// checkRule refuses a membership rule that cannot be read, or that asks for what the
// directory does not keep: it would mean nobody.
func (ed *edit) checkRule(at, rule string) error {
	_, err := memberrule.Parse(rule)
	var syntax *memberrule.SyntaxError
	if errors.As(err, &syntax) {
		return entitlement.Invalid(at, "membershipRule cannot be read, at column %d: %s", syntax.Column, syntax.Message)
	}
	if _, err = ed.Directory.Matches(new(entitlement.User), rule); err != nil {
		return entitlement.Invalid(at, "membershipRule cannot be decided: %s.", err)
	}
	return nil
}

func (ed *edit) checkStageSettings(p *entitlement.Policy) error {
	for i := range p.StageSettings {
		s := &p.StageSettings[i]
		if s.ID == "" {
			s.ID = ed.NewID()
		}
		if err := ed.checkBinding(fmt.Sprintf("customExtensionStageSettings[%d]/customExtension", i), p, s.Stage, s.ExtensionID); err != nil {
			return err
		}
	}
	return nil
}

// checkBinding checks that an extension may be bound to a stage of a policy.
//
// contract: lifecycle a.4
func (ed *edit) checkBinding(at string, p *entitlement.Policy, stage entitlement.Stage, id entitlement.ID) error {
	kind := entitlement.RequestExtension
	if stage.OfAssignment() {
		kind = entitlement.AssignmentExtension
	}
	x, err := ed.tx.Extensions.Get(ed.ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return entitlement.Invalid(at, "There is no custom extension '%s'.", id)
	case err != nil:
		return err
	case x.CatalogID != p.CatalogID:
		return entitlement.Invalid(at, "Custom extension '%s' is in another catalog than the access package; an extension serves policies of its own catalog only.", x.DisplayName)
	case x.Kind != kind:
		return entitlement.Invalid(at, "Custom extension '%s' is of type %s, which does not serve stage '%s'; use one of type %s.", x.DisplayName, x.Kind, stage, kind)
	case stage == entitlement.StageDetermining && !x.Waits():
		return entitlement.Invalid(at, "Custom extension '%s' does not wait for an answer, so that it cannot determine who approves; give it a callbackConfiguration.", x.DisplayName)
	}
	return nil
}
