package server

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

// TestPayload holds the words of a callout to the contract (lifecycle b.1).
func TestPayload(t *testing.T) {
	about := "May edit"
	call := engine.Call{
		Request: entitlement.Request{
			Type: entitlement.TypeUserAdd, PackageID: "pkg", PolicyID: "policy", CatalogID: "catalog", AssignmentID: "assignment",
			State: entitlement.RequestSubmitted, Status: entitlement.StatusWaitingForCallback,
			Requestor: entitlement.Subject{ObjectID: "maya", DisplayName: "Maya", PrincipalName: "maya@contoso.example"},
			Target:    entitlement.Subject{ObjectID: "tom", DisplayName: "Tom", PrincipalName: "tom@contoso.example"},
			Progress: entitlement.Progress{
				Phase:    entitlement.PhaseCreated,
				Callouts: []entitlement.Callout{{ID: "instance", Stage: entitlement.StageCreated, Status: entitlement.WaitingForCallback}},
			},
		},
		Planned: entitlement.PlannedCallout{CallbackTimeout: time.Hour},
		Package: entitlement.Package{DisplayName: "Wiki", Description: &about},
		Catalog: entitlement.Catalog{DisplayName: "Sales"},
		Policy:  entitlement.Policy{DisplayName: "Everybody"},
	}
	call.Request.ID = "request"
	call.Callout = call.Request.Progress.Callouts[0]
	want := `{"AccessPackageAssignmentRequestId":"request",` +
		`"CallbackUriPath":"/identityGovernance/entitlementManagement/assignmentRequests/request/resume",` +
		`"CustomExtensionStageInstanceId":"instance","Stage":"assignmentRequestCreated","RequestType":"userAdd","Answers":[],` +
		`"State":"submitted","Status":"Accepted","CallbackConfiguration":{"DurationBeforeTimeout":"PT1H"},` +
		`"AccessPackage":{"Id":"pkg","DisplayName":"Wiki","Description":"May edit"},` +
		`"AccessPackageCatalog":{"Id":"catalog","DisplayName":"Sales","Description":""},` +
		`"Assignment":{"Id":"assignment","State":"delivering","Status":"Delivering",` +
		`"Target":{"Id":"tom","ObjectId":"tom","DisplayName":"Tom","PrincipalName":"tom@contoso.example","ConnectedOrganization":null},` +
		`"AssignmentPolicy":{"Id":"policy","DisplayName":"Everybody"}},` +
		`"Requestor":{"Id":"maya","ObjectId":"maya","DisplayName":"Maya"}}`
	if diff := cmp.Diff(want, string(body(&call, callbackPath("request")))); diff != "" {
		t.Errorf("launch and wait (-want +got):\n%s", diff)
	}
	if call.Request.Progress.Callouts[0].Status != entitlement.WaitingForCallback {
		t.Error("describing a callout changed it")
	}

	call.Request.Type = entitlement.TypeAdminRemove
	call.Request.Progress.Phase, call.Request.Progress.Plan.Removes = entitlement.PhaseRemoved, true
	call.Planned.CallbackTimeout = 0
	if got := string(body(&call, "")); !strings.Contains(got, `"State":"delivering","Status":"Delivering","CallbackConfiguration":null`) ||
		!strings.Contains(got, `"Id":"assignment","State":"expired"`) {
		t.Errorf("a removal that does not wait: %s", got)
	}

	call.Assignment = &entitlement.Assignment{State: entitlement.AssignmentDelivered, NearEnd: true, RequestID: "request"}
	call.Callout.Stage = entitlement.StageOneDay
	if got := string(body(&call, "")); !strings.Contains(got, `"Stage":"assignmentOneDayBeforeExpiration"`) || strings.Contains(got, "Requestor") ||
		!strings.Contains(got, `"Status":"NearExpiry1DayNotificationTriggered"`) || strings.Contains(got, "CallbackUriPath") {
		t.Errorf("a day before the end: %s", got)
	}
}

func TestKeyring(t *testing.T) {
	var k keyring
	seed := make([]byte, 32)
	one, err := k.of("a", seed)
	if err != nil {
		t.Fatal(err)
	}
	seed[0] = 1 // a new key
	two, err := k.of("a", seed)
	if err != nil || one.id == two.id {
		t.Errorf("after the seed changed: %v, id %s", err, two.id)
	}
	if _, err := k.of("b", nil); err == nil {
		t.Error("no seed made a key")
	}
}
