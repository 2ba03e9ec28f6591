package graph

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// approvedBy makes a policy whose requests bob has to approve, and after him alice.
func (w *world) approvedBy(visibility string) string {
	w.t.Helper()
	stage := func(who entitlement.ID) obj {
		return obj{"durationBeforeAutomaticDenial": "P7D", "approverInformationVisibility": visibility,
			"primaryApprovers": []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": who}}}
	}
	return w.make("assignmentPolicies", obj{
		"displayName": "Approved", "accessPackage": obj{"id": w.pkg}, "allowedTargetScope": "allDirectoryUsers",
		"requestorSettings":       obj{"enableTargetsToSelfAddAccess": true},
		"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true, "stages": []obj{stage(bob), stage(carol)}},
	})
}

const carol = entitlement.ID("ca401000-0000-4000-8000-000000000001")

const approvalPath = "accessPackageAssignmentApprovals"

func newApproval(t *testing.T, visibility string) (w *world, request string) {
	t.Helper()
	w = newWorld(t)
	w.make("/v1.0/users", obj{"id": carol, "displayName": "Carol", "userPrincipalName": "carol@contoso.com"})
	policy := w.approvedBy(visibility)
	return w, w.do("alice", "POST", "assignmentRequests", obj{"requestType": "userAdd", "justification": "please",
		"assignment": obj{"accessPackageId": w.pkg, "assignmentPolicyId": policy}}).want(201).id()
}

func TestApproval(t *testing.T) {
	w, id := newApproval(t, "default")
	w.state(id, "pendingApproval", "PendingApproval")
	a := w.do("bob", "GET", approvalPath+"/"+id, nil).want(200)
	first, second := a.text("stages", 0, "id"), a.text("stages", 1, "id")
	stage := func(id, status string, mine bool) obj {
		return obj{"id": id, "assignedToMe": mine, "displayName": nil, "justification": "", "reviewedBy": nil, "reviewedDateTime": nil, "reviewResult": "NotReviewed", "status": status}
	}
	want := obj{
		"@odata.context": "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/accessPackageAssignmentApprovals/$entity",
		"id":             id, "stages": []any{stage(first, "InProgress", true), stage(second, "Initializing", false)},
	}
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Fatal(diff)
	}
	stages := w.do("bob", "GET", approvalPath+"/"+id+"/stages?$count=true", nil).want(200)
	if diff := cmp.Diff(want["stages"], stages.get("value")); diff != "" || stages.get("@odata.count") != float64(2) {
		t.Errorf("%s\n%s", diff, stages.raw)
	}
	if n := w.do("bob", "GET", approvalPath+"/"+id+"/stages/$count", nil).want(200); string(n.raw) != "2" {
		t.Errorf("count: %s", n.raw)
	}
	if one := w.do("bob", "GET", approvalPath+"/"+id+"/stages/"+second+"?$select=status", nil).want(200); one.text("status") != "Initializing" || len(one.body) != 2 {
		t.Errorf("stage: %s", one.raw)
	}
	if x := w.do("bob", "GET", approvalPath+"('"+id+"')?$expand=stages($select=id)", nil).want(200); len(x.get("stages", 0).(obj)) != 1 {
		t.Errorf("expanded: %s", x.raw)
	}
	for path, n := range map[string]int{approvalPath: 1, approvalPath + "/filterByCurrentUser(on='Approver')": 1, "assignmentRequests/filterByCurrentUser(on='approver')": 1} {
		l := w.do("bob", "GET", path, nil).want(200)
		if list := l.get("value").([]any); len(list) != n || l.text("value", 0, "id") != id {
			t.Errorf("%s: %s", path, l.raw)
		}
	}
	if l := w.do("alice", "GET", approvalPath+"/filterByCurrentUser(on='approver')", nil).want(200); len(l.get("value").([]any)) != 0 {
		t.Errorf("the requestor is asked: %s", l.raw)
	}
}

func TestDecide(t *testing.T) {
	w, id := newApproval(t, "default")
	stages := w.do("bob", "GET", approvalPath+"/"+id+"/stages", nil).want(200)
	first, second := stages.text("value", 0, "id"), stages.text("value", 1, "id")
	decide := func(as, stage, body string) *answer {
		return w.do(as, "PATCH", approvalPath+"/"+id+"/stages/"+stage, body)
	}
	decide("bob", first, `{"reviewResult":"approve","justification":"fine","id":"x","status":null}`).want(204)
	decide("bob", first, `{"reviewResult":"Approved","justification":"fine"}`).want(204)
	decide("bob", first, `{"reviewResult":"Deny"}`).refused(409, entitlement.CodeApprovalDecided)
	decide("bob", second, `{"reviewResult":"Deny"}`).refused(403, entitlement.CodeNotApprover)
	if l := w.do("bob", "GET", approvalPath+"/filterByCurrentUser(on='approver')", nil).want(200); len(l.get("value").([]any)) != 1 {
		t.Errorf("the approval is gone: %s", l.raw)
	}

	// Who decided is told to those who were asked and to administrators, not to the requestor.
	for as, reviewer := range map[string]any{"bob": obj{"id": string(bob), "displayName": "Bob", "userPrincipalName": "bob@contoso.com"}, "alice": nil} {
		s := w.do(as, "GET", approvalPath+"/"+id+"/stages/"+first, nil).want(200)
		why := "fine"
		if reviewer == nil {
			why = ""
		}
		if diff := cmp.Diff(reviewer, s.get("reviewedBy")); diff != "" || s.text("justification") != why || s.text("reviewResult") != "Approved" || s.text("status") != "Completed" || !isTime(s.text("reviewedDateTime")) {
			t.Errorf("%s: %s\n%s", as, diff, s.raw)
		}
	}
}

func TestApprovalRefused(t *testing.T) {
	w, id := newApproval(t, "visible")
	stage := w.do("bob", "GET", approvalPath+"/"+id, nil).want(200).text("stages", 0, "id")
	for _, path := range []string{approvalPath, approvalPath + "/$count", approvalPath + "/" + id, approvalPath + "/" + id + "/stages", approvalPath + "/" + id + "/stages/" + stage, approvalPath + "/filterByCurrentUser(on='approver')"} {
		w.do("app", "GET", path, nil).refused(403, entitlement.CodeForbidden, "application")
	}
	at := approvalPath + "/" + id + "/stages/" + stage
	w.do("app", "PATCH", at, `{"reviewResult":"Approve"}`).refused(403, entitlement.CodeForbidden, "application")
	w.do("alice", "PATCH", at, `{"reviewResult":"Approve"}`).refused(403, entitlement.CodeNotApprover)
	w.do("bob", "GET", approvalPath+"/"+nowhere, nil).refused(404, entitlement.CodeNotFound, "approval")
	w.do("bob", "GET", approvalPath+"/"+id+"/stages/"+nowhere, nil).refused(404, entitlement.CodeNotFound)
	w.do("bob", "GET", approvalPath+"/x/stages", nil).refused(400, entitlement.CodeInvalidModel, "'x'")
	w.do("bob", "GET", approvalPath+"/filterByCurrentUser(on='target')", nil).refused(400, entitlement.CodeBadRequest, "approver")
	w.do("bob", "PATCH", approvalPath+"/"+nowhere+"/stages/"+stage, `{"reviewResult":"Approve"}`).refused(404, entitlement.CodeNotFound)
	for body, says := range map[string]string{
		`{}`: "reviewResult is required", `{"justification":"x"}`: "reviewResult is required", `{"reviewResult":null}`: "must be a string",
		`{"reviewResult":true}`: "must be a string", `{"reviewResult":"Yes"}`: "Approve or Deny", `{"reviewResult":"NotReviewed"}`: "Approve or Deny",
		`{"reviewresult":"Approve"}`: "'reviewresult' does not exist", `{"reviewResult":"Deny","reviewResult":"Approve"}`: "twice",
		`{"reviewResult":"Approve","justification":1}`: "must be a string", `{"reviewResult":"Approve","decision":"x"}`: "'decision' does not exist",
	} {
		w.do("bob", "PATCH", at, body).refused(400, entitlement.CodeInvalidModel, says)
	}
	w.do("bob", "PATCH", at, nil).refused(400, entitlement.CodeInvalidModel, "needs a body")
	w.state(id, "pendingApproval", "PendingApproval")

	// A request that needs none has no approval.
	plain := w.do("bob", "POST", "assignmentRequests", obj{"requestType": "userAdd", "assignment": obj{"accessPackageId": w.pkg, "assignmentPolicyId": w.policy}}).want(201).id()
	w.do("bob", "GET", approvalPath+"/"+plain, nil).refused(404, entitlement.CodeNotFound, "does not have to be approved")
	w.do("bob", "GET", approvalPath+"/"+plain+"/stages", nil).refused(404, entitlement.CodeNotFound)
	if l := w.do("admin", "GET", approvalPath, nil).want(200); len(l.get("value").([]any)) != 1 {
		t.Errorf("approvals: %s", l.raw)
	}
}

// TestReviews: what each caller sees of a stage.
func TestReviews(t *testing.T) {
	at := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	plan := entitlement.Plan{Seed: "0123456789abcdef0123456789abcdef", Approval: make([]entitlement.ApprovalStage, 3)}
	run := func(stage int, status entitlement.ApprovalStatus) entitlement.ApprovalRun {
		return entitlement.ApprovalRun{ID: entitlement.ApprovalStageID(plan.Seed, stage), Stage: stage, Status: status, Approvers: []entitlement.ID{bob}, Alternates: []entitlement.ID{carol}}
	}
	done := run(0, entitlement.ApprovalCompleted)
	done.Decision = entitlement.Decision{Result: entitlement.ReviewApproved, By: entitlement.Subject{ObjectID: bob, DisplayName: "Bob"}, At: at, Justification: "fine"}
	r := &entitlement.Request{RequestorID: alice, TargetID: alice, Progress: entitlement.Progress{Phase: entitlement.PhaseApproval, Plan: plan, Approvals: []entitlement.ApprovalRun{done, run(1, entitlement.ApprovalInProgress)}}}
	person := func(id entitlement.ID) entitlement.Actor {
		return entitlement.Actor{User: true, ObjectID: id, Permissions: []string{entitlement.PermissionSubjectAccess}}
	}
	manager := entitlement.Actor{User: true, ObjectID: admin, Administrator: true, Permissions: []string{entitlement.PermissionRead}}

	for name, tc := range map[string]struct {
		actor      entitlement.Actor
		visibility entitlement.Visibility
		shows      bool
		open, mine bool
	}{
		"approver":                  {person(bob), entitlement.VisibilityHidden, false, true, true},
		"administrator":             {manager, entitlement.VisibilityHidden, false, true, false},
		"requestor, hidden":         {person(alice), entitlement.VisibilityHidden, true, false, false},
		"requestor, visible":        {person(alice), entitlement.VisibilityVisible, false, true, false},
		"requestor, default shown":  {person(alice), entitlement.VisibilityDefault, true, true, false},
		"requestor, default hidden": {person(alice), entitlement.VisibilityDefault, false, false, false},
		"requestor, empty":          {person(alice), "", true, true, false},
		"alternate":                 {person(carol), entitlement.VisibilityHidden, true, false, false},
		"nobody":                    {person(""), entitlement.VisibilityHidden, true, false, false},
	} {
		for i := range plan.Approval {
			r.Progress.Plan.Approval[i].Visibility = tc.visibility
		}
		list := reviewsFor(tc.actor, r, tc.shows)
		if len(list) != 3 || list[0].open != tc.open || list[0].mine || list[1].mine != tc.mine || list[2].mine {
			t.Errorf("%s: %+v %+v", name, list[0], list[1])
		}
		if (list[0].justification() == "fine") != tc.open || list[0].result() != entitlement.ReviewApproved || list[1].result() != entitlement.ReviewNotReviewed {
			t.Errorf("%s: %q, %s, %s", name, list[0].justification(), list[0].result(), list[1].result())
		}
		if list[1].status() != entitlement.ApprovalInProgress || list[2].status() != entitlement.ApprovalInitializing || list[2].id != entitlement.ApprovalStageID(plan.Seed, 2) {
			t.Errorf("%s: status %s, %s", name, list[1].status(), list[2].status())
		}
	}

	// Alternates decide once the stage is escalated; nobody does once the request is over.
	r.Progress.Approvals[1].Escalated = true
	if list := reviewsFor(person(carol), r, false); !list[1].mine || !list[0].open {
		t.Errorf("escalated: %+v", list[1])
	}
	r.Progress.Phase = entitlement.PhaseCanceled
	if list := reviewsFor(person(bob), r, false); list[1].mine {
		t.Error("a stage of a canceled request is assigned")
	}
}
