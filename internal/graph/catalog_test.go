package graph

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

func TestCatalogAndPackage(t *testing.T) {
	e := newEnv(t)
	made := e.do("app", "POST", "catalogs", obj{"displayName": "Sales", "catalogType": "serviceDefault", "createdDateTime": "x", "@odata.type": "#microsoft.graph.accessPackageCatalog"}).want(201)
	path := "catalogs/" + made.id()
	delete(made.body, "createdDateTime")
	delete(made.body, "modifiedDateTime")
	want := obj{
		"@odata.context": "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/catalogs/$entity",
		"id":             made.id(), "displayName": "Sales", "description": nil, "catalogType": "userManaged", "state": "published", "isExternallyVisible": false,
	}
	if diff := cmp.Diff(want, made.body); diff != "" {
		t.Error(diff)
	}
	e.do("app", "PATCH", path, obj{"description": "d", "state": "Unpublished", "isExternallyVisible": "true"}).want(204)
	e.do("app", "PATCH", path, obj{"displayName": "Sales 2"}).want(204)
	got := e.do("app", "GET", "catalogs('"+strings.ToUpper(made.id())+"')", nil).want(200)
	if got.text("description") != "d" || got.text("state") != "unpublished" || got.get("isExternallyVisible") != true || got.text("displayName") != "Sales 2" {
		t.Errorf("after PATCH: %s", got.raw)
	}
	e.do("app", "PATCH", path, obj{"description": nil}).want(204)
	if got := e.do("app", "GET", path, nil); got.get("description") != nil {
		t.Errorf("null did not clear: %s", got.raw)
	}

	pkg := e.make("accessPackages", obj{"displayName": "P", "catalog": obj{"id": made.id(), "displayName": "as it was read", "resources": nil}})
	got = e.do("app", "GET", "accessPackages/"+pkg+"?$expand=catalog,assignmentPolicies,resourceRoleScopes($expand=role,scope)", nil).want(200)
	if got.text("catalog", "id") != made.id() || got.get("isHidden") != false || len(got.get("assignmentPolicies").([]any)) != 0 {
		t.Errorf("package: %s", got.raw)
	}
	e.do("app", "PATCH", "accessPackages/"+pkg, obj{"isHidden": true, "catalog": obj{"id": nowhere}}).refused(400, entitlement.CodeInvalidModel, "cannot be moved")
	e.do("app", "PATCH", "accessPackages/"+pkg, obj{"isHidden": true, "catalog": obj{"id": made.id()}}).want(204)
	e.do("app", "DELETE", path, nil).refused(400, entitlement.CodeDeleteHasEntitlements, "access packages")
	e.do("app", "DELETE", "accessPackages/"+pkg, nil).want(204)
	e.do("app", "DELETE", path, nil).want(204)
	e.do("app", "GET", path, nil).refused(404, entitlement.CodeNotFound)
}

func TestConfigurationRefused(t *testing.T) {
	e := newEnv(t)
	for _, tc := range []struct {
		path string
		body any
		says string
	}{
		{"catalogs", obj{}, "displayName is required"},
		{"catalogs", obj{"displayName": nil}, "displayName is required"},
		{"catalogs", obj{"displayName": 5}, "Property 'displayName' must be a string, but it is a number"},
		{"catalogs", obj{"displayName": "x", "state": "unknownFutureValue"}, "unpublished or published"},
		{"catalogs", obj{"displayName": "x", "isExternallyVisible": 1}, "must be a boolean, but it is a number"},
		{"catalogs", obj{"displayName": "x", "uniqueName": "y"}, "The property 'uniqueName' does not exist on type 'microsoft.graph.accessPackageCatalog'"},
		{"catalogs", obj{"DisplayName": "x"}, "'DisplayName'"},
		{"accessPackages", obj{"displayName": "x"}, "catalog is required"},
		{"accessPackages", obj{"displayName": "x", "catalog": nil}, "catalog is required"},
		{"accessPackages", obj{"displayName": "x", "catalog": obj{"id": "general"}}, "'catalog/id' must be a GUID"},
		{"accessPackages", obj{"displayName": "x", "catalog@odata.bind": "y"}, "'catalog@odata.bind' is not supported"},
		{"resourceRequests", obj{}, "requestType is required"},
		{"resourceRequests", obj{"requestType": "adminAdd"}, "catalog is required"},
		{"resourceRequests", obj{"requestType": "adminAdd", "catalog": obj{"id": nowhere}}, "resource is required"},
		{"resourceRequests", obj{"requestType": "adminAdd", "catalog": obj{"id": nowhere}, "resource": obj{"originId": team}}, "resource is required"},
		{"accessPackages/" + nowhere + "/resourceRoleScopes", obj{"scope": obj{}}, "role is required"},
		{"accessPackages/" + nowhere + "/resourceRoleScopes", obj{"role": obj{}}, "scope is required"},
		{"accessPackages/x/resourceRoleScopes", obj{"role": obj{}}, "'x'"},
		{"accessPackages/" + nowhere + "/resourceRoleScopes", obj{"role": obj{"resource": obj{"originId": team}}, "scope": obj{"originId": crew}}, "must be the same group"},
	} {
		e.do("app", "POST", tc.path, tc.body).refused(400, entitlement.CodeInvalidModel, tc.says)
	}
	for _, tc := range []struct {
		path string
		body any
		says string
	}{
		{"accessPackages", obj{"displayName": "x", "resourceRoleScopes": []obj{{}}}, "resourceRoleScopes cannot be written"},
		{"resourceRequests", obj{"requestType": "adminAdd", "resource": obj{"originId": team, "originSystem": "AadApplication"}}, "'AadApplication'"},
		{"resourceRequests", obj{"requestType": "adminAdd", "resource": obj{"attributes": []obj{{}}}}, "resource/attributes"},
		{"accessPackages/" + nowhere + "/resourceRoleScopes", obj{"role": obj{}, "scope": obj{"isRootScope": false}}, "root scope"},
	} {
		e.do("app", "POST", tc.path, tc.body).refused(400, entitlement.CodeUnsupportedSetting, tc.says)
	}
}

func TestResources(t *testing.T) {
	w := newWorld(t)
	path := "catalogs/" + w.catalog + "/resources"
	a := w.do("app", "GET", path+"?$filter=originId%20eq%20'"+strings.ToUpper(string(team))+"'&$expand=roles,scopes($expand=resource)", nil).want(200)
	id := a.text("value", 0, "id")
	if a.text("value", 0, "roles", 0, "originId") != "Member_"+string(team) || a.text("value", 0, "scopes", 0, "displayName") != "Root" ||
		a.get("value", 0, "scopes", 0, "isRootScope") != true || a.text("value", 0, "scopes", 0, "resource", "id") != id {
		t.Errorf("resource: %s", a.raw)
	}
	if a := w.do("app", "GET", path+"?$filter=startswith(originId, '"+string(crew)+"')", nil).want(200); len(a.get("value").([]any)) != 0 {
		t.Errorf("another group's resource: %s", a.raw)
	}
	roles := w.do("app", "GET", "catalogs/"+w.catalog+"/resourceRoles?$filter=(originSystem+eq+'AadGroup'+and+resource/id+eq+'"+id+"')&$expand=resource", nil).want(200)
	if roles.text("value", 0, "resource", "id") != id || roles.text("value", 0, "displayName") != "Member" || roles.text("value", 0, "type") != "active" {
		t.Errorf("roles: %s", roles.raw)
	}
	w.do("app", "GET", path+"/"+id, nil).want(200)
	w.do("app", "GET", "catalogs/"+nowhere+"/resources", nil).refused(404, entitlement.CodeNotFound)
	w.do("app", "GET", path+"/"+nowhere, nil).refused(404, entitlement.CodeNotFound)

	scope := "accessPackages/" + w.pkg + "/resourceRoleScopes/" + w.roleScope
	if got := w.do("app", "GET", "accessPackages/"+w.pkg+"/resourceRoleScopes('"+strings.ToUpper(w.roleScope)+"')?$expand=role($expand=resource),scope", nil).want(200); got.id() != w.roleScope ||
		got.text("role", "resource", "originId") != string(team) || got.text("scope", "originId") != string(team) {
		t.Errorf("role scope: %s", got.raw)
	}
	if got := w.do("app", "GET", "accessPackages/"+w.pkg+"?$expand=resourceRoleScopes($expand=role,scope)", nil).want(200); got.text("resourceRoleScopes", 0, "id") != w.roleScope {
		t.Errorf("package: %s", got.raw)
	}
	remove := obj{"requestType": "AdminRemove", "catalog": obj{"id": w.catalog}, "resource": obj{"id": id}}
	w.do("app", "POST", "resourceRequests", remove).refused(400, entitlement.CodeDeleteHasEntitlements)
	w.do("app", "GET", "accessPackages/"+w.pkg+"/resourceRoleScopes/"+nowhere, nil).refused(400, entitlement.CodeInvalidModel, "<role id>_<scope id>")
	w.do("app", "DELETE", "accessPackages/"+w.pkg+"/resourceRoleScopes/"+nowhere+"_"+nowhere, nil).refused(404, entitlement.CodeNotFound, nowhere+"_"+nowhere)
	w.do("app", "DELETE", scope, nil).want(204)
	w.do("app", "GET", scope, nil).refused(404, entitlement.CodeNotFound, w.roleScope)
	done := w.do("app", "POST", "resourceRequests", remove).want(201)
	if done.text("requestType") != "adminRemove" || done.text("state") != "delivered" {
		t.Errorf("resource request: %s", done.raw)
	}
	got := w.do("app", "GET", "resourceRequests/"+done.id()+"?$expand=catalog,resource", nil).want(200)
	if got.text("catalog", "id") != w.catalog || got.get("resource") != nil {
		t.Errorf("resource request: %s", got.raw)
	}
	w.do("app", "POST", "accessPackages/"+w.pkg+"/resourceRoleScopes", obj{"role": obj{"originId": "Owner_" + string(team), "resource": obj{"id": id}}, "scope": obj{"originId": team}}).refused(404, entitlement.CodeNotFound)
}
