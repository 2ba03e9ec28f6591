package directory

import (
	"fmt"
	"testing"

	"anteroom/internal/entitlement"
)

func TestWhomARuleMeans(t *testing.T) {
	mail, nick := "a@contoso.example", "al"
	u := &entitlement.User{
		Object: entitlement.Object{ID: home}, DisplayName: "Alice", UserPrincipalName: "alice@contoso.example", Mail: &mail, MailNickname: &nick,
		Type: entitlement.UserMember, AccountEnabled: true, OtherMails: []string{"b@home.example"}, ProxyAddresses: []string{"SMTP:a@contoso.example"},
	}
	for name, value := range map[string]string{
		"department": "HR", "mobilePhone": "1", "officeLocation": "2", "faxNumber": "3", "extensionAttribute1": "x",
		"extension_c0ffee0000004000800000000000abcd_Cost": "7",
	} {
		u.SetAttribute(name, &value)
	}
	for rule, want := range map[string]bool{
		`user.department -eq "hr"`:             true,
		`user.department -ne "HR"`:             false,
		`user.accountEnabled -eq true`:         true,
		`user.displayName -startsWith "ali"`:   true,
		`user.userPrincipalName -contains "@"`: true,
		`user.userType -eq "Guest"`:            false,
		`user.objectId -eq "` + home + `"`:     true,
		`user.mail -eq "A@contoso.example"`:    true,
		`user.mailNickName -eq "al"`:           true,
		`user.mobile -eq "1" -and user.physicalDeliveryOfficeName -eq "2" -and user.facsimileTelephoneNumber -eq "3"`: true,
		`user.mobilePhone -eq "1"`:                                     true,
		`user.otherMails -any (_ -eq "b@home.example")`:                true,
		`user.proxyAddresses -any (_ -contains "other")`:               false,
		`user.extensionAttribute1 -eq "x"`:                             true,
		`user.extension_c0ffee0000004000800000000000abcd_cost -eq "7"`: true,
		`user.city -eq null`:                                           true,
		`user.city -ne "Bern"`:                                         true,
		`user.jobTitle -eq "x"`:                                        false,
	} {
		got, err := BuiltIn{}.Matches(u, rule)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", rule, got, err, want)
		}
	}
	// What cannot be decided means nobody, whatever is asked of it.
	for _, rule := range []string{
		"", "nonsense", `user.department -eq "HR`, `user.telephoneNumber -ne "1"`, `user.dirSyncEnabled -ne true`,
		`user.assignedPlans -all (assignedPlan.service -eq "x")`, `user.department -eq "HR" -or user.sipProxyAddress -eq null`,
	} {
		for range 2 { // also when it is kept
			if got, err := (BuiltIn{}).Matches(u, rule); got || err == nil {
				t.Errorf("%q: %v, %v", rule, got, err)
			}
		}
	}
	if got, err := (BuiltIn{}).Matches(&entitlement.User{}, `user.mail -eq null -and user.mailNickName -eq null -and user.department -eq null`); !got || err != nil {
		t.Errorf("what is not set: %v, %v", got, err)
	}
}

func TestSoManyRulesAreKeptAndNoMore(t *testing.T) {
	var c compiled
	for i := range 3 * maxRules {
		if _, err := c.read(fmt.Sprintf(`user.department -eq "%d"`, i)); err != nil {
			t.Fatal(err)
		}
		if n := len(c.made); n == 0 || n > maxRules {
			t.Fatalf("%d rules are kept", n)
		}
	}
}
