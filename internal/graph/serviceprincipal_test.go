package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

const robot = "50000000-0000-4000-8000-000000000001"

func TestServicePrincipals(t *testing.T) {
	e := newEnv(t)
	const at = "/v1.0/servicePrincipals"
	made := e.do("app", "POST", at, obj{"id": robot, "appId": nowhere, "displayName": "Robot", "servicePrincipalType": "ServiceIdentity"}).want(201)
	if made.id() != robot || made.text("appId") != nowhere || made.get("accountEnabled") != true || made.header.Get("Location") != "https://graph.test"+at+"/"+robot {
		t.Errorf("made: %s", made.raw)
	}
	other := e.do("app", "POST", at, obj{"displayName": "Other"}).want(201)
	if other.text("servicePrincipalType") != "Application" || other.get("appId") != nil {
		t.Errorf("other: %s", other.raw)
	}
	if got := e.do("app", "GET", at+"?$filter=displayName eq 'ROBOT'", nil).want(200); cmp.Diff([]string{robot}, got.ids()) != "" {
		t.Errorf("list: %s", got.raw)
	}
	e.do("app", "PATCH", at+"/"+robot, obj{"accountEnabled": false, "appId": nil}).want(204)
	if got := e.do("app", "GET", at+"/"+robot, nil).want(200); got.get("accountEnabled") != false || got.get("appId") != nil || got.text("displayName") != "Robot" {
		t.Errorf("after PATCH: %s", got.raw)
	}
	if got := e.do("app", "GET", "/v1.0/directoryObjects/"+robot, nil).want(200); got.text("@odata.type") != "#microsoft.graph.servicePrincipal" {
		t.Errorf("directory object: %s", got.raw)
	}
	for _, list := range []string{"owners", "sponsors"} {
		people := at + "/" + robot + "/" + list
		e.do("app", "POST", people+"/$ref", ref(aliceAt)).want(204)
		e.do("app", "POST", people+"/$ref", ref(aliceAt)).refused(400, entitlement.CodeBadRequest, list)
		if got := e.do("app", "GET", people, nil).want(200); cmp.Diff([]string{string(alice)}, got.ids()) != "" {
			t.Errorf("%s: %s", list, got.raw)
		}
		if got := e.do("app", "GET", at+"/"+robot+"?$expand="+list, nil).want(200); got.text(list, 0, "id") != string(alice) {
			t.Errorf("expanded: %s", got.raw)
		}
		e.do("app", "DELETE", people+"/"+string(alice)+"/$ref", nil).want(204)
		e.do("app", "DELETE", people+"/"+string(alice)+"/$ref", nil).refused(404, entitlement.CodeNotFound, list)
		e.do("app", "GET", at+"/"+nowhere+"/"+list, nil).refused(404, entitlement.CodeNotFound)
	}
	e.do("app", "DELETE", at+"/"+robot, nil).want(204)
	e.do("app", "DELETE", at+"/"+robot, nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "GET", "/v1.0/directoryObjects/"+robot, nil).refused(404, entitlement.CodeNotFound, "directoryObject")
}

func TestServicePrincipalRefused(t *testing.T) {
	e := newEnv(t)
	const at = "/v1.0/servicePrincipals"
	e.make(at, obj{"id": robot, "displayName": "Robot"})
	for _, tt := range []struct {
		name   string
		body   obj
		status int
		code   entitlement.Code
		word   string
	}{
		{"no name", obj{}, 400, entitlement.CodeInvalidModel, "displayName is required"},
		{"a type", obj{"displayName": "X", "servicePrincipalType": "Robot"}, 400, entitlement.CodeInvalidModel, "'Robot'"},
		{"no GUID", obj{"displayName": "X", "appId": "x"}, 400, entitlement.CodeInvalidModel, "appId"},
		{"a bad id", obj{"displayName": "X", "id": "x"}, 400, entitlement.CodeInvalidModel, "'id'"},
		{"owners", obj{"displayName": "X", "owners": []any{}}, 400, entitlement.CodeInvalidModel, "'owners'"},
		{"an id twice", obj{"displayName": "X", "id": robot}, 409, entitlement.CodeDuplicateKey, robot},
		{"the id of a user", obj{"displayName": "X", "id": alice}, 409, entitlement.CodeDuplicateKey, string(alice)},
	} {
		t.Run(tt.name, func(t *testing.T) { e.do("app", "POST", at, tt.body).refused(tt.status, tt.code, tt.word) })
	}
	e.do("app", "POST", "/v1.0/users", obj{"id": robot, "displayName": "X", "userPrincipalName": "x@contoso.com"}).refused(409, entitlement.CodeDuplicateKey)
	e.do("alice", "POST", at, obj{"displayName": "X"}).refused(403, entitlement.CodeForbidden)
	e.do("alice", "GET", at+"/"+robot, nil).refused(403, entitlement.CodeForbidden)
	e.do("app", "PATCH", at+"/"+robot, obj{"displayName": ""}).refused(400, entitlement.CodeInvalidModel, "displayName")
	e.do("app", "PATCH", at+"/"+nowhere, obj{"displayName": "X"}).refused(404, entitlement.CodeNotFound)
}

func TestMembersOfBothKinds(t *testing.T) {
	e := newEnv(t)
	e.make("/v1.0/servicePrincipals", obj{"id": robot, "displayName": "Robot"})
	members := "/v1.0/groups/" + string(team) + "/members"
	e.do("app", "POST", members+"/$ref", ref("/v1.0/servicePrincipals/"+robot)).want(204)
	e.do("app", "POST", members+"/$ref", ref(aliceAt)).want(204)
	e.do("app", "POST", members+"/$ref", ref("/v1.0/directoryObjects/"+nowhere)).refused(404, entitlement.CodeNotFound, "no service principal")
	got := e.do("app", "GET", members+"?$select=ID,userPrincipalName,appId", nil).want(200)
	want := []any{
		obj{"@odata.type": "#microsoft.graph.servicePrincipal", "id": robot, "appId": nil},
		obj{"@odata.type": "#microsoft.graph.user", "id": string(alice), "userPrincipalName": "alice@contoso.com"},
	}
	if diff := cmp.Diff(want, got.get("value")); diff != "" || got.text("@odata.context") != "https://graph.test/v1.0/$metadata#groups('"+string(team)+"')/members(id,userPrincipalName,appId)" {
		t.Errorf("members (-want +got):\n%s\n%s", diff, got.raw)
	}
	got = e.do("app", "GET", members+"?$select=mail", nil).want(200)
	if diff := cmp.Diff(obj{"@odata.type": "#microsoft.graph.servicePrincipal", "id": robot}, got.get("value", 0)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	e.do("app", "GET", members+"?$select=nonsense", nil).refused(400, entitlement.CodeBadRequest, "nonsense")
	e.do("app", "GET", members+"?$expand=manager", nil).refused(400, entitlement.CodeBadRequest, "manager")
	e.do("app", "DELETE", "/v1.0/servicePrincipals/"+robot, nil).want(204)
	if got := e.do("app", "GET", members, nil).want(200); cmp.Diff([]string{string(alice)}, got.ids()) != "" {
		t.Errorf("members: %s", got.raw)
	}
}

func TestDeletedGroup(t *testing.T) {
	w := newWorld(t)
	at := "/v1.0/groups/" + string(team)
	w.do("app", "PATCH", at, obj{"displayName": "The team", "description": "All of us"}).want(204)
	if got := w.do("app", "GET", at, nil).want(200); got.text("displayName") != "The team" || got.get("securityEnabled") != true {
		t.Errorf("group: %s", got.raw)
	}
	w.do("app", "PATCH", at, obj{"displayName": ""}).refused(400, entitlement.CodeInvalidModel, "displayName")
	w.do("app", "PATCH", at, obj{"groupTypes": []any{"DynamicMembership"}}).refused(400, entitlement.CodeUnsupportedSetting, "dynamic")
	w.do("alice", "DELETE", at, nil).refused(403, entitlement.CodeForbidden)
	w.do("app", "POST", "accessPackages/"+w.pkg+"/incompatibleGroups/$ref", ref(at)).want(204)
	w.ask(alice)

	w.do("app", "DELETE", at, nil).want(204)
	w.do("app", "GET", at, nil).refused(404, entitlement.CodeNotFound)
	w.do("app", "DELETE", at, nil).refused(404, entitlement.CodeNotFound)
	if got := w.do("app", "GET", "accessPackages/"+w.pkg+"/incompatibleGroups", nil).want(200); len(got.ids()) != 0 {
		t.Errorf("incompatible groups: %s", got.raw)
	}
	assignment := w.do("app", "GET", "assignments", nil).want(200).text("value", 0, "id")
	w.do("app", "POST", "assignments/"+assignment+"/reprocess", nil)
	if got := w.do("app", "GET", "assignments/"+assignment, nil).want(200); got.text("state") != "partiallyDelivered" {
		t.Errorf("assignment: %s", got.raw)
	}
}
