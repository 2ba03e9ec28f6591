package graph

import (
	"fmt"
	"testing"

	"anteroom/internal/entitlement"
)

// The two examples of the document that this project was made from, as printed but for
// the two ids.
const (
	seedContinue = `{
  "source": "Contoso.SodCheckProcess",
  "type": "microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",
  "data": {
    "@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
    "stage": "assignmentRequestCreated",
    "customExtensionStageInstanceId": "%s",
    "customExtensionStageInstanceDetail": "This user is all verified"
  }
}`
	seedDeny = `{
  "source": "Contoso.SodCheckProcess",
  "type": "microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",
  "data": {
    "@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
    "stage": "AssignmentRequestCreated",
    "customExtensionStageInstanceId": "%s",
    "state": "denied",
    "customExtensionStageInstanceDetail": "Potential risk user based on the SOD check"
  }
}`
)

func TestSeedExamples(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")

	r1 := w.ask(alice)
	w.state(r1, "submitted", "WaitingForCallback")
	i1 := w.instance(r1)
	a := w.do("owner", "POST", "assignmentRequests/"+r1+"/resume", fmt.Sprintf(seedContinue, i1)).want(204)
	if len(a.raw) != 0 || a.header.Get("Content-Type") != "" {
		t.Errorf("204 with body %q, Content-Type %q", a.raw, a.header.Get("Content-Type"))
	}
	w.state(r1, "delivered", "Delivered")
	members := w.do("app", "GET", "/v1.0/groups/"+string(team)+"/members", nil).want(200)
	if members.text("value", 0, "id") != string(alice) || members.text("value", 0, "@odata.type") != "#microsoft.graph.user" {
		t.Errorf("members: %s", members.raw)
	}

	r2 := w.ask(bob)
	i2 := w.instance(r2)
	w.do("owner", "POST", "assignmentRequests/"+r2+"/resume", fmt.Sprintf(seedDeny, i2)).want(204)
	w.state(r2, "denied", "Denied")
	got := w.do("app", "GET", "assignmentRequests/"+r2, nil).want(200)
	if c := "customExtensionCalloutInstances"; got.text(c, 0, "detail") != "Potential risk user based on the SOD check" || got.text(c, 0, "status") != "callbackReceived" ||
		got.text(c, 0, "source") != "Contoso.SodCheckProcess" || got.text(c, 0, "customExtensionId") != w.extension {
		t.Errorf("instance: %s", jsonOf(got.get(c)))
	}

	// The same again has no effect; another answer is refused.
	w.do("owner", "POST", "assignmentRequests/"+r2+"/resume", fmt.Sprintf(seedDeny, i2)).want(204)
	w.do("owner", "POST", "assignmentRequests/"+r2+"/resume", fmt.Sprintf(seedContinue, i2)).refused(409, entitlement.CodeOutcomeAlreadyRecorded, "denied")
	w.state(r2, "denied", "Denied")

	history := w.do("app", "GET", "assignmentRequests/"+r2+"/history", nil).want(200)
	last := len(history.get("value").([]any)) - 1
	for last > 0 && history.text("value", last, "action") == "note" { // of what came of it
		last--
	}
	if history.text("value", last, "action") != "callback" || history.text("value", last, "answer", "outcome") != "denied" || history.text("value", last, "by", "id") != "0b000000-0000-4000-8000-000000000001" {
		t.Errorf("history: %s", history.raw)
	}
}
