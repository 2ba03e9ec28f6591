package memberrule

import (
	"strings"
	"testing"
)

// badRules are refused at the column, with a message that has the words.
var badRules = []struct {
	rule   string
	column int
	words  string
}{
	// The whole.
	{"", 1, "empty"},
	{"  \n", 4, "empty"},
	{"user.city -eq \"\xff\"", 16, "UTF-8"},
	{`user.city -eq "a" ` + strings.Repeat(" ", MaxLength), MaxLength + 1, "it may have 3072"},
	{`user.city -eq "a" user.city -eq "b"`, 19, "expected -and, -or or the end"},
	{`user.city -eq "a" -and`, 23, "Found the end of the rule"},
	{`user.city -eq "a")`, 18, "closes none"},
	{`(user.city -eq "a"`, 1, "not closed"},
	{`(user.city -eq "a" ]`, 20, "closing parenthesis"},
	{`()`, 2, "user.department"},
	{`-and user.city -eq "a"`, 1, "Found '-and'"},
	{`user.city -eq "a" & user.city -eq "b"`, 19, "U+0026"},
	// Names.
	{`department -eq "a"`, 1, "'user.department'"},
	{`"Sales" -eq user.department`, 1, "begins with a property"},
	{`sales -eq "a"`, 1, "begins with a property"},
	{`user. -eq "a"`, 1, "begins with a property"},
	{`user.departmnt -eq "a"`, 1, "user.department"},
	{`user.city -eq "é" -or user.email -eq "a"`, 23, "user.mail"},
	{`user.office -eq "a"`, 1, "user.officeLocation"},
	{`user.extensionAttribute16 -eq "a"`, 1, "user.extensionAttribute1"},
	{`user.quux -eq "a"`, 1, "there are accountEnabled, assignedPlans"},
	{`user.` + strings.Repeat("x", 2000) + ` -eq "a"`, 1, "…"},
	{`user.extension_123_a -eq "a"`, 1, "32 hexadecimal digits"},
	{`user.extension_c272a57b722d4eb29bfe327874ae79cb_ -eq "a"`, 1, "32 hexadecimal digits"},
	{`user.extension_c272a57b722d4eb29bfe327874ae79cg_a -eq "a"`, 1, "32 hexadecimal digits"},
	{`user.extension_c272a57b722d4eb29bfe327874ae79cb_a.b -eq "a"`, 1, "32 hexadecimal digits"},
	// What is not served.
	{`user.employeeHireDate -ge system.now -plus p1d`, 1, "employeeHireDate is not served"},
	{`user.employeehiredate -le 2020-06-10T18:13:20Z`, 1, "employeeHireDate is not served"},
	{`user.memberOf -any (group.objectId -in ['value'])`, 1, "groupMembers"},
	{`Direct Reports for "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"`, 1, "not served"},
	{`user.city -eq "a" and direct reports for "x"`, 23, "not served"},
	{`device.objectId -ne null`, 1, "devices are not served"},
	{`(device.deviceOSType -eq "iPad")`, 2, "devices are not served"},
	// Operators.
	{`user.city`, 10, "found the end of the rule"},
	{`user.city "a"`, 11, "found the text 'a'"},
	{`user.city = "a"`, 11, "U+003D"},
	{`user.city - eq "a"`, 11, "directly before"},
	{`user.city --eq "a"`, 11, "directly before"},
	{`user.city -like "a*"`, 11, "no operator '-like'"},
	{`user.city like "a*"`, 11, "followed by an operator"},
	{`user.city -and user.mail -eq "a"`, 11, "followed by an operator"},
	{`user.city -lt "a"`, 11, "no operator"},
	{`user.city -ge "a"`, 11, "not served"},
	{`user.city le "a"`, 11, "not served"},
	{`user.mail -not null`, 11, "-ne null"},
	// Texts.
	{`user.city -eq "a`, 15, "closing \""},
	{`user.city -eq 'a''`, 15, "closing '"},
	{`user.city -eq “a”`, 15, "straight quotes"},
	{"user.city -eq \"a`b\"", 17, "backtick"},
	{"user.department -eq `\"Sales`\"", 21, "U+0060"},
	{`user.city -eq ""`, 15, "-eq null"},
	{`user.city -ne ''`, 15, "empty"},
	{`user.city -in ["a",""]`, 20, "empty"},
	{`user.otherMails -contains ""`, 27, "empty"},
	// Literals.
	{`user.city -eq`, 14, "expected a text in quotes, or null"},
	{`user.city -eq Sales`, 15, `"Sales"`},
	{`user.city -eq 5`, 15, `"5"`},
	{`user.city -eq -5`, 15, "hyphen"},
	{`user.city -eq -null`, 15, "Found '-null'"},
	{`user.city -eq user.state`, 15, "cannot be compared"},
	{`user.city -eq true`, 15, "not with true or false"},
	{`user.city -startsWith null`, 23, "-eq and -ne compare with null"},
	{`user.city -eq ["a"]`, 15, "-in and -notIn take a list"},
	{`user.city -eq (user.state)`, 15, "Found '('"},
	{`user.accountEnabled -eq "yes"`, 25, "true, false or null"},
	{`user.accountEnabled -eq 1`, 25, "true, false or null"},
	{`user.city -in "a"`, 15, "a list of texts"},
	{`user.city -in null`, 15, "-eq and -ne compare with null"},
	{`user.city -in ("a")`, 15, "a list of texts"},
	{`user.city -in []`, 16, "text of the list"},
	{`user.city -in ["a",]`, 20, "text of the list"},
	{`user.city -in ["a" "b"]`, 20, "comma"},
	{`user.city -in ["a"`, 19, "comma"},
	{`user.city -in ["a",null]`, 20, "-eq null"},
	{`user.city -in [50001]`, 16, "in quotes"},
	{`user.city -in [` + strings.Repeat(`"a",`, MaxListItems) + `"b"]`, 16 + 4*MaxListItems, "more than 100"},
	// Types.
	{`user.accountEnabled -startsWith "t"`, 21, "Boolean"},
	{`user.accountEnabled -in ["true"]`, 21, "Boolean"},
	{`user.department -any (_ -eq "a")`, 17, "only of a collection"},
	{`user.otherMails -eq "a"`, 21, "-any"},
	{`user.otherMails -in ["a"]`, 17, "-any (_ -in"},
	{`user.otherMails -match "a"`, 17, "-any (_ -match"},
	{`user.assignedPlans -contains "a"`, 20, "-any (assignedPlan.capabilityStatus"},
	{`user.assignedPlans -eq "a"`, 24, "only with null"},
	// -any and -all.
	{`user.otherMails -any _ -eq "a"`, 22, "in parentheses, about _"},
	{`user.assignedPlans -any`, 24, "assignedPlan.servicePlanId"},
	{`user.otherMails -any (_ -eq "a"`, 22, "not closed"},
	{`user.otherMails -any ()`, 23, "begins with _"},
	{`user.otherMails -any (user.city -eq "a")`, 23, "written _"},
	{`user.otherMails -any (assignedPlan.service -eq "a")`, 23, "written _"},
	{`user.otherMails -any (_ -any (_ -eq "a"))`, 25, "only of a collection"},
	{`user.assignedPlans -any (_ -eq "a")`, 26, "assignedPlan.service"},
	{`user.assignedPlans -any (assignedPlan.state -eq "a")`, 26, "assignedPlan.service"},
	{`_ -eq "a"`, 1, "parentheses of -any"},
	{`user.otherMails -any (_ -eq "a") -or _ -eq "b"`, 38, "parentheses of -any"},
	{`assignedPlan.service -eq "a"`, 1, "parentheses of -any"},
	// Regular expressions.
	{`user.city -match "a("`, 18, "missing closing ): 'a('"},
	{`user.city -match "(?=a)b"`, 18, "'(?='"},
	{`user.city -match "(a)\1"`, 18, `'\1'`},
	{`user.city -notMatch "*a"`, 21, "'*'"},
	{`user.city -match "a)(b"`, 18, "unexpected )"},
	{`user.city -match "[a-z-[aeiou]]"`, 18, "within"},
	{`user.city -match "^[^][:alpha:]]"`, 18, "within"},
	{`user.city -match "((((a{99}){99}){99}){99})"`, 18, "cannot be used"},
	{`user.city -match "^a{999}b{999}c{999}$"`, 18, "more than 2000 steps"},
	{`user.city -match "` + strings.Repeat("a", MaxPattern+1) + `"`, 18, "it may have 256"},
	// Limits.
	{strings.Repeat("(", MaxDepth+1) + `user.city -eq "a"` + strings.Repeat(")", MaxDepth+1), MaxDepth + 1, "More than 20"},
	{`user.otherMails any (_ eq "a"` + strings.Repeat(`or _ eq "a"`, MaxExpressions-1) + ")", 30 + 11*(MaxExpressions-2) + 3, "more than 200 expressions"},
}

func TestRefusals(t *testing.T) {
	for _, tc := range badRules {
		r, err := Parse(tc.rule)
		if err == nil {
			t.Errorf("%s is read as %s", tc.rule, r)
			continue
		}
		e := checkRefusal(t, tc.rule, err)
		if e.Column != tc.column || !strings.Contains(e.Message, tc.words) {
			t.Errorf("%.100s\n got %v\nwant column %d, %s", tc.rule, e, tc.column, tc.words)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, tc := range fromMicrosoft {
		f.Add(tc.rule)
	}
	for _, tc := range goodRules {
		f.Add(tc.rule)
	}
	for _, tc := range badRules {
		f.Add(tc.rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		r, err := Parse(rule)
		if err != nil {
			checkRefusal(t, rule, err)
			return
		}
		checkReadsAgain(t, r)
		again, err := Parse(r.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range []user{{}, adele, broken} {
			if got, want := again.Matches(u), r.Matches(u); got != want {
				t.Errorf("%q matches %v, as %q it matches %v", rule, want, r, got)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, bm := range []struct{ name, rule string }{
		{"Short", `user.department -eq "Sales" -and user.userType -eq "Member"`},
		{"Long", `user.city eq "a"` + strings.Repeat(` or user.city eq "a"`, 150)},
		{"LongName", "user." + strings.Repeat("x", 3000)},
		{"Patterns", `user.city match "(a{30}){30}"` + strings.Repeat(` or user.city match "(a{30}){30}"`, 80)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				_, _ = Parse(bm.rule)
			}
		})
	}
}
