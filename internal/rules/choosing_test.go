package rules

import (
	"errors"
	"strings"
	"testing"

	"anteroom/internal/entitlement"
)

func TestTheNarrowestPolicyIsChosen(t *testing.T) {
	pkg := &entitlement.Package{DisplayName: "package"}
	why := refuse("the account of 'x' is disabled.")
	is := func(scope entitlement.TargetScope) Verdict {
		return Verdict{Policy: &entitlement.Policy{Object: entitlement.Object{ID: entitlement.ID("id of " + scope)}, DisplayName: string(scope), AllowedTargetScope: scope}}
	}
	isNot := func(scope entitlement.TargetScope) Verdict { v := is(scope); v.Refusal = why; return v }
	// Each tier wins over all that come behind it.
	tiers := [][]entitlement.TargetScope{
		{entitlement.ScopeSpecificDirectoryUsers, entitlement.ScopeSpecificConnectedOrganizationUsers, entitlement.ScopeSpecificServicePrincipals},
		{entitlement.ScopeAllMemberUsers},
		{entitlement.ScopeAllDirectoryUsers, entitlement.ScopeAllServicePrincipals, entitlement.ScopeAllAgentIdentities},
		{entitlement.ScopeAllConfiguredOrganizationUsers, entitlement.ScopeAllExternalUsers},
		{entitlement.ScopeNotSpecified},
	}
	for i, tier := range tiers {
		for _, scope := range tier {
			verdicts := []Verdict{is(scope)}
			for _, behind := range tiers[i+1:] {
				for _, wider := range behind {
					verdicts = append([]Verdict{is(wider)}, append(verdicts, is(wider))...)
				}
			}
			for _, before := range tiers[:i] {
				verdicts = append(verdicts, isNot(before[0]))
			}
			if p, err := Choose(pkg, verdicts); err != nil || p.AllowedTargetScope != scope {
				t.Errorf("%s: chosen is %v, %v", scope, p, err)
			}
			tie := []Verdict{is(scope), is(tier[len(tier)-1])}
			_, err := Choose(pkg, tie)
			if codeOf(t, err) != entitlement.CodeInvalidModel {
				t.Errorf("%s: a tie: %v", scope, err)
			}
			for _, v := range tie {
				if err != nil && (!strings.Contains(err.Error(), string(v.Policy.ID)) || !strings.Contains(err.Error(), v.Policy.DisplayName)) {
					t.Errorf("%q does not name the candidate %s", err, v.Policy.ID)
				}
			}
		}
	}
}

func TestWhereNoPolicyFitsItSaysWhy(t *testing.T) {
	pkg := &entitlement.Package{DisplayName: "package"}
	one, two := refuse("first reason."), refuseAt(atPolicy, "second reason.")
	p := &entitlement.Policy{AllowedTargetScope: entitlement.ScopeAllDirectoryUsers}
	odd := &entitlement.Policy{AllowedTargetScope: "nonsense"}
	if _, err := Choose(pkg, nil); codeOf(t, err) != entitlement.CodePolicyRequirements {
		t.Errorf("without a policy: %v", err)
	}
	if _, err := Choose(pkg, []Verdict{{odd, nil}}); codeOf(t, err) != entitlement.CodePolicyRequirements {
		t.Errorf("a scope that is not known: %v", err)
	}
	if _, err := Choose(pkg, []Verdict{{p, one}}); !errors.Is(err, one) {
		t.Errorf("one policy: %v", err)
	}
	_, err := Choose(pkg, []Verdict{{p, one}, {p, two}})
	if codeOf(t, err) != entitlement.CodePolicyRequirements || !strings.Contains(err.Error(), "first reason; second reason.") || strings.Count(err.Error(), "You don't meet") != 1 {
		t.Errorf("two policies: %v", err)
	}
}
