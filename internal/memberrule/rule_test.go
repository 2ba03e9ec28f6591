package memberrule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fromMicrosoft are the rules for users in Microsoft's description of the language, as
// it prints them, and their canonical text. What it has for devices, employeeHireDate,
// memberOf and direct reports is in badRules.
var fromMicrosoft = []struct{ rule, want string }{
	{`user.department -eq "Sales"`, ""},
	{`user.accountEnabled -eq true`, ""},
	{`user.dirSyncEnabled -eq true`, ""},
	{`user.mail -notEndsWith "@Contoso.com"`, ""},
	{`user.mailNickname -endsWith "-vendor"`, `user.mailNickName -endsWith "-vendor"`},
	{`user.objectId -eq "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"`, ""},
	{`user.onPremisesSecurityIdentifier -eq "S-1-1-11-1111111111-1111111111-1111111111-1111111"`, ""},
	{`user.passwordPolicies -eq "DisableStrongPassword"`, ""},
	{`user.preferredLanguage -eq "en-US"`, ""},
	{`user.userType -eq "Member"`, ""},
	{`user.otherMails -startsWith "alias@domain"`, ""},
	{`user.otherMails -endsWith"@contoso.com"`, `user.otherMails -endsWith "@contoso.com"`},
	{`user.proxyAddresses -startsWith "SMTP: alias@domain"`, ""},
	{`user.proxyAddresses -notEndsWith "@outlook.com"`, ""},
	{`user.department -in ["50001","50002","50003"]`, `user.department -in ["50001", "50002", "50003"]`},
	{`user.displayName -match "^Da.*"   `, `user.displayName -match "^Da.*"`},
	{`user.displayName -match ".*vid"`, ""},
	{"\n   user.mail –ne null\n", `user.mail -ne null`},
	{`(user.department -eq "Sales") -or (user.department -eq "Marketing")`, `user.department -eq "Sales" -or user.department -eq "Marketing"`},
	{`(user.department -eq "Sales") -and -not (user.jobTitle -startsWith "SDE")`, `user.department -eq "Sales" -and -not (user.jobTitle -startsWith "SDE")`},
	{`user.department –eq "Marketing" –and user.country –eq "US"`, `user.department -eq "Marketing" -and user.country -eq "US"`},
	{`user.country –eq "US" –and (user.department –eq "Marketing" –or user.department –eq "Sales")`,
		`user.country -eq "US" -and (user.department -eq "Marketing" -or user.department -eq "Sales")`},
	{`user.assignedPlans -any (assignedPlan.servicePlanId -eq "efb87545-963c-4e0d-99df-69c6916d9eb0" -and assignedPlan.capabilityStatus -eq "Enabled")`, ""},
	{`user.assignedPlans -any (assignedPlan.service -eq "SCO" -and assignedPlan.capabilityStatus -eq "Enabled")`, ""},
	{`user.assignedPlans -all (assignedPlan.servicePlanId -eq null)`, ""},
	{`(user.proxyAddresses -any (_ -startsWith "contoso"))`, `user.proxyAddresses -any (_ -startsWith "contoso")`},
	{`user.objectId -ne null`, ""},
	{`(user.objectId -ne null) -and (user.userType -eq "Member")`, `user.objectId -ne null -and user.userType -eq "Member"`},
	{`(user.extensionAttribute15 -eq "Marketing")`, `user.extensionAttribute15 -eq "Marketing"`},
	{`user.extension_c272a57b722d4eb29bfe327874ae79cb_OfficeNumber -eq "123"`, `user.extension_c272a57b722d4eb29bfe327874ae79cb_officenumber -eq "123"`},
}

var goodRules = []struct{ rule, want string }{
	// Spelling.
	{`USER.DEPARTMENT EQ "Sales" AND NOT user.jobtitle STARTSWITH "SDE"`, `user.department -eq "Sales" -and -not (user.jobTitle -startsWith "SDE")`},
	{`user.department in["a"]or user.city notin ["b" ,"c"]`, `user.department -in ["a"] -or user.city -notIn ["b", "c"]`},
	{`user.mobilePhone -eq $NULL`, `user.mobile -eq null`},
	{`user.officelocation -ne Null`, `user.physicalDeliveryOfficeName -ne null`},
	{`user.accountEnabled -ne "False"`, `user.accountEnabled -ne false`},
	{"user.department -eq 'Sales'", `user.department -eq "Sales"`},
	{`user.otherMails -eq null -or user.assignedPlans -ne null`, ""},
	{`user.otherMails any (_ eq "a" or not _ contains "b")`, `user.otherMails -any (_ -eq "a" -or -not (_ -contains "b"))`},
	{`user.assignedPlans -ALL (ASSIGNEDPLAN.SERVICE -eq "a")`, `user.assignedPlans -all (assignedPlan.service -eq "a")`},
	// Quotes within texts.
	{"user.department -eq \"`\"Sales`\"\"", ""},
	{"user.department -eq '`\"a\"'", "user.department -eq \"`\"a`\"\""},
	{`user.surname -eq "O'Brien"`, `user.surname -eq "O''Brien"`},
	{`user.surname -eq "O''Brien"`, ""},
	{`user.surname -eq 'O''Brien'`, `user.surname -eq "O''Brien"`},
	{"user.department -eq \"a``b\"", ""},
	{`user.department -eq "a\b(c) -and [é中]"`, ""},
	// Precedence and parentheses.
	{`user.city -eq "a" -or user.city -eq "b" -and user.city -eq "c"`, ""},
	{`user.city -eq "a" -or (user.city -eq "b" -and user.city -eq "c")`, `user.city -eq "a" -or user.city -eq "b" -and user.city -eq "c"`},
	{`(user.city -eq "a" -or user.city -eq "b") -and user.city -eq "c"`, ""},
	{`user.city -eq "a" -and ((user.city -eq "b") -and user.city -eq "c")`, `user.city -eq "a" -and user.city -eq "b" -and user.city -eq "c"`},
	{`-not user.city -eq "a" -and user.city -eq "b"`, `-not (user.city -eq "a") -and user.city -eq "b"`},
	{`-not -not user.city -eq "a"`, `user.city -eq "a"`},
	{`-not (-not (-not user.city -eq "a"))`, `-not (user.city -eq "a")`},
	{`-not (user.city -eq "a" -and user.city -eq "b")`, ""},
}

func TestCanonicalText(t *testing.T) {
	for _, tc := range slices.Concat(fromMicrosoft, goodRules) {
		r, err := Parse(tc.rule)
		if err != nil {
			t.Errorf("%s: %v", tc.rule, err)
			continue
		}
		want := tc.want
		if want == "" {
			want = tc.rule
		}
		if diff := cmp.Diff(want, r.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.rule, diff)
		}
		checkReadsAgain(t, r)
	}
}

// checkReadsAgain checks that the text of a rule is read as the same rule.
func checkReadsAgain(t interface {
	Helper()
	Fatalf(string, ...any)
}, r *Rule) {
	t.Helper()
	again, err := Parse(r.String())
	if err != nil {
		t.Fatalf("%q cannot be read again: %v", r, err)
	}
	if diff := cmp.Diff(tree(r.root), tree(again.root)); diff != "" {
		t.Fatalf("%q is read as another rule (-first +second)\n%s", r, diff)
	}
	if diff := cmp.Diff(r.String(), again.String()); diff != "" {
		t.Fatalf("the canonical text is not stable (-first +second)\n%s", diff)
	}
	if diff := cmp.Diff(r.Properties(), again.Properties()); diff != "" {
		t.Fatalf("%q reads other properties (-first +second)\n%s", r, diff)
	}
}

// tree shows a node with all parentheses, by other means than canonical text.
func tree(n node) any {
	switch n := n.(type) {
	case *chain:
		parts := []any{n.operator()}
		for _, p := range n.parts {
			parts = append(parts, tree(p))
		}
		return parts
	case *negation:
		return []any{"not", tree(n.part)}
	case *quantifier:
		return []any{n.subject.text, n.all, tree(n.part)}
	case *comparison:
		return []any{n.subject.text, n.operator.name, int(n.literal.kind), n.literal.truth, n.literal.texts}
	}
	return n
}

// A text at the limits stays readable where its canonical form would pass them.
func TestTextAtTheLimits(t *testing.T) {
	long := `user.officeLocation eq "a"` + strings.Repeat(` or user.officeLocation eq "a"`, 100)
	deep := "not " + strings.Repeat("(", MaxDepth) + `user.mail eq "a" or not user.city eq "b"` + strings.Repeat(")", MaxDepth)
	most := strings.Repeat("(", MaxDepth) + "user.otherMails any " + `(_ eq "a")` + strings.Repeat(")", MaxDepth)
	nots := strings.Repeat("not ", 700) + `user.city eq "a"`
	for _, rule := range []string{long + " ", deep, nots} {
		r, err := Parse(rule)
		if err != nil {
			t.Fatal(err)
		}
		checkReadsAgain(t, r)
	}
	if r, err := Parse(long + " "); err != nil || r.String() != long {
		t.Errorf("%v, %v: a rule whose canonical text is too long has the text that was given", r, err)
	}
	if _, err := Parse(most); err == nil {
		t.Error("the parentheses of -any count as well")
	}
}

func TestProperties(t *testing.T) {
	r, err := Parse(`user.Mail -ne null -and (user.city -eq "a" -or user.CITY -eq "b") -and user.mobilePhone -eq null -and user.assignedPlans -any (assignedPlan.service -eq "x")`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"assignedPlans", "city", "mail", "mobile"}
	if diff := cmp.Diff(want, r.Properties()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	r.Properties()[0] = "changed"
	if diff := cmp.Diff(want, r.Properties()); diff != "" {
		t.Errorf("a caller changed the rule (-want +got)\n%s", diff)
	}
}

func TestSupportedProperties(t *testing.T) {
	all := SupportedProperties()
	if !slices.IsSortedFunc(all, func(a, b Property) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted")
	}
	for _, p := range all {
		for _, name := range append([]string{p.Name, strings.ToUpper(p.Name)}, p.Aliases...) {
			r, err := Parse("user." + name + " -ne null")
			if err != nil {
				t.Error(err)
			} else if diff := cmp.Diff([]string{p.Name}, r.Properties()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
	}
	for i := range all {
		all[i].Name = "changed"
	}
	if SupportedProperties()[0].Name == "changed" {
		t.Error("a caller changed the table")
	}
}

func TestZeroRule(t *testing.T) {
	var none *Rule
	r, err := Parse(`user.city -eq null`)
	if err != nil {
		t.Fatal(err)
	}
	if none.Matches(user{}) || new(Rule).Matches(user{}) || r.Matches(nil) {
		t.Error("no rule, or no user, matches")
	}
	if none.String() != "" || none.Properties() != nil {
		t.Error("no rule has no text and reads nothing")
	}
}

// checkRefusal checks what every refusal has, and returns it.
func checkRefusal(t *testing.T, rule string, err error) *SyntaxError {
	t.Helper()
	var e *SyntaxError
	if !errors.As(err, &e) || e == nil {
		t.Fatalf("%q: %v is no *SyntaxError", rule, err)
	}
	if e.Column < 1 || e.Column > len([]rune(rule))+1 || e.Message == "" || len(e.Message) > 1000 || !strings.HasSuffix(e.Message, ".") {
		t.Errorf("%q: not a proper refusal: %#v", rule, e)
	}
	if want := fmt.Sprintf("column %d: %s", e.Column, e.Message); e.Error() != want {
		t.Errorf("%q: the error reads %q, want %q", rule, e.Error(), want)
	}
	return e
}
