package graph

import (
	"testing"

	"anteroom/internal/entitlement"
)

// TestSubjectSetKinds: every kind is read and written with the members of its own.
func TestSubjectSetKinds(t *testing.T) {
	for _, kind := range entitlement.SubjectSetKinds {
		s := entitlement.SubjectSet{Kind: kind}
		switch {
		case subjectSetID[kind] != "":
			s.ID = bob
		case hasLevel(kind):
			s.ManagerLevel = 1
		case kind == entitlement.AttributeRuleMembers:
			s.Rule = "user.mail -ne null"
		}
		e := newEncoder()
		writeSubjectSet(e, &s)
		v, err := parse(e.buf)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readSubjectSet(node{&v, "x"})
		if err != nil || got != s {
			t.Errorf("%s was read as %+v, %v", e.buf, got, err)
		}
		e.release()
	}
}

func TestSubjectSetRefused(t *testing.T) {
	w := newPolicyWorld(t)
	const at = "specificAllowedTargets"
	target := func(typ string, members obj) obj {
		members["@odata.type"] = "#microsoft.graph." + typ
		return obj{"allowedTargetScope": "specificDirectoryUsers", at: []obj{members}}
	}
	manager := func(level any) obj {
		return obj{"requestorSettings": obj{"onBehalfRequestors": []obj{{"@odata.type": "#microsoft.graph.targetManager", "managerLevel": level}}}}
	}
	named := func(scope, typ, member string, id any) obj {
		return obj{"allowedTargetScope": scope, at: []obj{{"@odata.type": "#microsoft.graph." + typ, member: id}}}
	}
	const first = "requestorSettings/onBehalfRequestors[0]"
	w.refuses(t, map[string]refusal{
		"no type":         {obj{at: []obj{{"userId": alice}}}, "", at + "[0]/@odata.type", "singleUser"},
		"strange type":    {target("robot", obj{}), "", at + "[0]/@odata.type", "'robot'"},
		"text":            {obj{at: []any{"x"}}, "", at + "[0]", "must be an object"},
		"no id":           {target("singleUser", obj{}), "", at + "[0]/userId", "userId is required"},
		"null id":         {target("groupMembers", obj{"groupId": nil}), "", at + "[0]/groupId", "groupId is required"},
		"no GUID":         {target("singleUser", obj{"userId": "alice@contoso.com"}), "", at + "[0]/userId", "GUID"},
		"two ids":         {target("singleUser", obj{"id": bob, "userId": alice}), "", at + "[0]/userId", "names two"},
		"wrong member":    {target("singleUser", obj{"groupId": alice}), "", at + "[0]/groupId", "'groupId'"},
		"backup":          {target("singleUser", obj{"userId": alice, "isBackup": true}), "", at + "[0]/isBackup", "fallbackPrimaryApprovers"},
		"NUL":             {target("singleUser", obj{"userId": alice, "description": "a\x00"}), "", "", "U+0000"},
		"unknown user":    {target("singleUser", obj{"userId": nowhere}), "", at + "[0]", "the user '" + nowhere},
		"unknown group":   {target("groupMembers", obj{"groupId": nowhere}), "", at + "[0]", "the group '" + nowhere},
		"unknown org":     {named("specificConnectedOrganizationUsers", "connectedOrganizationMembers", "connectedOrganizationId", nowhere), "", at + "[0]", "the connected organization '" + nowhere},
		"unknown app":     {named("specificDirectoryServicePrincipals", "singleServicePrincipal", "servicePrincipalId", nowhere), "", at + "[0]", "the service principal '" + nowhere},
		"manager target":  {target("requestorManager", obj{}), "", at + "[0]", "requestorManager"},
		"org of users":    {target("connectedOrganizationMembers", obj{"connectedOrganizationId": w.organization}), "", at + "[0]", "attributeRuleMembers"},
		"nobody":          {obj{"allowedTargetScope": "specificDirectoryUsers"}, "", at, "at least one"},
		"of all":          {obj{at: []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": alice}}}, "", at, "must be empty"},
		"level 0":         {manager(0), "", first + "/managerLevel", "between 1 and 4"},
		"level 5":         {manager(5), "", first + "/managerLevel", "between 1 and 4"},
		"level of text":   {manager("two"), "", first + "/managerLevel", "integer"},
		"a broken rule":   {target("attributeRuleMembers", obj{"membershipRule": "user.department"}), "", at + "[0]/membershipRule", "cannot be read, at column 16"},
		"a strange rule":  {target("attributeRuleMembers", obj{"membershipRule": `device.os -eq "x"`}), "", at + "[0]/membershipRule", "at column 1"},
		"an empty rule":   {target("attributeRuleMembers", obj{"membershipRule": nil}), "", at + "[0]/membershipRule", "1 to 3072"},
		"member of other": {target("attributeRuleMembers", obj{"membershipRule": "user.mail -ne null", "id": bob}), "", at + "[0]/id", "attributeRuleMembers"},
	})
}
