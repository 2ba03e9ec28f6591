package graph

import (
	"context"
	"testing"

	"anteroom/internal/entitlement"
)

func TestIncompatible(t *testing.T) {
	w := newWorld(t)
	other := w.make("accessPackages", obj{"displayName": "Buyers", "catalog": obj{"id": w.catalog}})
	third := w.make("accessPackages", obj{"displayName": "Auditors", "catalog": obj{"id": w.catalog}})
	path := "accessPackages/" + w.pkg
	ref := func(s string) obj { return obj{"@odata.id": s} }
	toPackage := "https://graph.microsoft.com/v1.0/identityGovernance/entitlementManagement/accessPackages/"
	w.do("app", "POST", path+"/incompatibleAccessPackages/$ref", ref(toPackage+other)).want(204)
	w.do("app", "POST", path+"/incompatibleAccessPackages/$ref", ref("accessPackages('"+third+"')")).want(204)
	w.do("app", "POST", path+"/incompatibleGroups/$ref", ref("https://graph.microsoft.com/v1.0/groups/"+string(crew))).want(204)
	w.do("app", "POST", path+"/incompatibleAccessPackages/$ref", ref(toPackage+other)).refused(400, entitlement.CodeBadRequest, "already exist")
	w.do("app", "POST", path+"/incompatibleGroups/$ref", ref("https://x/v1.0/directoryObjects/"+string(crew))).refused(400, entitlement.CodeBadRequest, "already exist")

	a := w.do("reader", "GET", path+"/incompatibleAccessPackages?$count=true&$top=1", nil).want(200)
	if a.get("@odata.count") != 2.0 || len(a.get("value").([]any)) != 1 || a.text("@odata.nextLink") == "" {
		t.Errorf("packages: %s", a.raw)
	}
	a = w.do("app", "GET", path+"/incompatibleAccessPackages?$select=displayName&$filter=id eq '"+other+"'", nil).want(200)
	if len(a.get("value").([]any)) != 1 || a.text("value", 0, "displayName") != "Buyers" {
		t.Errorf("packages: %s", a.raw)
	}
	a = w.do("app", "GET", path+"/incompatibleGroups", nil).want(200)
	if len(a.get("value").([]any)) != 1 || a.text("value", 0, "id") != string(crew) {
		t.Errorf("groups: %s", a.raw)
	}
	a = w.do("app", "GET", "accessPackages/"+other+"/accessPackagesIncompatibleWith", nil).want(200)
	if len(a.get("value").([]any)) != 1 || a.text("value", 0, "id") != w.pkg {
		t.Errorf("inverse: %s", a.raw)
	}
	if a := w.do("app", "GET", "accessPackages/"+other+"/incompatibleAccessPackages/$count", nil).want(200); string(a.raw) != "0" {
		t.Errorf("the link goes both ways: %s", a.raw)
	}
	a = w.do("app", "GET", "accessPackages?$expand=incompatibleAccessPackages,incompatibleGroups($select=id),accessPackagesIncompatibleWith", nil).want(200)
	for i, v := range a.get("value").([]any) {
		n := map[string][3]int{w.pkg: {2, 1, 0}, other: {0, 0, 1}, third: {0, 0, 1}}[v.(obj)["id"].(string)]
		for j, name := range []string{"incompatibleAccessPackages", "incompatibleGroups", "accessPackagesIncompatibleWith"} {
			if got := len(a.get("value", i, name).([]any)); got != n[j] {
				t.Errorf("package %v has %d %s, want %d", v.(obj)["displayName"], got, name, n[j])
			}
		}
	}
	w.do("alice", "GET", path+"/incompatibleGroups", nil).refused(403, entitlement.CodeForbidden)
	w.do("reader", "POST", path+"/incompatibleGroups/$ref", ref("groups/"+string(team))).refused(403, entitlement.CodeForbidden)

	w.do("app", "DELETE", path+"/incompatibleAccessPackages/"+string(crew)+"/$ref", nil).refused(404, entitlement.CodeNotFound, "not among the incompatibleAccessPackages")
	w.do("app", "DELETE", path+"/incompatibleGroups/"+other+"/$ref", nil).refused(404, entitlement.CodeNotFound, "not among the incompatibleGroups")
	w.do("app", "DELETE", path+"/incompatibleAccessPackages/"+third+"/$ref", nil).want(204)
	w.do("app", "DELETE", path+"/incompatibleGroups/$ref?@id=https%3A%2F%2Fx%2Fv1.0%2Fgroups%2F"+string(crew), nil).want(204)
	w.do("app", "DELETE", "accessPackages/"+other, nil).want(204)
	if a := w.do("app", "GET", path+"/incompatibleAccessPackages/$count", nil).want(200); string(a.raw) != "0" {
		t.Errorf("the link to a package that was deleted is still there: %s", a.raw)
	}
}

func TestIncompatibleRefused(t *testing.T) {
	w := newWorld(t)
	path := "accessPackages/" + w.pkg + "/incompatibleAccessPackages"
	for _, tc := range []struct {
		verb, path string
		body       any
		status     int
		code       entitlement.Code
		says       string
	}{
		{"POST", path + "/$ref", obj{"@odata.id": "x/accessPackages/" + w.pkg}, 400, entitlement.CodeInvalidModel, "incompatible with itself"},
		{"POST", path + "/$ref", obj{"@odata.id": "x/accessPackages/" + nowhere}, 404, entitlement.CodeNotFound, nowhere},
		{"POST", path + "/$ref", obj{"@odata.id": "x/groups/" + string(team)}, 400, entitlement.CodeInvalidModel, "the URL of an access package"},
		{"POST", path + "/$ref", obj{"@odata.id": "x/accessPackages/y"}, 400, entitlement.CodeInvalidModel, "the URL of an access package"},
		{"POST", path + "/$ref", obj{"@odata.id": "https://%zz"}, 400, entitlement.CodeInvalidModel, "the URL of an access package"},
		{"POST", path + "/$ref", obj{"@odata.id": 5}, 400, entitlement.CodeInvalidModel, "must be a string"},
		{"POST", path + "/$ref", obj{"id": w.pkg}, 400, entitlement.CodeInvalidModel, "'id' does not exist"},
		{"POST", path + "/$ref", obj{}, 400, entitlement.CodeInvalidModel, "@odata.id is required"},
		{"POST", "accessPackages/" + nowhere + "/incompatibleGroups/$ref", obj{"@odata.id": "groups/" + string(team)}, 404, entitlement.CodeNotFound, nowhere},
		{"POST", "accessPackages/" + w.pkg + "/incompatibleGroups/$ref", obj{"@odata.id": "groups/" + nowhere}, 404, entitlement.CodeNotFound, nowhere},
		{"DELETE", path + "/$ref", nil, 400, entitlement.CodeBadRequest, "@id="},
		{"DELETE", path + "/$ref?@id=x", nil, 400, entitlement.CodeBadRequest, "@id is 'x'"},
		{"DELETE", path + "/x/$ref", nil, 400, entitlement.CodeInvalidModel, "not a GUID"},
		{"DELETE", path + "/" + nowhere + "/$ref", nil, 404, entitlement.CodeNotFound, nowhere},
		{"GET", "accessPackages/" + nowhere + "/incompatibleGroups", nil, 404, entitlement.CodeNotFound, nowhere},
		{"POST", path, obj{}, 405, entitlement.CodeMethodNotAllowed, "GET"},
		{"POST", "accessPackages/" + w.pkg + "/accessPackagesIncompatibleWith", obj{}, 405, entitlement.CodeMethodNotAllowed, "GET"},
	} {
		w.do("app", tc.verb, tc.path, tc.body).refused(tc.status, tc.code, tc.says)
	}
}

// TestIncompatibleLimit: the links of a package have a limit.
func TestIncompatibleLimit(t *testing.T) {
	w := newWorld(t)
	actor := entitlement.Actor{Tenant: testTenant, ObjectID: app, Permissions: []string{entitlement.PermissionReadWrite}}
	ctx := context.Background()
	for range 200 {
		g := &entitlement.Group{DisplayName: "g", SecurityEnabled: true}
		if err := w.engine.CreateGroup(ctx, actor, g); err != nil {
			t.Fatal(err)
		}
		if err := w.engine.AddIncompatibleGroup(ctx, actor, entitlement.ID(w.pkg), g.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.do("app", "POST", "accessPackages/"+w.pkg+"/incompatibleGroups/$ref", obj{"@odata.id": "groups/" + string(crew)}).refused(400, entitlement.CodeLimitExceeded, "200")
	w.do("app", "DELETE", "accessPackages/"+w.pkg, nil).want(204)
}
