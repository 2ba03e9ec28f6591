package rules

import (
	"errors"
	"fmt"
	"strings"

	"anteroom/internal/entitlement"
)

// Verdict is what one policy of a package says about an order that names none.
type Verdict struct {
	Policy  *entitlement.Policy
	Refusal error // nil where the policy lets the order through
}

// Choose returns the policy that an order for a package means which names none: among
// those that let it through, the one whose scope is of the narrowest tier. Two of one tier
// are the caller's to choose from.
//
// contract: catalogs 4, lifecycle f
func Choose(pkg *entitlement.Package, verdicts []Verdict) (*entitlement.Policy, error) {
	var fits []*entitlement.Policy
	best := tierAdministrators + 1
	for _, v := range verdicts {
		if v.Refusal != nil {
			continue
		}
		s, known := scopes[v.Policy.AllowedTargetScope]
		switch {
		case !known || s.tier > best:
		case s.tier < best:
			best, fits = s.tier, []*entitlement.Policy{v.Policy}
		default:
			fits = append(fits, v.Policy)
		}
	}
	switch len(fits) {
	case 0:
		return nil, noneFits(pkg, verdicts)
	case 1:
		return fits[0], nil
	}
	names := make([]string, len(fits))
	for i, p := range fits {
		names[i] = fmt.Sprintf("'%s' (%s)", p.DisplayName, p.ID)
	}
	return nil, entitlement.Invalid(atPolicy, "%d policies of access package '%s' fit equally well: %s. Name one of them in assignment.assignmentPolicyId.",
		len(fits), pkg.DisplayName, strings.Join(firstOf(names), ", "))
}

// noneFits says why no policy lets an order through.
func noneFits(pkg *entitlement.Package, verdicts []Verdict) error {
	if len(verdicts) == 0 {
		return refuseAt(atPackage, "access package '%s' has no policy, and without one nobody can be assigned.", pkg.DisplayName)
	}
	if len(verdicts) == 1 && verdicts[0].Refusal != nil {
		return verdicts[0].Refusal
	}
	var why []string
	for _, v := range verdicts {
		var refusal *entitlement.Error
		if errors.As(v.Refusal, &refusal) {
			why = append(why, strings.TrimSuffix(strings.TrimPrefix(refusal.Message, notMet), "."))
		}
	}
	return refuseAt(atPolicy, "none of the %d policies of access package '%s' lets this request through: %s.",
		len(verdicts), pkg.DisplayName, strings.Join(firstOf(why), "; "))
}

// firstOf keeps a list in a message short.
func firstOf(list []string) []string {
	const most = 5
	if len(list) > most {
		return append(list[:most:most], "…")
	}
	return list
}
