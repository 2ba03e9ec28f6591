package graph

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// written is what an object looks like to an operator or to a person.
func written[T any](t *testing.T, typ *entityType[T], o *T, operator bool) obj {
	t.Helper()
	e := newEncoder()
	defer e.release()
	e.operator = operator
	r := rows[T]{view: &typ.whole}
	r.writeTo(e, o)
	var v obj
	if err := json.Unmarshal(e.buf, &v); err != nil {
		t.Fatalf("%v: %s", err, e.buf)
	}
	return v
}

var (
	writtenStart = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	writtenEnd   = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
)

func TestRequestWritten(t *testing.T) {
	s := newSchema()
	display := "First"
	r := &entitlement.Request{
		Object: entitlement.Object{ID: nowhere, CreatedAt: writtenStart}, Type: entitlement.TypeUserAdd,
		State: entitlement.RequestPartiallyDelivered, Status: "PartiallyDelivered",
		Answers: []entitlement.QuestionAnswer{{QuestionID: someQuestion, Value: "one", Display: &display}, {QuestionID: someQuestion, Value: "two"}},
		Progress: entitlement.Progress{
			Phase: entitlement.PhasePartial, Detail: "db1.internal refused", Failures: []entitlement.RoleFailure{{RoleScopeID: someInstance, Name: "Member of Sales", Reason: "db1.internal: no route"}},
			Plan:     entitlement.Plan{Schedule: entitlement.Schedule{StartAt: writtenStart, Expiration: &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 36 * time.Hour}}},
			Callouts: []entitlement.Callout{{ID: someInstance, Stage: entitlement.StageDetermining, ExtensionID: nowhere, Status: entitlement.CallbackReceived, LastError: "db1.internal"}},
		},
	}
	for _, operator := range []bool{true, false} {
		got := written(t, &s.request, r, operator)
		reason, detail := any("db1.internal: no route"), any("db1.internal refused")
		if !operator {
			reason, detail = nil, nil
		}
		callout := got["customExtensionCalloutInstances"].([]any)[0].(obj)
		if callout["stage"] != "assignmentRequestDeterminingApprovalRequirements" || callout["id"] != someInstance || (callout["lastError"] != nil) != operator {
			t.Errorf("callout: %s", jsonOf(callout))
		}
		delete(got, "customExtensionCalloutInstances")
		answer := func(value string, display any) obj {
			return obj{"@odata.type": "#microsoft.graph.accessPackageAnswerString", "value": value, "displayValue": display, "answeredQuestion": obj{"id": someQuestion}}
		}
		want := obj{
			"id": nowhere, "requestType": "userAdd", "state": "partiallyDelivered", "status": "PartiallyDelivered",
			"createdDateTime": "2027-01-02T03:04:05Z", "completedDateTime": nil, "justification": nil,
			"answers":      []any{answer("one", "First"), answer("two", nil)},
			"schedule":     obj{"startDateTime": "2027-01-02T03:04:05Z", "recurrence": nil, "expiration": obj{"type": "afterDuration", "endDateTime": nil, "duration": "P1DT12H"}},
			"statusDetail": detail, "resourceFailures": []any{obj{"id": someInstance, "displayName": "Member of Sales", "reason": reason}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("operator %t:\n%s", operator, diff)
		}
	}
	r.Progress = entitlement.Progress{Phase: entitlement.PhaseFailed, Reason: entitlement.FailureIncompatible, Detail: "incompatible"}
	if got := written(t, &s.request, r, false); got["statusDetail"] != "incompatible" {
		t.Errorf("statusDetail %v", got["statusDetail"])
	}
}

func TestAssignmentWritten(t *testing.T) {
	s := newSchema()
	schedule := func(start, typ, end any) obj {
		return obj{"startDateTime": start, "recurrence": nil, "expiration": obj{"type": typ, "endDateTime": end, "duration": nil}}
	}
	const start, end = "2027-01-02T03:04:05Z", "2027-06-01T00:00:00Z"
	for name, tc := range map[string]struct {
		assignment entitlement.Assignment
		status     any
		schedule   obj
	}{
		"none":       {entitlement.Assignment{}, nil, schedule(nil, "notSpecified", nil)},
		"delivering": {entitlement.Assignment{State: entitlement.AssignmentDelivering}, "Delivering", schedule(nil, "notSpecified", nil)},
		"for ever":   {entitlement.Assignment{State: entitlement.AssignmentDelivered, StartAt: writtenStart}, "Delivered", schedule(start, "noExpiration", nil)},
		"ends":       {entitlement.Assignment{State: entitlement.AssignmentDelivered, StartAt: writtenStart, EndAt: writtenEnd, NearEnd: true}, "NearExpiry1DayNotificationTriggered", schedule(start, "afterDateTime", end)},
		"grace":      {entitlement.Assignment{State: entitlement.AssignmentDelivered, StartAt: writtenStart, GraceUntil: writtenEnd}, "AutoAssignmentInGracePeriod", schedule(start, "noExpiration", nil)},
		"old":        {entitlement.Assignment{Object: entitlement.Object{CreatedAt: writtenStart}, State: entitlement.AssignmentDelivered}, "Delivered", schedule(start, "noExpiration", nil)},
		"expired":    {entitlement.Assignment{State: entitlement.AssignmentExpired, StartAt: writtenStart, EndAt: writtenEnd, ExpiredAt: writtenEnd, Ending: true}, "ExpiredNotificationTriggered", schedule(start, "afterDateTime", end)},
	} {
		a := tc.assignment
		a.Callouts = []entitlement.Callout{{ID: someInstance, Stage: entitlement.StageOneDay, Status: entitlement.CalloutSent}}
		a.Failures = []entitlement.RoleFailure{{RoleScopeID: someInstance, Reason: "no"}}
		got := written(t, &s.assignment, &a, true)
		if diff := cmp.Diff(tc.schedule, got["schedule"]); diff != "" || got["status"] != tc.status {
			t.Errorf("%s: status %v\n%s", name, got["status"], diff)
		}
		if c := got["customExtensionCalloutInstances"].([]any)[0].(obj); c["stage"] != "assignmentOneDayBeforeExpiration" || c["status"] != "calloutSent" {
			t.Errorf("%s: callout %s", name, jsonOf(c))
		}
		if diff := cmp.Diff([]any{obj{"id": someInstance, "displayName": nil, "reason": "no"}}, got["resourceFailures"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if expired := a.State == entitlement.AssignmentExpired; (got["expiredDateTime"] == end) != expired {
			t.Errorf("%s: expiredDateTime %v", name, got["expiredDateTime"])
		}
	}
}

// TestSubjectOrganization: the connected organization of a guest can be expanded from them.
func TestSubjectOrganization(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	a := w.do("app", "GET", "assignmentRequests/"+w.ask(alice)+"?$expand=assignment($expand=target($expand=connectedOrganization))", nil).want(200)
	target := a.get("assignment", "target").(obj)
	if org, there := target["connectedOrganization"]; !there || org != nil {
		t.Errorf("target: %s", jsonOf(target))
	}
}
