package directory

import (
	"fmt"
	"strings"
	"sync"

	"anteroom/internal/entitlement"
	"anteroom/internal/memberrule"
)

// unknown are properties that a rule can name and that the built-in directory keeps for
// nobody. A rule that reads one cannot be decided: its negated operators would hold for
// everybody.
var unknown = map[string]bool{"assignedPlans": true, "dirSyncEnabled": true, "sipProxyAddress": true, "telephoneNumber": true}

// Matches reports whether a membership rule means the user. A rule that cannot be read, or
// that reads what the directory does not keep, is an error, in words for whoever wrote it,
// and means nobody.
func (BuiltIn) Matches(u *entitlement.User, rule string) (bool, error) {
	r, err := rules.read(rule)
	if err != nil {
		return false, err
	}
	return r.Matches(attributes{u}), nil
}

// attributes are what rules read of a user.
type attributes struct{ *entitlement.User }

// graphNames are the names of Graph for those properties that rules call otherwise.
var graphNames = map[string]string{
	"facsimileTelephoneNumber": "faxNumber", "mobile": "mobilePhone", "physicalDeliveryOfficeName": "officeLocation",
}

// Attribute implements memberrule.Attributes.
func (a attributes) Attribute(name string) (memberrule.Value, bool) {
	switch name {
	case "accountEnabled":
		return a.AccountEnabled, true
	case "displayName":
		return a.DisplayName, true
	case "userPrincipalName":
		return a.UserPrincipalName, true
	case "userType":
		return string(a.Type), true
	case "objectId":
		return string(a.ID), true
	case "mail":
		return optional(a.Mail)
	case "mailNickName":
		return optional(a.MailNickname)
	case "otherMails":
		return a.OtherMails, len(a.OtherMails) > 0
	case "proxyAddresses":
		return a.ProxyAddresses, len(a.ProxyAddresses) > 0
	}
	if graph, ok := graphNames[name]; ok {
		name = graph
	}
	for _, x := range a.Attributes {
		if strings.EqualFold(x.Name, name) {
			return x.Value, true
		}
	}
	return nil, false
}

func optional(s *string) (memberrule.Value, bool) {
	if s == nil {
		return nil, false
	}
	return *s, true
}

// maxRules is how many rules are kept compiled. A tenant has one for each automatic
// assignment policy, and few others.
const maxRules = 1000

// rules are those that were read before: a rule is decided for each user of the directory.
var rules compiled

// compiled keeps rules as they were read, or why they could not be. It is safe for
// concurrent use.
type compiled struct {
	mu   sync.Mutex
	made map[string]outcome
}

type outcome struct {
	rule *memberrule.Rule
	err  error
}

func (c *compiled) read(text string) (*memberrule.Rule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.made[text]; ok {
		return o.rule, o.err
	}
	if c.made == nil || len(c.made) >= maxRules {
		c.made = make(map[string]outcome) // what is still used comes back soon
	}
	var o outcome
	if o.rule, o.err = memberrule.Parse(text); o.err == nil {
		for _, name := range o.rule.Properties() {
			if unknown[name] {
				o = outcome{err: fmt.Errorf("the rule reads user.%s, which this directory does not keep", name)}
				break
			}
		}
	}
	c.made[text] = o
	return o.rule, o.err
}
