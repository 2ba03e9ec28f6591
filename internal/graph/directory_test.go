package graph

import (
	"testing"

	"anteroom/internal/entitlement"
)

func TestDirectory(t *testing.T) {
	e := newEnv(t)
	const own = "12345678-0000-4000-8000-000000000001"
	made := e.do("app", "POST", "/v1.0/users", obj{
		"id": own, "accountEnabled": true, "displayName": "Carol", "mailNickname": "carol", "userPrincipalName": "carol@contoso.com",
		"passwordProfile": obj{"forceChangePasswordNextSignIn": true, "password": "hunter2"},
	}).want(201)
	if made.id() != own || made.text("userType") != "Member" || made.get("mail") != nil || made.text("@odata.context") != "https://graph.test/v1.0/$metadata#users/$entity" {
		t.Errorf("user: %s", made.raw)
	}
	if _, ok := made.body["passwordProfile"]; ok {
		t.Error("the password comes back")
	}
	for _, path := range []string{"/v1.0/users/" + own, "/v1.0/users/CAROL@contoso.com", "/v1.0/users('carol%40contoso.com')"} {
		if got := e.do("app", "GET", path, nil).want(200); got.id() != own {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	if got := e.do("app", "GET", "/v1.0/users?$filter=userPrincipalName eq 'Carol@Contoso.com'&$select=id", nil).want(200); got.text("value", 0, "id") != own || got.text("@odata.context") != "https://graph.test/v1.0/$metadata#users(id)" {
		t.Errorf("users: %s", got.raw)
	}
	e.do("app", "GET", "/v1.0/users/nobody@contoso.com", nil).refused(404, entitlement.CodeNotFound, "nobody@contoso.com")
	e.do("app", "GET", "/v1.0/users/nobody", nil).refused(400, entitlement.CodeInvalidModel, "'nobody'")
	e.do("app", "POST", "/v1.0/users", obj{"displayName": "Carol", "userPrincipalName": "CAROL@contoso.com"}).refused(409, entitlement.CodeDuplicateKey)
	e.do("app", "POST", "/v1.0/users", obj{"displayName": "X", "userPrincipalName": "x@contoso.com", "manager": "y"}).refused(400, entitlement.CodeInvalidModel, "'manager'")
	e.do("app", "POST", "/v1.0/users", obj{"displayName": "X"}).refused(400, entitlement.CodeInvalidModel, "userPrincipalName is required")
	e.do("alice", "POST", "/v1.0/users", obj{"displayName": "X", "userPrincipalName": "x@contoso.com"}).refused(403, entitlement.CodeForbidden)

	group := e.do("app", "POST", "/v1.0/groups", obj{"displayName": "G", "mailEnabled": false, "mailNickname": "g", "securityEnabled": true, "groupTypes": []any{}}).want(201)
	if group.header.Get("Location") != "https://graph.test/v1.0/groups/"+group.id() {
		t.Errorf("Location %q", group.header.Get("Location"))
	}
	for _, path := range []string{"/v1.0/groups", "/v1.0/servicePrincipals"} { // users, groups and applications are told apart by their ids
		e.do("app", "POST", path, obj{"id": own, "displayName": "G"}).refused(409, entitlement.CodeDuplicateKey)
	}
	e.do("app", "POST", "/v1.0/users", obj{"id": group.id(), "displayName": "X", "userPrincipalName": "x@contoso.com"}).refused(409, entitlement.CodeDuplicateKey)
	e.do("app", "POST", "/v1.0/servicePrincipals", obj{"id": group.id(), "displayName": "X"}).refused(409, entitlement.CodeDuplicateKey)
	e.do("app", "POST", "/v1.0/groups", obj{"displayName": "G", "groupTypes": []string{"DynamicMembership"}}).refused(400, entitlement.CodeUnsupportedSetting, "dynamic")
	e.do("app", "POST", "/v1.0/groups", obj{"displayName": "G", "members@odata.bind": []string{"x"}}).refused(400, entitlement.CodeInvalidModel, "members@odata.bind")

	members := "/v1.0/groups/" + group.id() + "/members"
	e.do("app", "POST", members+"/$ref", obj{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + own}).want(204)
	e.do("app", "POST", members+"/$ref", obj{"@odata.id": "http://localhost:8080/beta/users('" + string(alice) + "')"}).want(204)
	e.do("app", "POST", members+"/$ref", obj{"@odata.id": "https://x/v1.0/users/" + string(alice)}).refused(400, entitlement.CodeBadRequest, "already exist")
	for _, ref := range []any{nil, 5, "", own, "https://x/v1.0/groups/" + own, "https://x/v1.0/users/carol@contoso.com", "https://x/v1.0/users%2f" + own, "::"} {
		e.do("app", "POST", members+"/$ref", obj{"@odata.id": ref}).refused(400, entitlement.CodeInvalidModel)
	}
	e.do("app", "POST", members+"/$ref", obj{}).refused(400, entitlement.CodeInvalidModel, "@odata.id is required")
	list := e.do("app", "GET", members+"?$top=1&$select=id,displayName", nil).want(200)
	if list.text("value", 0, "@odata.type") != "#microsoft.graph.user" || list.get("@odata.nextLink") == nil {
		t.Errorf("members: %s", list.raw)
	}
	if got := e.do("app", "GET", members+"?$filter=id eq '"+own+"'", nil).want(200); len(got.get("value").([]any)) != 1 || got.text("value", 0, "id") != own {
		t.Errorf("members: %s", got.raw)
	}
	if got := e.do("app", "GET", members+"/$count", nil).want(200); string(got.raw) != "2" {
		t.Errorf("count %q", got.raw)
	}
	e.do("app", "DELETE", members+"/"+own+"/$ref", nil).want(204)
	e.do("app", "DELETE", members+"/"+own+"/$ref", nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "DELETE", members+"/$ref?@id=https://x/v1.0/users/"+string(alice), nil).want(204)
	e.do("app", "DELETE", members+"/$ref", nil).refused(400, entitlement.CodeBadRequest, "@id")
	e.do("app", "GET", "/v1.0/groups/"+nowhere+"/members", nil).refused(404, entitlement.CodeNotFound)

	for id, typ := range map[string]string{own: "#microsoft.graph.user", group.id(): "#microsoft.graph.group"} {
		if got := e.do("app", "GET", "/v1.0/directoryObjects/"+id, nil).want(200); got.text("@odata.type") != typ || got.id() != id {
			t.Errorf("directory object: %s", got.raw)
		}
	}
	e.do("app", "GET", "/v1.0/directoryObjects/"+nowhere, nil).refused(404, entitlement.CodeNotFound)
}
