package graph

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

const partner = "c0ffee00-0000-4000-8000-0000000000AA"

func source(typ string, members obj) obj {
	o := obj{"@odata.type": "#microsoft.graph." + typ, "displayName": "Partner"}
	for name, v := range members {
		o[name] = v
	}
	return o
}

func TestConnectedOrganization(t *testing.T) {
	e := newEnv(t)
	made := e.do("app", "POST", "connectedOrganizations", obj{
		"@odata.type": "#microsoft.graph.connectedOrganization", "displayName": "Partner", "description": "d", "createdDateTime": "x", "internalSponsors": []obj{},
		"identitySources": []obj{
			source("azureActiveDirectoryTenant", obj{"tenantId": partner}),
			source("crossCloudAzureActiveDirectoryTenant", obj{"tenantId": partner, "cloudInstance": "microsoftonline.us"}),
			source("domainIdentitySource", obj{"domainName": "partner.example"}),
			source("externalDomainFederation", obj{"issuerUri": "https://idp.partner.example", "domainName": "partner.example"}),
			source("SocialIdentitySource", obj{"socialIdentitySourceType": "Facebook"}),
		},
	}).want(201)
	path := "connectedOrganizations/" + made.id()
	if at := made.header.Get("Location"); at != "https://graph.test"+em+"/"+path {
		t.Errorf("Location is %s", at)
	}
	got := e.do("reader", "GET", path, nil).want(200)
	for _, name := range []string{"createdDateTime", "modifiedDateTime"} {
		if !isTime(got.text(name)) {
			t.Errorf("%s is %q", name, got.text(name))
		}
		delete(got.body, name)
	}
	tenant := "c0ffee00-0000-4000-8000-0000000000aa"
	want := obj{
		"@odata.context": "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/connectedOrganizations/$entity",
		"id":             made.id(), "displayName": "Partner", "description": "d", "state": "configured",
		"identitySources": []any{
			source("azureActiveDirectoryTenant", obj{"tenantId": tenant}),
			source("crossCloudAzureActiveDirectoryTenant", obj{"tenantId": tenant, "cloudInstance": "microsoftonline.us"}),
			source("domainIdentitySource", obj{"domainName": "partner.example"}),
			source("externalDomainFederation", obj{"issuerUri": "https://idp.partner.example", "domainName": "partner.example"}),
			source("socialIdentitySource", obj{"socialIdentitySourceType": "facebook"}),
		},
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Error(diff)
	}
	changed := e.do("app", "PATCH", path, obj{"state": "Proposed", "identitySources": []obj{}}).want(202)
	if changed.text("state") != "proposed" || changed.text("displayName") != "Partner" || len(changed.get("identitySources").([]any)) != 0 {
		t.Errorf("after PATCH: %s", changed.raw)
	}
	for filter, n := range map[string]int{
		"displayName eq 'Partner'": 1, "displayName eq 'x'": 0, "state eq 'proposed'": 1, "state eq 'configured'": 0,
	} {
		list := e.do("app", "GET", "connectedOrganizations?$select=id,state&$count=true&$filter="+filter, nil).want(200)
		if got := list.get("@odata.count"); got != float64(n) {
			t.Errorf("%s: %v, want %d", filter, got, n)
		}
	}
	e.do("alice", "GET", "connectedOrganizations", nil).refused(403, entitlement.CodeForbidden)
	e.do("reader", "DELETE", path, nil).refused(403, entitlement.CodeForbidden)
	e.do("other", "GET", path, nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "DELETE", path, nil).want(204)
	e.do("app", "GET", path, nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "DELETE", path, nil).refused(404, entitlement.CodeNotFound)
	e.do("app", "PATCH", path, obj{"state": "proposed"}).refused(404, entitlement.CodeNotFound)
}

// TestConnectedOrganizationInUse: what a policy names stays.
func TestConnectedOrganizationInUse(t *testing.T) {
	w := newWorld(t)
	org := w.make("connectedOrganizations", obj{"displayName": "Partner"})
	policy := w.make("assignmentPolicies", obj{
		"displayName": "Partners", "accessPackage": obj{"id": w.pkg}, "allowedTargetScope": "specificConnectedOrganizationUsers",
		"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": org}},
		"requestorSettings":      obj{"enableTargetsToSelfAddAccess": true},
	})
	w.do("app", "DELETE", "connectedOrganizations/"+org, nil).refused(400, entitlement.CodeDeleteHasEntitlements, "Partners", policy)
	w.do("app", "DELETE", "assignmentPolicies/"+policy, nil).want(204)
	w.do("app", "DELETE", "connectedOrganizations/"+org, nil).want(204)
}

func TestSponsors(t *testing.T) {
	e := newEnv(t)
	org := e.make("connectedOrganizations", obj{"displayName": "Partner"})
	for _, kind := range []string{"internalSponsors", "externalSponsors"} {
		path := "connectedOrganizations/" + org + "/" + kind
		ref := func(s string) obj { return obj{"@odata.id": s} }
		if a := e.do("app", "GET", path, nil).want(200); len(a.get("value").([]any)) != 0 {
			t.Errorf("%s: %s", kind, a.raw)
		}
		e.do("app", "POST", path+"/$ref", ref("https://graph.microsoft.com/v1.0/users/"+string(alice))).want(204)
		e.do("app", "POST", path+"/$ref", ref("directoryObjects('"+string(bob)+"')")).want(204)
		e.do("app", "POST", path+"/$ref", ref("https://x/v1.0/users/"+string(bob))).refused(400, entitlement.CodeBadRequest, "already exist", kind)
		e.do("app", "POST", path+"/$ref", ref("https://x/v1.0/users/"+nowhere)).refused(404, entitlement.CodeNotFound)
		e.do("app", "POST", path+"/$ref", ref("https://x/v1.0/groups/"+string(team))).refused(400, entitlement.CodeInvalidModel, "the URL of a user")
		e.do("app", "POST", path+"/$ref", obj{}).refused(400, entitlement.CodeInvalidModel, "@odata.id is required")
		a := e.do("app", "GET", path+"?$count=true&$top=1&$select=id,displayName", nil).want(200)
		if a.get("@odata.count") != 2.0 || len(a.get("value").([]any)) != 1 || a.text("@odata.nextLink") == "" ||
			a.text("value", 0, "@odata.type") != "#microsoft.graph.user" || a.text("value", 0, "displayName") != "Alice" {
			t.Errorf("%s: %s", kind, a.raw)
		}
		a = e.do("app", "GET", "connectedOrganizations?$expand="+kind+"($select=id)", nil).want(200)
		if a.text("value", 0, kind, 0, "id") != string(alice) || a.text("value", 0, kind, 1, "id") != string(bob) {
			t.Errorf("$expand=%s: %s", kind, a.raw)
		}
		e.do("app", "DELETE", path+"/"+string(alice)+"/$ref", nil).want(204)
		e.do("app", "DELETE", path+"/"+string(alice)+"/$ref", nil).refused(404, entitlement.CodeNotFound, "not one of the "+kind)
		e.do("app", "DELETE", path+"/$ref", nil).refused(400, entitlement.CodeBadRequest, "@id=")
		e.do("app", "DELETE", path+"/$ref?@id=https://x/v1.0/users/"+string(bob), nil).want(204)
	}
	e.do("app", "GET", "connectedOrganizations/"+nowhere+"/internalSponsors", nil).refused(404, entitlement.CodeNotFound)
}

func TestConnectedOrganizationRefused(t *testing.T) {
	e := newEnv(t)
	org := e.make("connectedOrganizations", obj{"displayName": "Partner"})
	with := func(sources ...obj) obj { return obj{"displayName": "x", "identitySources": sources} }
	many := make([]obj, 51)
	for i := range many {
		many[i] = source("domainIdentitySource", obj{"domainName": fmt.Sprintf("d%d.example", i)})
	}
	for _, tc := range []struct {
		body any
		says string
	}{
		{obj{"displayName": nil}, "displayName is required"},
		{obj{"displayName": 5}, "must be a string"},
		{obj{"displayName": "x", "state": "unknownFutureValue"}, "configured or proposed"},
		{obj{"displayName": "x", "state": nil}, "'state' must be a string"},
		{obj{"displayName": "x", "internalSponsors": []obj{{"id": alice}}}, "internalSponsors/$ref"},
		{obj{"displayName": "x", "uniqueName": "y"}, "'uniqueName'"},
		{obj{"displayName": "x", "identitySources": obj{}}, "must be a collection"},
		{obj{"displayName": "x", "identitySources": []any{5}}, "'identitySources[0]' must be an object"},
		{with(obj{"domainName": "x"}), "identitySources[0]/@odata.type is required"},
		{with(source("subjectSet", nil)), "'subjectSet' is not a type of identity source"},
		{with(source("domainIdentitySource", nil)), "identitySources[0]/domainName is required"},
		{with(source("domainIdentitySource", obj{"tenantId": partner})), "'tenantId' does not exist"},
		{with(source("domainIdentitySource", obj{"domainName": 5})), "must be a string"},
		{with(source("azureActiveDirectoryTenant", obj{"tenantId": "contoso"})), "a GUID, but it is 'contoso'"},
		{with(source("crossCloudAzureActiveDirectoryTenant", obj{"tenantId": partner})), "cloudInstance is required"},
		{with(source("externalDomainFederation", obj{"domainName": "x"})), "issuerUri is required"},
		{with(source("socialIdentitySource", obj{"socialIdentitySourceType": "x"})), "it can be facebook"},
		{with(many...), "the most is 50"},
	} {
		e.do("app", "POST", "connectedOrganizations", tc.body).refused(400, entitlement.CodeInvalidModel, tc.says)
		e.do("app", "PATCH", "connectedOrganizations/"+org, tc.body).refused(400, entitlement.CodeInvalidModel, tc.says)
	}
	e.do("app", "GET", "connectedOrganizations/x", nil).refused(400, entitlement.CodeInvalidModel, "not a GUID")
	e.do("app", "PUT", "connectedOrganizations/"+org, obj{}).refused(405, entitlement.CodeMethodNotAllowed)
}
