package graph

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

const auditLog = "/v1.0/auditLogs/directoryAudits"

// auditors knows, beside those of the harness, callers who may read nothing but the audit log.
type auditors struct{ *env }

func (a auditors) Authenticate(r *http.Request) (entitlement.Actor, error) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	actor := entitlement.Actor{Tenant: testTenant, ObjectID: app, Permissions: []string{entitlement.PermissionAuditLog}}
	switch token {
	case "audit app":
	case "audit admin":
		actor.User, actor.Administrator, actor.ObjectID = true, true, admin
	case "audit person":
		actor.User, actor.ObjectID = true, bob
	case "self":
		actor.User, actor.ObjectID, actor.Permissions = true, bob, []string{entitlement.PermissionSubjectAccess}
	default:
		return a.env.Authenticate(r)
	}
	return actor, nil
}

func audited(t *testing.T) *env {
	e := newEnv(t)
	e.server = New(Options{Engine: e.engine, Auth: auditors{e}, Base: func(*http.Request) (string, error) { return "https://graph.test", nil }})
	return e
}

// audits lists the entries that a filter holds for.
func (e *env) audits(filter string) []any {
	e.t.Helper()
	return e.do("reader", "GET", auditLog+"?$filter="+url.QueryEscape(filter), nil).want(200).get("value").([]any)
}

func TestAuditOfConfiguration(t *testing.T) {
	e := audited(t)
	made := e.do("admin", "POST", "catalogs", obj{"displayName": "Sales"}).want(201)
	id := made.id()
	changed := e.do("admin", "PATCH", "catalogs/"+id, obj{"displayName": "Sales <EMEA>", "isExternallyVisible": true, "description": "x"}).want(204)
	e.do("app", "DELETE", "catalogs/"+id, nil).want(204)

	list := e.audits("contains(activityDisplayName,'catalog') and initiatedBy/user/id eq '" + string(admin) + "'")
	if len(list) != 2 {
		t.Fatalf("%d entries: %s", len(list), jsonOf(list))
	}
	got := list[0].(obj)
	if !isTime(fmt.Sprint(got["activityDateTime"])) || len(fmt.Sprint(got["id"])) != 20 {
		t.Errorf("time %v, id %v", got["activityDateTime"], got["id"])
	}
	want := obj{
		"id": got["id"], "activityDateTime": got["activityDateTime"], "activityDisplayName": "Update access package catalog",
		"additionalDetails": []any{}, "category": "EntitlementManagement", "correlationId": changed.header.Get("request-id"),
		"initiatedBy": obj{"app": nil, "user": obj{
			"id": string(admin), "displayName": "Ada", "userPrincipalName": nil, "ipAddress": "192.0.2.1",
			"userType": nil, "homeTenantId": nil, "homeTenantName": nil,
		}},
		"loggedByService": "Entitlement Management", "operationType": "Update", "result": "success", "resultReason": "",
		"targetResources": []any{obj{
			"id": id, "displayName": "Sales <EMEA>", "type": "AccessPackageCatalog", "userPrincipalName": nil, "groupType": nil,
			"modifiedProperties": []any{
				obj{"displayName": "DisplayName", "oldValue": `"Sales"`, "newValue": `"Sales <EMEA>"`},
				obj{"displayName": "Description", "oldValue": nil, "newValue": `"x"`},
				obj{"displayName": "IsExternallyVisible", "oldValue": "false", "newValue": "true"},
			},
		}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	one := e.do("audit app", "GET", auditLog+"/"+got["id"].(string), nil).want(200)
	if one.text("correlationId") != changed.header.Get("request-id") || one.text("@odata.context") != "https://graph.test/v1.0/$metadata#auditLogs/directoryAudits/$entity" {
		t.Errorf("one entry: %s", one.raw)
	}
	gone := e.audits("activityDisplayName eq 'delete access package CATALOG'")
	if len(gone) != 1 {
		t.Fatalf("deleted: %s", jsonOf(gone))
	}
	by := gone[0].(obj)["initiatedBy"].(obj)
	if d := cmp.Diff(obj{"user": nil, "app": obj{"appId": "the-app", "displayName": "The App", "servicePrincipalId": string(app), "servicePrincipalName": nil}}, by); d != "" {
		t.Errorf("initiatedBy (-want +got):\n%s", d)
	}
	for _, missing := range []string{"1", "00000000000000009999", nowhere, "x"} {
		e.do("app", "GET", auditLog+"/"+missing, nil).refused(404, entitlement.CodeNotFound)
	}
}

func TestAuditNames(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	w.do("app", "PATCH", "accessPackages/"+w.pkg, obj{"isHidden": true}).want(204)
	w.do("app", "POST", "/v1.0/groups/"+string(crew)+"/members/$ref", obj{"@odata.id": "https://graph.test/v1.0/users/" + string(bob)}).want(204)
	w.do("app", "DELETE", "/v1.0/groups/"+string(crew)+"/members/"+string(bob)+"/$ref", nil).want(204)
	w.do("app", "DELETE", "assignmentPolicies/"+w.policy, nil).want(204)
	var got []string
	for _, a := range w.audits("initiatedBy/app/appId eq 'the-app'") {
		a := a.(obj)
		var targets []string
		for _, target := range a["targetResources"].([]any) {
			targets = append(targets, fmt.Sprint(target.(obj)["type"], " ", target.(obj)["displayName"]))
		}
		got = append(got, fmt.Sprint(a["activityDisplayName"], "; ", a["category"], "; ", a["operationType"], "; ", strings.Join(targets, ", ")))
	}
	slices.Reverse(got)
	want := []string{
		"Create access package catalog; EntitlementManagement; Add; AccessPackageCatalog Sales",
		"Create access package; EntitlementManagement; Add; AccessPackage Sales team",
		"Create resource request; EntitlementManagement; Add; AccessPackageResource Team, AccessPackageCatalog Sales",
		"Update access package; EntitlementManagement; Update; AccessPackage Sales team, AccessPackageResource Team, AccessPackageCatalog Sales",
		"Create custom extension; EntitlementManagement; Add; CustomExtension SoD check",
		"Create access package assignment policy; EntitlementManagement; CreateEntitlementGrantPolicy; AccessPackageAssignmentPolicy Everybody, AccessPackage Sales team",
		"Update access package; EntitlementManagement; Update; AccessPackage Sales team",
		"Add member to group; GroupManagement; Add; User Bob, Group Crew",
		"Remove member from group; GroupManagement; Delete; User Bob, Group Crew",
		"Delete access package assignment policy; EntitlementManagement; DeleteEntitlementGrantPolicy; AccessPackageAssignmentPolicy Everybody, AccessPackage Sales team",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	seeded := w.audits("activityDisplayName eq 'Add user'")
	if len(seeded) != 2 {
		t.Fatalf("seeded: %s", jsonOf(seeded))
	}
	by := seeded[0].(obj)["initiatedBy"].(obj)
	if d := cmp.Diff(obj{"user": nil, "app": obj{"appId": nil, "displayName": "Anteroom", "servicePrincipalId": nil, "servicePrincipalName": nil}}, by); d != "" {
		t.Errorf("the server itself (-want +got):\n%s", d)
	}
}

// TestAuditSecrets: what an endpoint's address may hold is not written down.
func TestAuditSecrets(t *testing.T) {
	w := newWorld(t)
	w.do("app", "PATCH", "catalogs/"+w.catalog+"/customWorkflowExtensions/"+w.extension, obj{
		"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": "SoD check",
		"endpointConfiguration": obj{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": "https://hooks.contoso.com/secret-path?sig=secret-query"},
	})
	list := w.audits("activityDisplayName eq 'Update custom extension'")
	text := jsonOf(list)
	if len(list) != 1 || strings.Contains(text, "secret") || !strings.Contains(text, "hooks.contoso.com") {
		t.Errorf("%d entries: %s", len(list), text)
	}
}

func TestAuditPermissions(t *testing.T) {
	e := audited(t)
	one := e.audits("activityDisplayName eq 'Add group'")[0].(obj)["id"].(string)
	for _, path := range []string{auditLog, auditLog + "/$count", auditLog + "/" + one, auditLog + "/x"} {
		for _, as := range []string{"alice", "self", "audit person"} {
			e.do(as, "GET", path, nil).refused(403, entitlement.CodeForbidden)
		}
		if strings.HasSuffix(path, "/x") {
			continue
		}
		for _, as := range []string{"app", "reader", "admin", "audit app", "audit admin"} {
			e.do(as, "GET", path, nil).want(200)
		}
	}
	e.do("audit app", "GET", "catalogs", nil).refused(403, entitlement.CodeForbidden)
	e.do("app", "DELETE", auditLog+"/"+one, nil).refused(405, entitlement.CodeMethodNotAllowed)
	e.do("app", "GET", "/beta/auditLogs/directoryAudits", nil).refused(404, entitlement.CodeNotFound)
}

// TestAuditPaging follows next links while the log grows: what was there is seen once, in
// order.
func TestAuditPaging(t *testing.T) {
	for _, options := range []string{"$top=3", "$top=3&$orderby=activityDateTime desc", "$top=3&$orderby=activityDateTime", "$top=3&$orderby=id&$count=true"} {
		e := audited(t)
		for i := range 4 {
			e.make("catalogs", obj{"displayName": fmt.Sprint("C", i)})
		}
		total := len(e.audits("id ne ''"))
		var ids []string
		newest := !strings.Contains(options, "orderby") || strings.Contains(options, "desc")
		for next := auditLog + "?" + options; next != ""; {
			a := e.do("reader", "GET", next, nil).want(200)
			if len(ids) == 0 && strings.Contains(options, "count") && a.get("@odata.count") != float64(total) {
				t.Errorf("count %v, want %d", a.get("@odata.count"), total)
			}
			for i := range a.get("value").([]any) {
				ids = append(ids, a.text("value", i, "id"))
			}
			if newest {
				e.make("catalogs", obj{"displayName": "new"})
			}
			next = strings.TrimPrefix(a.text("@odata.nextLink"), "https://graph.test")
		}
		if newest {
			slices.Reverse(ids)
		}
		if len(ids) != total || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != total {
			t.Errorf("%s: %d entries, want %d: %v", options, len(ids), total, ids)
		}
	}
}

func TestAuditFilters(t *testing.T) {
	e := audited(t)
	e.make("catalogs", obj{"displayName": "Sales"})
	changed := e.do("admin", "POST", "catalogs", obj{"displayName": "Support"}).want(201).header.Get("request-id")
	const seeded = 5 // the catalog General, two users, two groups
	for filter, want := range map[string]int{
		"category eq 'EntitlementManagement'":                                       3,
		"category eq 'UserManagement'":                                              2,
		"category ne 'usermanagement'":                                              5,
		"category in ('UserManagement','GroupManagement')":                          4,
		"startswith(category,'Group') or category eq null":                          2,
		"not startswith(category,'Group')":                                          5,
		"category eq 'RoleManagement'":                                              0,
		"loggedByService eq 'Entitlement Management'":                               seeded + 2,
		"loggedByService ne 'Entitlement Management'":                               0,
		"loggedByService eq 'Core Directory' or category eq 'GroupManagement'":      2,
		"activityDisplayName eq 'create access package catalog'":                    3,
		"startswith(activityDisplayName,'Add')":                                     4,
		"result eq 'success'":                                                       seeded + 2,
		"result eq 'failure'":                                                       0,
		"correlationId eq '" + changed + "'":                                        1,
		"initiatedBy/user/id eq '" + string(admin) + "'":                            1,
		"initiatedBy/user/id eq '" + string(app) + "'":                              0,
		"initiatedBy/user/id eq null":                                               seeded + 1,
		"initiatedBy/app/appId eq 'THE-APP'":                                        1,
		"activityDateTime ge 2020-01-01T00:00:00Z":                                  seeded + 2,
		"activityDateTime lt 2020-01-01T00:00:00Z":                                  0,
		"activityDateTime gt 2020-01-01T00:00:00Z and category eq 'UserManagement'": 2,
		"id le '00000000000000000003'":                                              3,
	} {
		if got := e.audits(filter); len(got) != want {
			t.Errorf("%s: %d, want %d", filter, len(got), want)
		}
		if n := e.do("reader", "GET", auditLog+"/$count?$filter="+url.QueryEscape(filter), nil).want(200); string(n.raw) != fmt.Sprint(want) {
			t.Errorf("%s: counted %s, want %d", filter, n.raw, want)
		}
	}
	for _, filter := range []string{"operationType eq 'Add'", "result eq 'well'", "initiatedBy/user/id eq 'x'"} {
		e.do("reader", "GET", auditLog+"?$filter="+url.QueryEscape(filter), nil).refused(400, entitlement.CodeInvalidFilter)
	}
	e.do("reader", "GET", auditLog+"?$orderby=category", nil).refused(400, entitlement.CodeBadRequest)
}

// TestAuditOfRequest: an answer to a callout is in the log, with what it said, and in the
// request's own history.
func TestAuditOfRequest(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	id := w.ask(alice)
	answer := w.do("owner", "POST", "assignmentRequests/"+id+"/resume", fmt.Sprintf(seedDeny, w.instance(id))).want(204)
	made := w.audits("activityDisplayName eq 'Administrator directly assigns user to access package'")
	if len(made) != 1 || !strings.Contains(jsonOf(made), string(alice)) {
		t.Fatalf("asked: %s", jsonOf(made))
	}
	details := map[string]string{}
	for _, a := range w.audits("correlationId eq '" + answer.header.Get("request-id") + "'") {
		for _, d := range a.(obj)["additionalDetails"].([]any) {
			details[fmt.Sprint(d.(obj)["key"])] = fmt.Sprint(d.(obj)["value"])
		}
	}
	if details["Outcome"] != "denied" || details["Source"] == "" || details["Detail"] == "" || details["IpAddress"] != "192.0.2.1" {
		t.Errorf("details of the answer: %v", details)
	}
	history := w.do("app", "GET", "assignmentRequests/"+id+"/history", nil).want(200)
	first := history.get("value", 0).(obj)
	if first["activity"] != "Administrator directly assigns user to access package" || first["result"] != "success" {
		t.Errorf("history: %s", jsonOf(first))
	}
	for _, member := range []string{"onBehalfOf", "details"} {
		if _, there := first[member]; !there {
			t.Errorf("history lacks %s: %s", member, jsonOf(first))
		}
	}
	w.do("app", "DELETE", "assignmentRequests/"+id, nil).want(204)
	if gone := w.audits("activityDisplayName eq 'Delete access package assignment request'"); len(gone) != 1 {
		t.Errorf("deleted: %s", jsonOf(gone))
	}
}
