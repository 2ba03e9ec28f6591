package graph

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

const someInstance = "957d0c50-466b-4840-bb5b-c92cea7141ff"

func readCallbackText(t testing.TB, body string) (entitlement.Event, error) {
	t.Helper()
	v, err := parse([]byte(body))
	if err != nil {
		return entitlement.Event{}, err
	}
	n := node{value: &v}
	if n.kind != isObject {
		return entitlement.Event{}, n.wrongKind("an object")
	}
	return readCallback(n)
}

// TestCallbackRefused: every slip is refused and says what is wrong.
func TestCallbackRefused(t *testing.T) {
	data := func(members string) string {
		return `{"data":{"stage":"assignmentRequestCreated","customExtensionStageInstanceId":"` + someInstance + `"` + members + `}}`
	}
	with := func(member string) string {
		return `{"data":{"stage":"assignmentRequestCreated","customExtensionStageInstanceId":"` + someInstance + `"},` + member + `}`
	}
	supplied := func(members string) string {
		return data(`,"@odata.type":"#microsoft.graph.assignmentRequestApprovalStageCallbackData",` + members)
	}
	for name, tc := range map[string]struct{ body, says string }{
		"no data":                  {`{"source":"x"}`, "data is required"},
		"null data":                {`{"data":null}`, "must be an object, but it is null"},
		"data is text":             {`{"data":"x"}`, "must be an object, but it is a string"},
		"data is a list":           {`{"data":[]}`, "must be an object, but it is a collection"},
		"empty data":               {`{"data":{}}`, "data.stage is required"},
		"empty typed data":         {`{"data":{"@odata.type":"#microsoft.graph.accessPackageAssignmentRequestCallbackData"}}`, "data.stage is required"},
		"no stage":                 {`{"data":{"customExtensionStageInstanceId":"` + someInstance + `"}}`, "data.stage is required"},
		"no instance":              {`{"data":{"stage":"assignmentRequestCreated"}}`, "customExtensionStageInstanceId is required"},
		"null instance":            {`{"data":{"stage":"assignmentRequestCreated","customExtensionStageInstanceId":null}}`, "must be a string, but it is null"},
		"instance no GUID":         {`{"data":{"stage":"assignmentRequestCreated","customExtensionStageInstanceId":"42"}}`, "must be a GUID, but it is '42'"},
		"unknown stage":            {`{"data":{"stage":"assignmentRequestCreate","customExtensionStageInstanceId":"` + someInstance + `"}}`, "'assignmentRequestCreate' is not known"},
		"null stage":               {`{"data":{"stage":null,"customExtensionStageInstanceId":"` + someInstance + `"}}`, "must be a string"},
		"stage of an assignment":   {`{"data":{"stage":"assignmentOneDayBeforeExpiration","customExtensionStageInstanceId":"` + someInstance + `"}}`, "No request waits at stage 'assignmentOneDayBeforeExpiration'"},
		"null state":               {data(`,"state":null`), "data.state is null"},
		"empty state":              {data(`,"state":""`), "data.state is ''"},
		"blank state":              {data(`,"state":" denied"`), "data.state is ' denied'"},
		"number state":             {data(`,"state":1`), "data.state is a number"},
		"false state":              {data(`,"state":false`), "data.state is a boolean"},
		"list state":               {data(`,"state":["denied"]`), "data.state is a collection"},
		"unknown state":            {data(`,"state":"deny"`), "data.state is 'deny'"},
		"british state":            {data(`,"state":"Cancelled"`), "it can be Denied or Canceled"},
		"approved state":           {data(`,"state":"approved"`), "Leave it out to let the request go on"},
		"State":                    {data(`,"State":"denied"`), "'State' does not exist"},
		"Stage":                    {`{"data":{"Stage":"assignmentRequestCreated","customExtensionStageInstanceId":"` + someInstance + `"}}`, "'Stage' does not exist"},
		"two states":               {data(`,"state":"denied","state":"canceled"`), "'state' twice"},
		"escaped second state":     {data(`,"state":"denied","st\u0061te":"canceled"`), "'state' twice"},
		"state beside data":        {with(`"state":"denied"`), "'state' does not exist"},
		"Data":                     {`{"Data":{}}`, "'Data' does not exist"},
		"unknown member in data":   {data(`,"outcome":"denied"`), "'outcome' does not exist"},
		"approval stage":           {data(`,"approvalStage":{}`), "approvalStage belongs to data whose @odata.type is microsoft.graph.assignmentRequestApprovalStageCallbackData"},
		"typed approval stage":     {data(`,"@odata.type":"#microsoft.graph.accessPackageAssignmentRequestCallbackData","approvalStage":null`), "approvalStage belongs to data"},
		"approval stage is text":   {supplied(`"approvalStage":"me"`), "must be an object"},
		"unknown in stage":         {supplied(`"approvalStage":{"approvers":[]}`), "'approvers' does not exist"},
		"double at in stage":       {supplied(`"approvalStage":{"@@odata.type":"x"}`), "neither a property nor an annotation"},
		"two stages":               {supplied(`"approvalStage":null,"approvalStage":{}`), "'approvalStage' twice"},
		"double at":                {data(`,"@@odata.type":"#microsoft.graph.accessPackageAssignmentRequestCallbackData"`), "'@@odata.type' is not known"},
		"annotated state":          {data(`,"@odata.state":"denied"`), "'@odata.state' is not known"},
		"annotation without state": {data(`,"state@odata.type":"#String"`), "'state@odata.type' is not known"},
		"bound state":              {data(`,"state@odata.bind":"denied"`), "'state@odata.bind' is not known"},
		"other type":               {data(`,"@odata.type":"#microsoft.graph.customTaskExtensionCallbackData"`), "'customTaskExtensionCallbackData'; it must be microsoft.graph.accessPackageAssignmentRequestCallbackData"},
		"foreign type":             {data(`,"@odata.type":"#contoso.data"`), "'#contoso.data' is not a type of microsoft.graph"},
		"number type":              {data(`,"@odata.type":1`), "must be a string"},
		"empty type":               {with(`"type":""`), "type '' is not known"},
		"bare stage in type":       {with(`"type":"assignmentRequestCreated"`), "type 'assignmentRequestCreated' is not known"},
		"unknown stage in type":    {with(`"type":"microsoft.graph.accessPackageCustomExtensionStage.created"`), "'created' is not known"},
		"no stage in type":         {with(`"type":"microsoft.graph.accessPackageCustomExtensionStage."`), "'' is not known"},
		"object type":              {with(`"type":{}`), "must be a string"},
		"long source":              {with(`"source":"` + strings.Repeat("ä", 257) + `"`), "source has 257 characters; the most is 256"},
		"long detail":              {data(`,"customExtensionStageInstanceDetail":"` + strings.Repeat("x", 4001) + `"`), "4001 characters"},
		"number detail":            {data(`,"customExtensionStageInstanceDetail":1`), "must be a string"},
		"array":                    {`[]`, "must be an object"},
		"null":                     {`null`, "must be an object"},
		"trailing":                 {data("") + "{}", "more behind it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readCallbackText(t, tc.body)
			var refusal *entitlement.Error
			if !errors.As(err, &refusal) || refusal.Code != entitlement.CodeInvalidModel {
				t.Fatalf("got %v, want InvalidModel", err)
			}
			if !strings.Contains(refusal.Message, tc.says) {
				t.Errorf("message %q does not hold %q", refusal.Message, tc.says)
			}
		})
	}
}

func TestCallbackTaken(t *testing.T) {
	body := func(before, stage, after string) string {
		return fmt.Sprintf(`{%s"data":{"stage":"%s","customExtensionStageInstanceId":"%s"%s}}`, before, stage, strings.ToUpper(someInstance), after)
	}
	const created = "assignmentRequestCreated"
	for name, tc := range map[string]struct {
		body    string
		stage   entitlement.Stage
		outcome entitlement.Outcome
	}{
		"least":           {body("", created, ""), entitlement.StageCreated, entitlement.OutcomeContinue},
		"stage in case":   {body("", "AssignmentRequestAPPROVED", ""), entitlement.StageApproved, entitlement.OutcomeContinue},
		"removed":         {body("", "AssignmentRemoved", ""), entitlement.StageRemoved, entitlement.OutcomeContinue},
		"denied":          {body("", created, `,"state":"DENIED"`), entitlement.StageCreated, entitlement.OutcomeDenied},
		"canceled":        {body("", created, `,"state":"Canceled"`), entitlement.StageCreated, entitlement.OutcomeCanceled},
		"nulls":           {body(`"source":null,"type":null,`, created, `,"customExtensionStageInstanceDetail":null`), entitlement.StageCreated, entitlement.OutcomeContinue},
		"type with #":     {body(`"type":"#microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",`, created, `,"@odata.type":"#microsoft.graph.accessPackageAssignmentRequestCallbackData"`), entitlement.StageCreated, entitlement.OutcomeContinue},
		"doubled prefix":  {body("", created, `,"@odata.type":"microsoft.graph.microsoft.graph.accessPackageAssignmentRequestCallbackData"`), entitlement.StageCreated, entitlement.OutcomeContinue},
		"annotated state": {body("", created, `,"state@odata.type":"#String","state":"denied"`), entitlement.StageCreated, entitlement.OutcomeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			ev, err := readCallbackText(t, tc.body)
			if err != nil {
				t.Fatal(err)
			}
			if ev.Stage != tc.stage || ev.Answer.Outcome != tc.outcome || ev.Instance != someInstance {
				t.Errorf("got %+v", ev)
			}
		})
	}
}

// TestCallbackSupplies: the callback to a dynamic stage brings a stage of approval. The
// official Example 3 names two stages, and doubles the namespace.
func TestCallbackSupplies(t *testing.T) {
	const determining = entitlement.StageDetermining
	body := func(stage string) string {
		return `{"source":"Contoso","type":"microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated","data":{` +
			`"@odata.type":"microsoft.graph.microsoft.graph.AssignmentRequestApprovalStageCallbackData","stage":"` + string(determining) + `",` +
			`"customExtensionStageInstanceId":"` + someInstance + `"` + stage + `}}`
	}
	ev, err := readCallbackText(t, body(`,"approvalStage":{"durationBeforeAutomaticDenial":"P2D","isApproverJustificationRequired":true,"isEscalationEnabled":false,`+
		`"primaryApprovers":[{"@odata.type":"#microsoft.graph.singleUser","userId":"`+string(bob)+`","description":"Bob","isBackup":false}],`+
		`"escalationApprovers":[],"fallbackPrimaryApprovers":[],"fallbackEscalationApprovers":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	if ev.Stage != determining || ev.TypeStage != entitlement.StageCreated || ev.Supplied == nil {
		t.Fatalf("got %+v", ev)
	}
	if s := ev.Supplied; s.AutomaticDenial != 48*time.Hour || !s.NeedsJustification() || s.Dynamic || len(s.Primary) != 1 || s.Primary[0].ID != bob {
		t.Errorf("the stage is %+v", s)
	}
	for _, none := range []string{"", `,"approvalStage":null`} {
		if ev, err := readCallbackText(t, body(none)); err != nil || ev.Supplied != nil {
			t.Errorf("%q: %+v, %v", none, ev.Supplied, err)
		}
	}
	plain := strings.Replace(body(""), "microsoft.graph.microsoft.graph.AssignmentRequestApprovalStageCallbackData", "#microsoft.graph."+callbackData, 1)
	if ev, err := readCallbackText(t, plain); err != nil || ev.Supplied != nil || ev.Stage != determining {
		t.Errorf("plain data: %+v, %v", ev, err)
	}
}

// TestResumeOrder: shape before request, request before right, right before instance.
func TestResumeOrder(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated", "assignmentRequestGranted")
	r := w.ask(alice)
	instance := w.instance(r)
	good := fmt.Sprintf(seedContinue, instance)
	resume := func(as, id, body string) *answer { return w.do(as, "POST", "assignmentRequests/"+id+"/resume", body) }

	resume("", r, good).refused(401, entitlement.CodeUnauthenticated)
	resume("owner", "not-a-guid", good).refused(400, entitlement.CodeInvalidModel, "not-a-guid")
	resume("owner", nowhere, `{"data":{}}`).refused(400, entitlement.CodeInvalidModel, "data.stage is required")
	resume("owner", nowhere, good).refused(404, entitlement.CodeNotFound, nowhere)
	resume("other", r, good).refused(404, entitlement.CodeNotFound)
	resume("bob", r, good).refused(404, entitlement.CodeNotFound)
	resume("alice", r, good).refused(403, entitlement.CodeForbidden)
	resume("app", r, good).refused(403, entitlement.CodeForbidden)
	resume("reader", r, good).refused(403, entitlement.CodeForbidden)
	resume("owner", r, fmt.Sprintf(seedContinue, someInstance)).refused(400, entitlement.CodeUnknownCalloutInstance, someInstance)
	resume("owner", r, strings.ReplaceAll(good, "assignmentRequestCreated", "assignmentRequestApproved")).refused(400, entitlement.CodeStageMismatch)
	w.state(r, "submitted", "WaitingForCallback")

	// The path of a CallbackUriPath works below both versions and both names, and with
	// the key in parentheses.
	w.do("owner", "POST", "/beta/identityGovernance/entitlementManagement/accessPackageAssignmentRequests/"+nowhere+"/resume", good).refused(404, entitlement.CodeNotFound, nowhere)
	w.do("owner", "POST", "/beta/IDENTITYGOVERNANCE/entitlementmanagement/assignmentRequests('"+nowhere+"')/microsoft.graph.resume", good).refused(404, entitlement.CodeNotFound, nowhere)
	w.do("owner", "POST", em+"/accessPackageAssignmentRequests/"+strings.ToUpper(r)+"/Resume", good).want(204)

	// At Granted nothing can be denied, and nothing is granted before.
	granted := w.instance(r)
	deny := strings.ReplaceAll(strings.ReplaceAll(fmt.Sprintf(seedDeny, granted), "assignmentRequestCreated", "assignmentRequestGranted"), "AssignmentRequestCreated", "assignmentRequestGranted")
	resume("owner", r, deny).refused(400, entitlement.CodeOutcomeNotAllowed)
	w.state(r, "delivering", "WaitingForCallback")
	if n := len(w.do("app", "GET", "/v1.0/groups/"+string(team)+"/members", nil).want(200).get("value").([]any)); n != 0 {
		t.Errorf("%d members before the resume", n)
	}
}

// FuzzResumeBody: whatever comes is refused, or taken as what its state says; and only a
// body without a state is taken as "go on".
func FuzzResumeBody(f *testing.F) {
	for _, s := range []string{
		fmt.Sprintf(seedContinue, someInstance), fmt.Sprintf(seedDeny, someInstance), `{}`, `null`, `{"data":{"state":null}}`,
		`{"data":{"stage":"assignmentRequestCreated","customExtensionStageInstanceId":"` + someInstance + `","st\u0061te":"Canceled"}}`,
		"{\"data\":\xff}", `{"data":{"@@odata.type":1}}`, `[[[[`, `{"a":1}{"b":2}`, `{"data":{"state":"\ud800"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := readCallbackText(t, string(body))
		if err != nil {
			var refusal *entitlement.Error
			if !errors.As(err, &refusal) || refusal.Code != entitlement.CodeInvalidModel || refusal.Message == "" {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		v, err := parse(body)
		if err != nil {
			t.Fatal(err)
		}
		state := v.member("data").member("state")
		want := entitlement.OutcomeContinue
		switch {
		case state == nil:
		case state.kind == isString && strings.EqualFold(state.text, "denied"):
			want = entitlement.OutcomeDenied
		case state.kind == isString && strings.EqualFold(state.text, "canceled"):
			want = entitlement.OutcomeCanceled
		default:
			t.Fatalf("taken, though the state is %+v", state)
		}
		if ev.Answer.Outcome != want {
			t.Fatalf("outcome %s, want %s", ev.Answer.Outcome, want)
		}
		if stage := v.member("data").member("approvalStage"); (stage != nil && stage.kind == isObject) != (ev.Supplied != nil) {
			t.Fatalf("supplied %+v", ev.Supplied)
		}
	})
}
