package graph

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

const (
	aliceAt = "/v1.0/users/" + string(alice)
	bobAt   = "/v1.0/users/" + string(bob)
)

func ref(path string) obj { return obj{"@odata.id": "https://elsewhere.test" + path} }

func TestUserProfile(t *testing.T) {
	e := newEnv(t)
	profile := obj{
		"identities":     []any{obj{"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": nil}},
		"otherMails":     []any{"c@fabrikam.example", "d@fabrikam.example"},
		"proxyAddresses": []any{"SMTP:c@contoso.com"},
		"businessPhones": []any{"+32 9 000"},
	}
	for _, name := range userTexts {
		profile[name] = "the " + name
	}
	made := e.do("app", "POST", "/v1.0/users", with(profile, obj{
		"displayName": "Carol", "userPrincipalName": "carol@contoso.com", "onPremisesExtensionAttributes": obj{"extensionAttribute1": "x", "extensionAttribute15": "y"},
	})).want(201)
	at := "/v1.0/users/" + made.id()
	got := e.do("app", "GET", at, nil).want(200)
	for name, want := range profile {
		if diff := cmp.Diff(want, got.get(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got.text("onPremisesExtensionAttributes", "extensionAttribute1") != "x" || got.get("onPremisesExtensionAttributes", "extensionAttribute2") != nil {
		t.Errorf("extension attributes: %s", got.raw)
	}

	e.do("app", "PATCH", "/v1.0/users/carol@contoso.com", obj{
		"jobTitle": nil, "city": "Cork", "otherMails": []any{}, "businessPhones": []any{}, "identities": nil, "accountEnabled": false, "id": nowhere,
		"onPremisesExtensionAttributes": obj{"extensionAttribute1": nil, "extensionAttribute2": "z"},
	}).want(204)
	got = e.do("app", "GET", at, nil).want(200)
	attributes := got.get("onPremisesExtensionAttributes").(obj)
	switch {
	case got.get("jobTitle") != nil, got.text("city") != "Cork", got.text("department") != "the department", got.get("accountEnabled") != false:
		t.Errorf("after PATCH: %s", got.raw)
	case len(got.get("businessPhones").([]any)) != 0, len(got.get("otherMails").([]any)) != 0, len(got.get("identities").([]any)) != 0, len(got.get("proxyAddresses").([]any)) != 1:
		t.Errorf("collections after PATCH: %s", got.raw)
	case attributes["extensionAttribute1"] != nil, attributes["extensionAttribute2"] != "z", attributes["extensionAttribute15"] != "y":
		t.Errorf("extension attributes after PATCH: %s", got.raw)
	}
	e.do("app", "PATCH", at, obj{"onPremisesExtensionAttributes": nil}).want(204)
	back := e.do("app", "PATCH", at, obj{"accountEnabled": true}, "Prefer", "return=representation").want(200)
	if back.get("accountEnabled") != true || back.get("onPremisesExtensionAttributes", "extensionAttribute15") != nil {
		t.Errorf("representation: %s", back.raw)
	}

	e.do("app", "DELETE", at, nil).want(204)
	e.do("app", "GET", at, nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "DELETE", at, nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "PATCH", at, obj{"city": "X"}).refused(404, entitlement.CodeNotFound)
}

// with is one object with the members of another.
func with(a, b obj) obj {
	c := obj{}
	for _, o := range []obj{a, b} {
		for name, v := range o {
			c[name] = v
		}
	}
	return c
}

func TestUserRefused(t *testing.T) {
	e := newEnv(t)
	for _, tt := range []struct {
		name   string
		body   any
		status int
		code   entitlement.Code
		word   string
	}{
		{"no such property", obj{"manger": "x"}, 400, entitlement.CodeInvalidModel, "'manger'"},
		{"a link", obj{"manager": obj{"id": bob}}, 400, entitlement.CodeInvalidModel, "'manager'"},
		{"a number", obj{"jobTitle": 5}, 400, entitlement.CodeInvalidModel, "'jobTitle' must be a string"},
		{"too long", obj{"city": strings.Repeat("x", entitlement.MaxText+1)}, 400, entitlement.CodeInvalidModel, "city"},
		{"no name", obj{"displayName": nil}, 400, entitlement.CodeInvalidModel, "displayName"},
		{"no principal name", obj{"userPrincipalName": nil}, 400, entitlement.CodeInvalidModel, "userPrincipalName"},
		{"somebody else's name", obj{"userPrincipalName": "BOB@contoso.com"}, 409, entitlement.CodeDuplicateKey, "userPrincipalName"},
		{"a type", obj{"userType": "Robot"}, 400, entitlement.CodeInvalidModel, "'Robot'"},
		{"enabled by a word", obj{"accountEnabled": "maybe"}, 400, entitlement.CodeInvalidModel, "accountEnabled"},
		{"mails that are none", obj{"otherMails": "x"}, 400, entitlement.CodeInvalidModel, "otherMails"},
		{"a blank mail", obj{"otherMails": []any{"a@b.example", " "}}, 400, entitlement.CodeInvalidModel, "otherMails[1]"},
		{"a null address", obj{"proxyAddresses": []any{nil}}, 400, entitlement.CodeInvalidModel, "proxyAddresses[0]"},
		{"too many mails", obj{"otherMails": strings.Split(strings.Repeat("a@b.example ", entitlement.MaxAttributes)+"a@b.example", " ")}, 400, entitlement.CodeInvalidModel, "at most"},
		{"an identity of text", obj{"identities": []any{"x"}}, 400, entitlement.CodeInvalidModel, "identities[0]"},
		{"an identity without a type", obj{"identities": []any{obj{"issuer": "x"}}}, 400, entitlement.CodeInvalidModel, "identities[0]/signInType"},
		{"an identity without an issuer", obj{"identities": []any{obj{"signInType": "x"}}}, 400, entitlement.CodeInvalidModel, "identities[0]/issuer"},
		{"an identity with more", obj{"identities": []any{obj{"signInType": "x", "issuer": "y", "z": 1}}}, 400, entitlement.CodeInvalidModel, "'z'"},
		{"attribute 16", obj{"onPremisesExtensionAttributes": obj{"extensionAttribute16": "x"}}, 400, entitlement.CodeInvalidModel, "'extensionAttribute16'"},
		{"attribute 01", obj{"onPremisesExtensionAttributes": obj{"extensionAttribute01": "x"}}, 400, entitlement.CodeInvalidModel, "'extensionAttribute01'"},
		{"attributes of text", obj{"onPremisesExtensionAttributes": "x"}, 400, entitlement.CodeInvalidModel, "onPremisesExtensionAttributes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.do("app", "PATCH", aliceAt, tt.body).refused(tt.status, tt.code, tt.word)
		})
	}
	e.do("alice", "PATCH", aliceAt, obj{"displayName": "Boss"}).refused(403, entitlement.CodeForbidden)
	e.do("reader", "DELETE", aliceAt, nil).refused(403, entitlement.CodeForbidden)
	e.do("reader", "PUT", aliceAt+"/manager/$ref", ref(bobAt)).refused(403, entitlement.CodeForbidden)
}

func TestManager(t *testing.T) {
	e := newEnv(t)
	carol := e.make("/v1.0/users", obj{"displayName": "Carol", "userPrincipalName": "carol@contoso.com"})
	carolAt := "/v1.0/users/" + carol
	e.do("app", "GET", aliceAt+"/manager", nil).refused(404, entitlement.CodeNotFound, "no manager")
	e.do("app", "DELETE", aliceAt+"/manager/$ref", nil).refused(404, entitlement.CodeNotFound, "no manager")
	e.do("app", "PUT", "/v1.0/users/alice@contoso.com/manager/$ref", ref(bobAt)).want(204)
	if got := e.do("app", "GET", aliceAt+"/manager?$select=id", nil).want(200); got.id() != string(bob) || got.text("@odata.type") != "#microsoft.graph.user" {
		t.Errorf("manager: %s", got.raw)
	}
	e.do("app", "PUT", bobAt+"/manager/$ref", ref("/beta/directoryObjects/"+carol)).want(204)
	e.do("app", "PUT", carolAt+"/manager/$ref", ref(carolAt)).refused(400, entitlement.CodeInvalidModel, "their own manager")
	e.do("app", "PUT", carolAt+"/manager/$ref", ref(aliceAt)).refused(400, entitlement.CodeInvalidModel, "go round")
	e.do("app", "PUT", carolAt+"/manager/$ref", ref("/v1.0/users/"+nowhere)).refused(404, entitlement.CodeNotFound)
	for _, bad := range []any{obj{}, ref("/v1.0/groups/" + string(team)), ref("/v1.0/users/carol@contoso.com"), obj{"@odata.id": 5}, obj{"id": bob}} {
		e.do("app", "PUT", carolAt+"/manager/$ref", bad).refused(400, entitlement.CodeInvalidModel)
	}
	e.do("app", "PUT", carolAt+"/manager/$ref", obj{}).refused(400, entitlement.CodeInvalidModel, "@odata.id is required")

	if got := e.do("app", "GET", bobAt+"/directReports", nil).want(200); cmp.Diff([]string{string(alice)}, got.ids()) != "" {
		t.Errorf("direct reports: %s", got.raw)
	}
	if got := e.do("app", "GET", bobAt+"/directReports/$count", nil).want(200); string(got.raw) != "1" {
		t.Errorf("count: %s", got.raw)
	}
	got := e.do("app", "GET", "/v1.0/users?$filter=displayName eq 'Alice'&$expand=manager($select=id;$expand=manager($select=displayName))&$select=id", nil).want(200)
	if got.text("value", 0, "manager", "id") != string(bob) || got.text("value", 0, "manager", "manager", "displayName") != "Carol" {
		t.Errorf("expanded: %s", got.raw)
	}
	e.do("app", "DELETE", carolAt, nil).want(204)
	e.do("app", "GET", bobAt+"/manager", nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "DELETE", aliceAt+"/manager/$ref", nil).want(204)
	e.do("app", "GET", aliceAt+"/manager", nil).refused(404, entitlement.CodeNotFound)
}

func TestSponsorsOfUser(t *testing.T) {
	e := newEnv(t)
	at := aliceAt + "/sponsors"
	if got := e.do("app", "GET", at, nil).want(200); len(got.ids()) != 0 {
		t.Errorf("sponsors: %s", got.raw)
	}
	e.do("app", "POST", at+"/$ref", ref(bobAt)).want(204)
	e.do("app", "POST", at+"/$ref", ref(bobAt)).refused(400, entitlement.CodeBadRequest, "sponsors")
	e.do("app", "POST", at+"/$ref", ref("/v1.0/users/"+nowhere)).refused(404, entitlement.CodeNotFound)
	e.do("app", "POST", at+"/$ref", ref("/v1.0/groups/"+string(team))).refused(400, entitlement.CodeInvalidModel, "a user")
	if got := e.do("app", "GET", at+"?$count=true", nil).want(200); cmp.Diff([]string{string(bob)}, got.ids()) != "" || got.get("@odata.count") != 1.0 || got.text("value", 0, "@odata.type") != "#microsoft.graph.user" {
		t.Errorf("sponsors: %s", got.raw)
	}
	if got := e.do("app", "GET", aliceAt+"?$expand=sponsors($select=id)", nil).want(200); got.text("sponsors", 0, "id") != string(bob) {
		t.Errorf("expanded: %s", got.raw)
	}
	e.do("app", "DELETE", at+"/"+string(bob)+"/$ref", nil).want(204)
	e.do("app", "DELETE", at+"/"+string(bob)+"/$ref", nil).refused(404, entitlement.CodeNotFound, "sponsors")
	e.do("app", "DELETE", at+"/$ref", nil).refused(400, entitlement.CodeBadRequest, "@id")
}
