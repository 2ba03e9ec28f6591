package graph

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

func TestRequestRepresentation(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	a := w.do("app", "POST", "assignmentRequests", obj{"requestType": "AdminAdd", "justification": "needed", "assignment": obj{
		"targetId": strings.ToUpper(string(alice)), "assignmentPolicyId": w.policy, "accessPackageId": w.pkg,
	}}).want(201)
	id := a.id()
	if got, want := a.header.Get("Location"), "https://graph.test"+em+"/assignmentRequests/"+id; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	if !isTime(a.text("createdDateTime")) {
		t.Errorf("createdDateTime %v", a.get("createdDateTime"))
	}
	callout, _ := a.get("customExtensionCalloutInstances", 0).(map[string]any)
	if callout == nil || callout["status"] != "waitingForCallback" || callout["stage"] != "assignmentRequestCreated" || callout["customExtensionId"] != w.extension {
		t.Errorf("callout instance: %s", jsonOf(callout))
	}
	for _, name := range []string{"id", "detail", "externalCorrelationId", "source", "type", "attempts", "lastAttemptDateTime", "nextAttemptDateTime", "lastError", "deadlineDateTime"} {
		if _, ok := callout[name]; !ok {
			t.Errorf("the callout instance has no %s", name)
		}
	}
	delete(a.body, "createdDateTime")
	delete(a.body, "customExtensionCalloutInstances")
	want := obj{
		"@odata.context": "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/assignmentRequests/$entity",
		"id":             id, "requestType": "adminAdd", "state": "submitted", "status": "WaitingForCallback",
		"completedDateTime": nil, "justification": "needed", "answers": []any{},
		"schedule":     obj{"startDateTime": nil, "recurrence": nil, "expiration": obj{"type": "notSpecified", "endDateTime": nil, "duration": nil}},
		"statusDetail": nil, "resourceFailures": []any{},
	}
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Error(diff)
	}
}

// TestAssignmentBeforeItExists: the assignment of a request can always be expanded.
func TestAssignmentBeforeItExists(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	id := w.ask(alice)
	a := w.do("app", "GET", "assignmentRequests/"+id+"?$expand=assignment($expand=target,accessPackage,assignmentPolicy),requestor,accessPackage($expand=catalog)", nil).want(200)
	got := a.get("assignment").(map[string]any)
	for name, want := range map[string]any{"state": nil, "status": nil, "expiredDateTime": nil} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("assignment/%s is %v", name, v)
		}
	}
	for path, want := range map[string][]any{
		string(alice):       {"assignment", "target", "objectId"},
		"alice@contoso.com": {"assignment", "target", "principalName"},
		"notDefined":        {"assignment", "target", "subjectLifecycle"},
		w.pkg:               {"assignment", "accessPackage", "id"},
		w.policy:            {"assignment", "assignmentPolicy", "id"},
		string(app):         {"requestor", "id"},
		w.catalog:           {"accessPackage", "catalog", "id"},
		"servicePrincipal":  {"requestor", "subjectType"},
		"https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/assignmentRequests(assignment(target(),accessPackage(),assignmentPolicy()),requestor(),accessPackage(catalog()))/$entity": {"@odata.context"},
	} {
		if a.text(want...) != path {
			t.Errorf("%v is %q, want %q", want, a.text(want...), path)
		}
	}
	nav := w.do("app", "GET", "assignmentRequests/"+id+"/assignment?$select=id,state&$expand=target", nil).want(200)
	if nav.id() != a.text("assignment", "id") || nav.text("target", "id") != string(alice) || len(nav.body) != 4 {
		t.Errorf("assignment: %s", nav.raw)
	}
	if got, want := nav.text("@odata.context"), "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/assignmentRequests('"+id+"')/assignment(id,state,target())/$entity"; got != want {
		t.Errorf("context %s, want %s", got, want)
	}
	w.do("app", "GET", "assignments/"+nav.id(), nil).refused(404, entitlement.CodeNotFound)
	w.do("app", "POST", "assignmentRequests/"+id+"/cancel", nil).want(200)
	w.state(id, "canceled", "Canceled")
	w.do("app", "GET", "assignmentRequests/"+id+"/assignment", nil).want(200)
	w.do("app", "DELETE", "assignmentRequests/"+id, nil).want(204)
	w.do("app", "GET", "assignmentRequests/"+id, nil).refused(404, entitlement.CodeNotFound)
	w.do("app", "GET", "assignmentRequests/"+id+"/history", nil).want(200)
}

func TestCancelAnswer(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	for name, body := range map[string]any{"none": nil, "empty": "", "object": "{}", "null": "null"} {
		id := w.ask(alice)
		a := w.do("app", "POST", "assignmentRequests/"+id+"/cancel", body).want(200)
		if len(a.raw) != 0 || a.header.Get("Content-Length") != "0" || a.header.Get("Content-Type") != "" {
			t.Errorf("%s: body %q, headers %v", name, a.raw, a.header)
		}
	}
	id := w.ask(bob)
	w.do("app", "POST", "assignmentRequests/"+id+"/cancel", `{"why":"x"}`).refused(400, entitlement.CodeInvalidModel, "'why'")
	w.do("alice", "POST", "assignmentRequests/"+id+"/cancel", nil).refused(404, entitlement.CodeNotFound)
	w.do("bob", "POST", "assignmentRequests/"+id+"/cancel", nil).want(200)
}

// readOrderOf reads a body of a new request.
func readOrderOf(t testing.TB, s *Server, body string) (any, error) {
	t.Helper()
	v, err := parse([]byte(body))
	if err != nil {
		return nil, err
	}
	n := node{value: &v}
	if n.kind != isObject {
		return nil, n.wrongKind("an object")
	}
	return s.schema.readOrder(n)
}

func TestRequestBodyRefused(t *testing.T) {
	e := newEnv(t)
	in := func(members string) string {
		return `{"requestType":"adminAdd","assignment":{"targetId":"` + string(alice) + `",` + members + `}}`
	}
	beside := func(members string) string { return `{"requestType":"adminAdd",` + members + `}` }
	other := `"` + string(bob) + `"`
	for name, tc := range map[string]struct {
		body string
		code entitlement.Code
		says string
	}{
		"no body":            {"", "InvalidModel", "needs a body"},
		"no type":            {`{}`, "InvalidModel", "requestType is required"},
		"null type":          {`{"requestType":null}`, "InvalidModel", "must be a string, but it is null"},
		"unknown type":       {`{"requestType":"add"}`, "InvalidModel", "cannot be 'add'"},
		"system type":        {`{"requestType":"systemAdd"}`, "InvalidModel", "by the server itself"},
		"not specified":      {`{"requestType":"notSpecified"}`, "InvalidModel", "cannot be submitted"},
		"unknown member":     {beside(`"reason":"x"`), "InvalidModel", "'reason' does not exist on type 'microsoft.graph.accessPackageAssignmentRequest'"},
		"wrong case":         {beside(`"Assignment":{}`), "InvalidModel", "'Assignment'"},
		"assignment is list": {beside(`"assignment":[]`), "InvalidModel", "'assignment' must be an object, but it is a collection"},
		"both names":         {beside(`"assignment":{},"accessPackageAssignment":{}`), "InvalidModel", "two names"},
		"two targets":        {in(`"target":{"objectId":` + other + `}`), "InvalidModel", "names two"},
		"ids differ":         {in(`"target":{"id":` + other + `,"objectId":"` + string(alice) + `"}`), "InvalidModel", "names two"},
		"two packages":       {in(`"accessPackageId":` + other + `,"accessPackage":{"id":"` + string(alice) + `"}`), "InvalidModel", "names two"},
		"package above":      {`{"requestType":"adminAdd","accessPackage":{"id":"` + string(alice) + `"},"assignment":{"accessPackageId":` + other + `}}`, "InvalidModel", "names two"},
		"target no GUID":     {`{"requestType":"adminAdd","assignment":{"targetId":"alice"}}`, "InvalidModel", "assignment/targetId' must be a GUID"},
		"email":              {`{"requestType":"adminAdd","assignment":{"target":{"email":"x@contoso.com"}}}`, "UnsupportedSetting", "object id"},
		"unknown in target":  {in(`"target":{"name":"x"}`), "InvalidModel", "accessPackageSubject"},
		"unknown nested":     {in(`"policyId":"x"`), "InvalidModel", "'policyId'"},
		"long justification": {beside(`"justification":"` + strings.Repeat("x", 4001) + `"`), "InvalidModel", "4001"},
		"bind":               {beside(`"accessPackage@odata.bind":"x"`), "InvalidModel", "give the object with its id"},
		"double at":          {beside(`"@@odata.type":"x"`), "InvalidModel", "neither a property nor an annotation"},
		"duplicate":          {beside(`"requestType":"userAdd"`), "InvalidModel", "'requestType' twice"},
		"no such target":     {`{"requestType":"adminAdd","assignment":{"targetId":"` + nowhere + `"}}`, "InvalidModel", "no user"},
	} {
		t.Run(name, func(t *testing.T) {
			e.do("app", "POST", "assignmentRequests", tc.body).refused(400, tc.code, tc.says)
		})
	}
}

func TestRequestBodyTaken(t *testing.T) {
	e := newEnv(t)
	pkg, policy := "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000001"
	for name, body := range map[string]string{
		"flat":   `{"requestType":"AdminAdd","assignment":{"targetId":"` + string(alice) + `","assignmentPolicyId":"` + policy + `","accessPackageId":"` + pkg + `"}}`,
		"alias":  `{"requestType":"adminadd","accessPackageAssignment":{"targetId":"` + string(alice) + `","assignmentPolicyId":"` + policy + `","accessPackageId":"` + pkg + `"}}`,
		"nested": `{"@odata.type":"#microsoft.graph.accessPackageAssignmentRequest","requestType":"adminAdd","assignment":{"@odata.type":"#microsoft.graph.accessPackageAssignment","target":{"@odata.type":"#microsoft.graph.accessPackageSubject","objectId":"` + string(alice) + `","email":"alice@contoso.com"},"assignmentPolicy":{"id":"` + policy + `","displayName":"x","expiration":null},"accessPackage":{"id":"` + pkg + `","catalog":{}}}}`,
		"both":   `{"requestType":"adminAdd","accessPackage":{"id":"` + pkg + `"},"assignment":{"targetId":"` + string(alice) + `","target":{"id":"` + strings.ToUpper(string(alice)) + `"},"assignmentPolicyId":"` + policy + `","accessPackage":{"id":"` + pkg + `"}}}`,
		"nulls":  `{"id":null,"state":null,"answers":null,"justification":null,"requestor":{"anything":1},"customExtensionCalloutInstances":[],"schedule":{"startDateTime":null,"recurrence":null,"expiration":null},"requestType":"adminAdd","accessPackage":null,"assignment":{"id":null,"state":"delivered","target":null,"targetId":"` + string(alice) + `","assignmentPolicyId":"` + policy + `","accessPackageId":"` + pkg + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readOrderOf(t, e.server, body)
			if err != nil {
				t.Fatal(err)
			}
			want, err := readOrderOf(t, e.server, `{"requestType":"adminAdd","assignment":{"targetId":"`+string(alice)+`","assignmentPolicyId":"`+policy+`","accessPackageId":"`+pkg+`"}}`)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzCreateRequest(f *testing.F) {
	s := New(Options{})
	for _, body := range []string{
		`{"requestType":"userAdd","assignment":{"accessPackageId":"11111111-0000-4000-8000-000000000001"}}`,
		`{"requestType":"adminRemove","assignment":{"id":"11111111-0000-4000-8000-000000000001"}}`,
		`{"requestType":"adminAdd","assignment":{"target":{"objectId":"11111111-0000-4000-8000-000000000001"}},"schedule":{"expiration":{"type":"noExpiration"}}}`,
		`{"answers":[{"value":"x","answeredQuestion":{"id":"11111111-0000-4000-8000-000000000001"}}],"requestType":"userUpdate","schedule":{"startDateTime":"2026-01-01T00:00:00Z","expiration":{"type":"afterDuration","duration":"P1D"}}}`,
		`{"answers":[],"accessPackage":null}`, `{`, `"\u0000"`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := readOrderOf(t, s, string(body))
		var refusal *entitlement.Error
		if err != nil && (!errors.As(err, &refusal) || statusOf[refusal.Code] != http.StatusBadRequest || refusal.Message == "") {
			t.Fatalf("refused with %v", err)
		}
	})
}

// TestPersonAsks: a signed-in person asks for themselves and sees their own alone.
func TestPersonAsks(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	mine := w.do("alice", "POST", "assignmentRequests", obj{"requestType": "UserAdd", "assignment": obj{"accessPackageId": w.pkg}}).want(201).id()
	w.do("alice", "POST", "assignmentRequests", obj{"requestType": "userAdd", "assignment": obj{"accessPackageId": w.pkg, "targetId": bob}}).refused(403, entitlement.CodeForbidden)
	theirs := w.ask(bob)

	list := w.do("alice", "GET", "assignmentRequests", nil).want(200)
	if l := list.get("value").([]any); len(l) != 1 || list.text("value", 0, "id") != mine {
		t.Errorf("alice sees %s", list.raw)
	}
	w.do("alice", "GET", "assignmentRequests/"+theirs, nil).refused(404, entitlement.CodeNotFound)
	w.do("alice", "GET", "assignmentRequests/"+mine+"?$expand=accessPackage", nil).want(200)
	w.do("alice", "GET", "assignmentRequests/"+mine+"?$expand=assignment($expand=assignmentPolicy)", nil).refused(403, entitlement.CodeForbidden)
	w.do("alice", "GET", "assignmentRequests/"+mine+"/history", nil).refused(403, entitlement.CodeForbidden)
	w.do("alice", "GET", "catalogs", nil).refused(403, entitlement.CodeForbidden)
	for on, n := range map[string]int{"target": 1, "createdBy": 1, "TARGET": 1, "approver": 0, "targetOrRequestor": 1} {
		a := w.do("alice", "GET", "assignmentRequests/filterByCurrentUser(on='"+on+"')", nil).want(200)
		if l := a.get("value").([]any); len(l) != n {
			t.Errorf("on=%s: %s", on, a.raw)
		}
		if got := a.text("@odata.context"); got != "https://graph.test/v1.0/$metadata#Collection(microsoft.graph.accessPackageAssignmentRequest)" {
			t.Errorf("context %s", got)
		}
	}
	w.do("app", "GET", "assignmentRequests/filterByCurrentUser(on='target')", nil).refused(403, entitlement.CodeForbidden)
	w.do("alice", "GET", "assignmentRequests/filterByCurrentUser(on='nobody')", nil).refused(400, entitlement.CodeBadRequest, "createdBy")
	if a := w.do("admin", "GET", "assignmentRequests", nil).want(200); len(a.get("value").([]any)) != 2 {
		t.Errorf("an administrator sees %s", a.raw)
	}
}
