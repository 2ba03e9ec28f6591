package graph

import (
	"context"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// ids are those of a list, in its order.
func (a *answer) ids() []string {
	list, _ := a.want(200).get("value").([]any)
	var ids []string
	for i := range list {
		ids = append(ids, a.text("value", i, "id"))
	}
	return ids
}

// TestCurrentUser: what each way of filterByCurrentUser finds for a person.
func TestCurrentUser(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	mine := w.do("alice", "POST", "assignmentRequests", obj{"requestType": "userAdd", "assignment": obj{"accessPackageId": w.pkg}}).want(201).id()
	theirs := w.ask(bob)
	for path, want := range map[string]map[string]int{
		"assignmentRequests": {"target": 1, "createdBy": 1, "approver": 0, "TARGETORREQUESTOR": 1, "requestForOthers": 0, "targetManager": 0},
		"assignments":        {"target": 0, "createdBy": 0, "targetManager": 0},
	} {
		for on, n := range want {
			at := path + "/filterByCurrentUser(on='" + on + "')"
			if ids := w.do("alice", "GET", at, nil).ids(); len(ids) != n || (n == 1 && ids[0] != mine) {
				t.Errorf("%s: %v", at, ids)
			}
			w.do("app", "GET", at, nil).refused(403, entitlement.CodeForbidden, "signed-in user")
			w.do("app", "GET", at+"/$count", nil).refused(403, entitlement.CodeForbidden)
		}
		w.do("alice", "GET", path+"/filterByCurrentUser(on='targetAgentIdentitySponsorOrOwner')", nil).refused(400, entitlement.CodeBadRequest, "createdBy", "targetManager")
		w.do("alice", "GET", path+"/filterByCurrentUser(on='')", nil).refused(400, entitlement.CodeBadRequest)
		w.do("alice", "GET", path+"/filterByCurrentUser", nil).refused(400, entitlement.CodeInvalidModel)
		w.do("alice", "GET", path+"/filterByCurrentUser()", nil).refused(404, entitlement.CodeNotFound)
	}
	if ids := w.do("bob", "GET", "assignmentRequests/FilterByCurrentUser(On=%27target%27)", nil).ids(); len(ids) != 1 || ids[0] != theirs {
		t.Errorf("bob: %v", ids)
	}
}

func TestAdditionalAccess(t *testing.T) {
	w := newWorld(t)
	other := w.make("accessPackages", obj{"displayName": "Audit", "catalog": obj{"id": w.catalog}})
	policy := w.make("assignmentPolicies", obj{"displayName": "Everybody", "accessPackage": obj{"id": other}, "allowedTargetScope": "allDirectoryUsers"})
	give := func(pkg, policy string, who entitlement.ID) {
		w.do("app", "POST", "assignmentRequests", obj{"requestType": "adminAdd", "assignment": obj{"targetId": who, "assignmentPolicyId": policy, "accessPackageId": pkg}}).want(201)
	}
	give(w.pkg, w.policy, alice)
	give(w.pkg, w.policy, bob)
	give(other, policy, bob)

	at := "assignments/additionalAccess(accessPackageId='" + w.pkg + "',incompatibleAccessPackageId='" + other + "')"
	a := w.do("admin", "GET", at+"?$expand=target,accessPackage", nil).want(200)
	if ids := a.ids(); len(ids) != 1 || a.text("value", 0, "target", "objectId") != string(bob) || a.text("value", 0, "accessPackage", "id") != w.pkg {
		t.Errorf("bob has both: %s", a.raw)
	}
	if got := a.text("@odata.context"); got != "https://graph.test/v1.0/$metadata#Collection(microsoft.graph.accessPackageAssignment)(target(),accessPackage())" {
		t.Errorf("context %s", got)
	}
	for _, same := range []string{
		"assignments/AdditionalAccess(incompatibleaccesspackageid='" + other + "',ACCESSPACKAGEID='" + w.pkg + "')",
		"assignments/microsoft.graph.additionalAccess(accessPackageId=%27" + w.pkg + "%27,incompatibleAccessPackageId=" + other + ")",
	} {
		if ids := w.do("admin", "GET", same, nil).ids(); len(ids) != 1 {
			t.Errorf("%s: %v", same, ids)
		}
	}
	if n := w.do("admin", "GET", at+"/$count", nil).want(200); string(n.raw) != "1" {
		t.Errorf("count %s", n.raw)
	}
	for _, form := range []string{"()", "(accessPackageId='" + w.pkg + "')"} { // nothing is incompatible
		if ids := w.do("admin", "GET", "assignments/additionalAccess"+form, nil).ids(); len(ids) != 0 {
			t.Errorf("%s: %v", form, ids)
		}
	}
	w.excludes(entitlement.ID(w.pkg), entitlement.ID(other))
	for form, n := range map[string]int{"()": 1, "(accessPackageId='" + w.pkg + "')": 1, "(accessPackageId='" + other + "')": 0} { // it is one-way
		if ids := w.do("admin", "GET", "assignments/additionalAccess"+form, nil).ids(); len(ids) != n {
			t.Errorf("%s: %v", form, ids)
		}
	}

	w.do("app", "GET", at, nil).refused(403, entitlement.CodeForbidden, "application")
	w.do("alice", "GET", at, nil).refused(403, entitlement.CodeForbidden)
	w.do("admin", "GET", "assignments/additionalAccess(accessPackageId='"+w.pkg+"',incompatibleAccessPackageId='"+w.pkg+"')", nil).refused(400, entitlement.CodeBadRequest, "two different")
	w.do("admin", "GET", "assignments/additionalAccess(accessPackageId='x')", nil).refused(400, entitlement.CodeBadRequest, "accessPackageId is 'x'")
	w.do("admin", "GET", "assignments/additionalAccess(accessPackageId='"+nowhere+"')", nil).refused(404, entitlement.CodeNotFound, nowhere)
	w.do("admin", "GET", "assignments/additionalAccess(incompatibleAccessPackageId='"+other+"')", nil).refused(404, entitlement.CodeNotFound)
	w.do("admin", "GET", "assignments/additionalAccess", nil).refused(400, entitlement.CodeInvalidModel)
}

// excludes makes a package incompatible with another, and with a group.
func (w *world) excludes(pkg, other entitlement.ID) {
	w.t.Helper()
	ctx := context.Background()
	err := w.engine.Store.Update(ctx, testTenant, func(tx *store.Tx) error {
		for _, x := range []*entitlement.Incompatibility{{PackageID: pkg, OtherPackageID: other}, {PackageID: pkg, GroupID: team}} {
			x.ID = entitlement.IncompatibilityID(pkg, x.OtherPackageID+x.GroupID)
			if err := tx.Incompatible.Insert(ctx, x); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestPagedArguments: the link to the next page is good for the same arguments only.
func TestPagedArguments(t *testing.T) {
	w := newWorld(t)
	other := w.make("accessPackages", obj{"displayName": "Audit", "catalog": obj{"id": w.catalog}})
	policy := w.make("assignmentPolicies", obj{"displayName": "Everybody", "accessPackage": obj{"id": other}, "allowedTargetScope": "allDirectoryUsers"})
	for _, who := range []entitlement.ID{alice, bob} {
		for pkg, p := range map[string]string{w.pkg: w.policy, other: policy} {
			w.do("app", "POST", "assignmentRequests", obj{"requestType": "adminAdd", "assignment": obj{"targetId": who, "assignmentPolicyId": p, "accessPackageId": pkg}}).want(201)
		}
	}
	at := func(pkg, other string) string {
		return "assignments/additionalAccess(accessPackageId='" + pkg + "',incompatibleAccessPackageId='" + other + "')"
	}
	first := w.do("admin", "GET", at(w.pkg, other)+"?$top=1", nil)
	next := first.text("@odata.nextLink")
	if len(first.ids()) != 1 || next == "" {
		t.Fatalf("no second page: %s", first.raw)
	}
	rest := next[len("https://graph.test"):]
	if ids := w.do("admin", "GET", rest, nil).ids(); len(ids) != 1 || ids[0] == first.ids()[0] {
		t.Errorf("second page: %v", ids)
	}
	query := rest[len(em+"/"+at(w.pkg, other)):]
	w.do("admin", "GET", at(other, w.pkg)+query, nil).refused(400, entitlement.CodeBadRequest)
}

func TestReprocess(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	id := w.ask(alice)
	for _, path := range []string{"assignmentRequests", "accessPackageAssignmentRequests"} {
		w.do("app", "POST", path+"/"+id+"/reprocess", nil).refused(409, entitlement.CodeRequestNotReprocessable, "submitted")
		w.do("app", "POST", path+"/"+nowhere+"/reprocess", nil).refused(404, entitlement.CodeNotFound)
		w.do("app", "POST", path+"/x/reprocess", nil).refused(400, entitlement.CodeInvalidModel)
		w.do("app", "POST", path+"/"+id+"/reprocess", `{"why":"x"}`).refused(400, entitlement.CodeInvalidModel, "'why'")
		w.do("alice", "POST", path+"/"+id+"/reprocess", nil).refused(403, entitlement.CodeForbidden)
	}
	for _, path := range []string{"assignments", "accessPackageAssignments"} {
		w.do("app", "POST", path+"/"+nowhere+"/reprocess", "{}").refused(404, entitlement.CodeNotFound)
		w.do("alice", "POST", path+"/"+nowhere+"/reprocess", nil).refused(403, entitlement.CodeForbidden)
	}
	v := newWorld(t)
	given := v.do("app", "GET", "assignmentRequests/"+v.ask(alice)+"/assignment", nil).want(200)
	a := v.do("app", "POST", "assignments/"+given.id()+"/reprocess", nil).want(202)
	if len(a.raw) != 0 || a.header.Get("Content-Type") != "" {
		t.Errorf("202 with body %q", a.raw)
	}
}

// TestTargetManager: a manager finds what their reports have and ask for, and sees it in no
// other way.
func TestTargetManager(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	err := w.engine.Store.Update(ctx, testTenant, func(tx *store.Tx) error {
		u, err := tx.Users.Get(ctx, bob)
		if err != nil {
			return err
		}
		u.ManagerID = alice
		return tx.Users.Update(ctx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	id := w.ask(bob)
	w.ask(alice)
	const by = "/filterByCurrentUser(on='targetManager')"
	a := w.do("alice", "GET", "assignmentRequests"+by+"?$expand=assignment($expand=target),accessPackage&$count=true", nil)
	if ids := a.ids(); len(ids) != 1 || ids[0] != id || a.get("@odata.count") != float64(1) {
		t.Fatalf("requests: %s", a.raw)
	}
	if a.text("value", 0, "assignment", "state") != "delivered" || a.text("value", 0, "assignment", "target", "id") != string(bob) || a.text("value", 0, "accessPackage", "id") != w.pkg {
		t.Errorf("expanded: %s", a.raw)
	}
	has := w.do("alice", "GET", "assignments"+by, nil)
	if ids := has.ids(); len(ids) != 1 || ids[0] != a.text("value", 0, "assignment", "id") {
		t.Errorf("assignments: %s", has.raw)
	}
	if n := w.do("alice", "GET", "assignments"+by+"/$count", nil).want(200); string(n.raw) != "1" {
		t.Errorf("count: %s", n.raw)
	}
	if ids := w.do("bob", "GET", "assignmentRequests"+by, nil).ids(); len(ids) != 0 {
		t.Errorf("bob manages nobody: %v", ids)
	}
	w.do("alice", "GET", "assignmentRequests/"+id, nil).refused(404, entitlement.CodeNotFound)
}
