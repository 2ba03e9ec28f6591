package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store/sqlstore"
)

const (
	testTenant  = entitlement.TenantID("c0ffee00-0000-4000-8000-000000000001")
	otherTenant = entitlement.TenantID("c0ffee00-0000-4000-8000-000000000002")
	alice       = entitlement.ID("a11ce000-0000-4000-8000-000000000001")
	bob         = entitlement.ID("b0b00000-0000-4000-8000-000000000001")
	admin       = entitlement.ID("ad000000-0000-4000-8000-000000000001")
	app         = entitlement.ID("a9900000-0000-4000-8000-000000000001")
	team        = entitlement.ID("60000000-0000-4000-8000-000000000001")
	crew        = entitlement.ID("60000000-0000-4000-8000-000000000002")
	nowhere     = "00000000-0000-4000-8000-0000000000ff"
)

// env is the API over a store in memory, called without a network.
type env struct {
	t      testing.TB
	engine *engine.Engine
	server *Server
	calls  []engine.Call
	mu     sync.Mutex
}

// Call implements engine.Caller: the endpoint takes everything.
func (e *env) Call(_ context.Context, c engine.Call) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
	return nil
}

// Authenticate implements Authenticator: the token says who is calling.
func (e *env) Authenticate(r *http.Request) (entitlement.Actor, error) {
	rw := []string{entitlement.PermissionReadWrite}
	switch token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); token {
	case "app":
		return entitlement.Actor{Tenant: testTenant, ObjectID: app, AppID: "the-app", Name: "The App", Permissions: rw}, nil
	case "owner": // the owner of an extension, who asks for nothing
		return entitlement.Actor{Tenant: testTenant, ObjectID: "0b000000-0000-4000-8000-000000000001", Name: "Owner", Permissions: rw}, nil
	case "other":
		return entitlement.Actor{Tenant: otherTenant, ObjectID: app, Permissions: rw}, nil
	case "reader":
		return entitlement.Actor{Tenant: testTenant, ObjectID: app, Permissions: []string{entitlement.PermissionRead}}, nil
	case "alice":
		return entitlement.Actor{Tenant: testTenant, User: true, ObjectID: alice, Name: "Alice", UPN: "alice@contoso.com", Permissions: rw}, nil
	case "bob":
		return entitlement.Actor{Tenant: testTenant, User: true, ObjectID: bob, Name: "Bob", Permissions: rw}, nil
	case "admin":
		return entitlement.Actor{Tenant: testTenant, User: true, ObjectID: admin, Name: "Ada", Administrator: true, Permissions: rw}, nil
	}
	return entitlement.Actor{}, entitlement.Errorf(entitlement.CodeUnauthenticated, "", "Access token is empty or not valid.")
}

func newEnv(t testing.TB) *env {
	t.Helper()
	ctx := context.Background()
	st, err := sqlstore.Open(ctx, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	e := &env{t: t}
	e.engine = engine.New(engine.Options{Store: st, Caller: e, Directory: directory.BuiltIn{}, Deliverer: delivery.Groups{}, AllowDenyAtCreated: true})
	mail := "alice@contoso.com"
	seed := &engine.Seed{
		Users: []entitlement.User{
			{Object: entitlement.Object{ID: alice}, DisplayName: "Alice", UserPrincipalName: "alice@contoso.com", Mail: &mail, Type: entitlement.UserMember, AccountEnabled: true},
			{Object: entitlement.Object{ID: bob}, DisplayName: "Bob", UserPrincipalName: "bob@contoso.com", Type: entitlement.UserMember, AccountEnabled: true},
		},
		Groups: []entitlement.Group{
			{Object: entitlement.Object{ID: team}, DisplayName: "Team", SecurityEnabled: true},
			{Object: entitlement.Object{ID: crew}, DisplayName: "Crew", SecurityEnabled: true},
		},
	}
	for _, tenant := range []entitlement.TenantID{testTenant, otherTenant} {
		if err := e.engine.EnsureTenant(ctx, tenant, seed); err != nil {
			t.Fatal(err)
		}
	}
	e.server = New(Options{Engine: e.engine, Auth: e, Base: func(r *http.Request) (string, error) { return "https://graph.test", nil }})
	return e
}

const em = "/v1.0/identityGovernance/entitlementManagement"

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// do makes one call. A path that does not begin with a slash is below em.
func (e *env) do(as, verb, path string, body any, headers ...string) *answer {
	e.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = em + "/" + path
	}
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			e.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r := httptest.NewRequest(verb, "https://graph.test"+strings.ReplaceAll(path, " ", "%20"), reader)
	if as != "" {
		r.Header.Set("Authorization", "Bearer "+as)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	e.server.ServeHTTP(w, r)
	return readAnswer(e.t, verb+" "+path, w)
}

func readAnswer(t testing.TB, what string, w *httptest.ResponseRecorder) *answer {
	t.Helper()
	a := &answer{t: t, what: what, status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && len(a.raw) > 0 {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			t.Fatalf("%s: the answer is not a JSON object: %v\n%s", a.what, err, a.raw)
		}
	}
	return a
}

// want fails the test unless the status is as given.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.status, status, a.raw)
	}
	return a
}

// refused fails the test unless the answer is an error of that status and code, in the
// shape that all errors have, whose message holds all the words.
func (a *answer) refused(status int, code entitlement.Code, words ...string) *answer {
	a.t.Helper()
	a.want(status)
	got, _ := a.get("error", "code").(string)
	message, _ := a.get("error", "message").(string)
	if got != string(code) || message == "" {
		a.t.Fatalf("%s: code %q, want %q\n%s", a.what, got, code, a.raw)
	}
	for _, w := range words {
		if !strings.Contains(message, w) {
			a.t.Fatalf("%s: the message does not hold %q: %s", a.what, w, message)
		}
	}
	return a
}

// get goes into the body: member names and indexes.
func (a *answer) get(path ...any) any {
	var v any = a.body
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a *answer) text(path ...any) string {
	s, _ := a.get(path...).(string)
	return s
}

func (a *answer) id() string { return a.text("id") }

// make creates an object and returns its id.
func (e *env) make(path string, body any) string {
	e.t.Helper()
	return e.do("app", "POST", path, body).want(http.StatusCreated).id()
}

type obj = map[string]any

// world is what most tests need: a catalog, a package that gives the membership of a
// group, an extension that waits, and a policy that calls it at the stages given.
type world struct {
	*env
	catalog, pkg, extension, policy, roleScope string
}

func newWorld(t testing.TB, stages ...string) *world {
	t.Helper()
	w := &world{env: newEnv(t)}
	w.catalog = w.make("catalogs", obj{"displayName": "Sales"})
	w.pkg = w.make("accessPackages", obj{"displayName": "Sales team", "catalog": obj{"id": w.catalog}})
	w.make("resourceRequests", obj{"requestType": "adminAdd", "catalog": obj{"id": w.catalog}, "resource": obj{"originId": team, "originSystem": "AadGroup"}})
	w.roleScope = w.make("accessPackages/"+w.pkg+"/resourceRoleScopes", obj{
		"role":  obj{"originId": "Member_" + string(team), "originSystem": "AadGroup", "displayName": "Member", "resource": obj{"originId": team, "originSystem": "AadGroup"}},
		"scope": obj{"originId": team, "originSystem": "AadGroup", "isRootScope": true},
	})
	w.extension = w.make("catalogs/"+w.catalog+"/customWorkflowExtensions", obj{
		"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": "SoD check",
		"endpointConfiguration": obj{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": "https://sod.contoso.com/check"},
		"callbackConfiguration": obj{"timeoutDuration": "PT1H"},
	})
	settings := []obj{}
	for _, s := range stages {
		settings = append(settings, obj{"stage": s, "customExtension": obj{"id": w.extension, "@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension"}})
	}
	w.policy = w.make("assignmentPolicies", obj{
		"displayName": "Everybody", "accessPackage": obj{"id": w.pkg}, "allowedTargetScope": "allDirectoryUsers",
		"requestorSettings": obj{"enableTargetsToSelfAddAccess": true}, "customExtensionStageSettings": settings,
	})
	return w
}

// ask makes a request for somebody and returns its id.
func (w *world) ask(target entitlement.ID) string {
	w.t.Helper()
	return w.do("app", "POST", "assignmentRequests", obj{"requestType": "adminAdd", "assignment": obj{
		"targetId": target, "assignmentPolicyId": w.policy, "accessPackageId": w.pkg,
	}}).want(http.StatusCreated).id()
}

// instance returns the id of the latest callout instance of a request.
func (w *world) instance(request string) string {
	w.t.Helper()
	a := w.do("app", "GET", "assignmentRequests/"+request, nil).want(http.StatusOK)
	list, _ := a.get("customExtensionCalloutInstances").([]any)
	if len(list) == 0 {
		w.t.Fatalf("request %s has no callout instance\n%s", request, a.raw)
	}
	return a.text("customExtensionCalloutInstances", len(list)-1, "id")
}

// state fails the test unless the request has that state and status.
func (w *world) state(request, state, status string) {
	w.t.Helper()
	a := w.do("app", "GET", "assignmentRequests/"+request, nil).want(http.StatusOK)
	if a.text("state") != state || a.text("status") != status {
		w.t.Fatalf("request is %s, %s; want %s, %s\n%s", a.text("state"), a.text("status"), state, status, a.raw)
	}
}

func isTime(s string) bool {
	_, err := time.Parse("2006-01-02T15:04:05.999999Z", s)
	return err == nil
}

func jsonOf(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}
