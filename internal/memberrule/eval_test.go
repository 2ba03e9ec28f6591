package memberrule

import (
	"strings"
	"testing"
)

// user is Attributes in a map.
type user map[string]Value

func (u user) Attribute(name string) (Value, bool) {
	v, ok := u[name]
	return v, ok
}

var adele = user{
	"accountEnabled": true,
	"department":     "Sales",
	"displayName":    "Adele Vance",
	"surname":        "O'Brien",
	"city":           "ÅRHUS",
	"jobTitle":       `Head of "Special" Projects`,
	"otherMails":     []string{"adele@fabrikam.com", "a.vance@contoso.com"},
	"proxyAddresses": []string{"SMTP:adele@contoso.com"},
	"assignedPlans": []Object{
		{"service": "SCO", "capabilityStatus": "Deleted", "servicePlanId": "1"},
		{"service": "exchange", "capabilityStatus": "Enabled", "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0"},
	},
	"extension_c272a57b722d4eb29bfe327874ae79cb_officenumber": "123",
}

// broken has values that no directory should give: what is asked of them is not known.
var broken = user{
	"accountEnabled": "true",
	"department":     true,
	"city":           "a\xffb",
	"mail":           nil,
	"otherMails":     "adele@contoso.com",
	"proxyAddresses": []string{"smtp:a", "\xff"},
	"assignedPlans":  []string{"SCO"},
	"state":          []string{"a"},
	"surname":        []Object{{"service": "a"}},
	"country":        7,
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		rule string
		want bool
	}{
		// Text.
		{`user.department -eq "sales"`, true},
		{`user.department -eq "Sale"`, false},
		{`user.department -ne "SALES"`, false},
		{`user.department -ne "Marketing"`, true},
		{`user.city -eq "århus"`, true},
		{`user.city -startsWith "år"`, true},
		{`user.city -endsWith "rhuſ"`, true},
		{`user.city -endsWith "rhus "`, false},
		{`user.displayName -startsWith "adele"`, true},
		{`user.displayName -startsWith "vance"`, false},
		{`user.displayName -notStartsWith "vance"`, true},
		{`user.displayName -endsWith "VANCE"`, true},
		{`user.displayName -notEndsWith "vance"`, false},
		{`user.displayName -contains "e v"`, true},
		{`user.displayName -notContains "e v"`, false},
		{`user.displayName -match "^adele\s"`, true},
		{`user.displayName -match "VAN"`, true},
		{`user.displayName -match "^vance"`, false},
		{`user.displayName -notMatch "^vance"`, true},
		{`user.displayName -match "x|vance$"`, true},
		{`user.department -in ["marketing", "sales"]`, true},
		{`user.department -in ["marketing"]`, false},
		{`user.department -notIn ["marketing"]`, true},
		{`user.department -notIn ["x", "SALES"]`, false},
		{`user.surname -eq "O''Brien"`, true},
		{`user.surname -eq "O'Brien"`, true},
		{"user.jobTitle -contains \"`\"special`\"\"", true},
		{`user.jobTitle -contains '"special"'`, true},
		{`user.extension_C272A57B722D4EB29BFE327874AE79CB_OfficeNumber -eq "123"`, true},
		// Null.
		{`user.department -eq null`, false},
		{`user.department -ne null`, true},
		{`user.mail -eq null`, true},
		{`user.mail -ne null`, false},
		{`user.mail -eq "null"`, false},
		{`user.mail -eq "x"`, false},
		{`user.mail -ne "x"`, true},
		{`user.mail -startsWith "x"`, false},
		{`user.mail -notStartsWith "x"`, true},
		{`user.mail -endsWith "x"`, false},
		{`user.mail -notEndsWith "x"`, true},
		{`user.mail -contains "x"`, false},
		{`user.mail -notContains "x"`, true},
		{`user.mail -match ".*"`, false},
		{`user.mail -notMatch ".*"`, true},
		{`user.mail -in ["x"]`, false},
		{`user.mail -notIn ["x"]`, true},
		// Booleans.
		{`user.accountEnabled -eq true`, true},
		{`user.accountEnabled -eq "TRUE"`, true},
		{`user.accountEnabled -eq false`, false},
		{`user.accountEnabled -ne false`, true},
		{`user.accountEnabled -eq null`, false},
		{`user.dirSyncEnabled -eq false`, false},
		{`user.dirSyncEnabled -ne true`, true},
		{`user.dirSyncEnabled -eq null`, true},
		// Precedence: comparison, -not, -and, -or.
		{`user.department -eq "sales" -or user.city -eq "x" -and user.city -eq "y"`, true},
		{`(user.department -eq "sales" -or user.city -eq "x") -and user.city -eq "y"`, false},
		{`-not user.department -eq "x" -and user.city -eq "århus"`, true},
		{`-not user.department -eq "sales" -or user.city -eq "århus"`, true},
		{`-not (user.department -eq "sales" -or user.city -eq "århus")`, false},
		// Collections.
		{`user.otherMails -any (_ -eq "ADELE@fabrikam.com")`, true},
		{`user.otherMails -any (_ -startsWith "a" -and _ -endsWith "contoso.com")`, true},
		{`user.otherMails -any (_ -startsWith "adele" -and _ -endsWith "contoso.com")`, false},
		{`user.otherMails -any (_ -in ["x", "a.vance@contoso.com"])`, true},
		{`user.otherMails -any (_ -eq null)`, false},
		{`user.otherMails -all (_ -contains "@")`, true},
		{`user.otherMails -all (_ -endsWith "contoso.com")`, false},
		{`-not user.otherMails -all (_ -endsWith "contoso.com")`, true},
		{`user.otherMails -contains "fabrikam"`, true},
		{`user.otherMails -notContains "fabrikam"`, false},
		{`user.otherMails -notEndsWith "@outlook.com"`, true},
		{`user.otherMails -eq null`, false},
		{`user.otherMails -ne null`, true},
		{`user.assignedPlans -any (assignedPlan.servicePlanId -eq "EFB87545-963C-4E0D-99DF-69C6916D9EB0" -and assignedPlan.capabilityStatus -eq "Enabled")`, true},
		{`user.assignedPlans -any (assignedPlan.service -eq "SCO" -and assignedPlan.capabilityStatus -eq "Enabled")`, false},
		{`user.assignedPlans -all (assignedPlan.servicePlanId -eq null)`, false},
		{`user.assignedPlans -ne null`, true},
	} {
		check(t, tc.rule, adele, tc.want)
	}
}

func check(t *testing.T, rule string, u user, want bool) {
	t.Helper()
	r, err := Parse(rule)
	if err != nil {
		t.Errorf("%s: %v", rule, err)
		return
	}
	if got := r.Matches(u); got != want {
		t.Errorf("%s: %v, want %v", rule, got, want)
	}
}

// A collection that is empty and one that is not set are the same.
func TestEmptyCollections(t *testing.T) {
	for _, u := range []user{{}, {"otherMails": []string{}, "assignedPlans": []Object(nil)}} {
		for rule, want := range map[string]bool{
			`user.otherMails -any (_ -ne "x")`:                              false,
			`user.otherMails -all (_ -eq "x")`:                              true,
			`user.otherMails -eq null`:                                      true,
			`user.otherMails -ne null`:                                      false,
			`user.otherMails -contains "x"`:                                 false,
			`user.otherMails -notContains "x"`:                              true,
			`user.assignedPlans -any (assignedPlan.service -ne "x")`:        false,
			`user.assignedPlans -all (assignedPlan.servicePlanId -eq null)`: true,
			`user.assignedPlans -eq null`:                                   true,
		} {
			check(t, rule, u, want)
		}
	}
	members := user{"assignedPlans": []Object{{}, {"service": "a"}}}
	check(t, `user.assignedPlans -any (assignedPlan.service -eq null)`, members, true)
	check(t, `user.assignedPlans -all (assignedPlan.service -eq null)`, members, false)
	check(t, `user.assignedPlans -all (assignedPlan.servicePlanId -ne "x")`, members, true)
}

// What is not known matches neither by itself nor negated.
func TestUnknownDoesNotMatch(t *testing.T) {
	for _, rule := range []string{
		`user.accountEnabled -eq true`, `user.accountEnabled -eq null`,
		`user.department -eq "true"`, `user.department -ne null`, `user.department -match "."`,
		`user.city -eq "x"`, `user.city -contains "a"`, `user.city -in ["x"]`, `user.city -match "a"`,
		`user.mail -eq null`, `user.mail -eq "x"`, `user.state -startsWith "a"`, `user.surname -ne "a"`,
		`user.country -eq "7"`, `user.country -ne null`,
		`user.otherMails -any (_ -contains "adele")`, `user.otherMails -all (_ -contains "x")`,
		`user.otherMails -contains "adele"`, `user.otherMails -eq null`,
		`user.proxyAddresses -any (_ -contains "x")`, `user.proxyAddresses -all (_ -contains "smtp")`,
		`user.proxyAddresses -contains "x"`,
		`user.assignedPlans -any (assignedPlan.service -eq "SCO")`, `user.assignedPlans -eq null`,
		`user.department -eq "x" -and user.userType -eq null`, `user.department -eq "x" -or user.userType -ne null`,
	} {
		check(t, rule, broken, false)
		check(t, "-not ("+rule+")", broken, false)
		for plain, negated := range map[string]string{"-eq": "-ne", "-contains": "-notContains", "-match": "-notMatch", "-in": "-notIn", "-startsWith": "-notStartsWith"} {
			if !strings.Contains(rule, "(") && strings.Count(rule, plain+" ") == 1 && !strings.Contains(rule, " -and ") && !strings.Contains(rule, " -or ") {
				check(t, strings.Replace(rule, plain+" ", negated+" ", 1), broken, false)
			}
		}
	}
	// What is known decides by itself.
	check(t, `user.department -eq "x" -or user.userType -eq null`, broken, true)
	check(t, `-not (user.department -eq "x" -and user.userType -ne null)`, broken, true)
	check(t, `user.proxyAddresses -any (_ -contains "smtp")`, broken, true)
	check(t, `-not user.proxyAddresses -all (_ -contains "x")`, broken, true)
}
