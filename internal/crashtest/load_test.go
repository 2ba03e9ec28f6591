package crashtest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"anteroom/internal/testenv"
)

// load makes requests and answers their callouts without end, and keeps what it was told.
type load struct {
	t        *testing.T
	server   *testenv.Server
	tenant   string
	pkg      testenv.Package
	endpoint *testenv.Endpoint

	mu       sync.Mutex
	created  map[string]bool     // ids of requests that were answered 201
	answered map[string]string   // outcomes of resumes that were answered 204
	tried    map[string]string   // outcomes of resumes that were sent, whatever came back
	acked    int                 // answers 2xx to what changes something
	surprise []string            // answers that nobody expects
	refused  func(testenv.Reply) // is told of answers 503; may be nil
}

func newLoad(t *testing.T, url string) *load {
	t.Helper()
	l := &load{
		t: t, server: testenv.Attach(url), tenant: testenv.NewTenant(), endpoint: testenv.NewEndpoint("202"),
		created: map[string]bool{}, answered: map[string]string{}, tried: map[string]string{},
	}
	t.Cleanup(l.endpoint.Close)
	var err error
	if l.pkg, err = l.server.MakePackage(l.tenant, "Created:P1D@"+l.endpoint.URL); err != nil {
		t.Fatal(err)
	}
	return l
}

// run keeps workers busy until ctx is done.
func (l *load) run(ctx context.Context, workers int) *sync.WaitGroup {
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for n := w; ctx.Err() == nil; n++ {
				l.job(ctx, n)
			}
		})
	}
	return &wait
}

// job makes one request for a person of its own and, two times out of three, answers its
// callout. A connection that breaks ends the job; what is unknown then is looked at in the
// end.
func (l *load) job(ctx context.Context, n int) {
	name := testenv.NewTenant() // any id that nobody has
	r, err := l.server.CallAt(l.tenant, "app", "POST", "/v1.0/users", person(name))
	if err != nil || !l.expect(r, http.StatusCreated) {
		return
	}
	r, err = l.server.Call(l.tenant, "app", "POST", "/assignmentRequests", map[string]any{
		"requestType": "adminAdd", "assignment": map[string]string{"targetId": name, "accessPackageId": l.pkg.ID},
	})
	if err != nil || !l.expect(r, http.StatusCreated) {
		return
	}
	id, instance := r.Value("id"), r.Value("customExtensionCalloutInstances/0/id")
	l.mu.Lock()
	l.created[id] = true
	l.acked++
	l.mu.Unlock()
	if n%3 == 0 || ctx.Err() != nil {
		return
	}
	l.resume(id, instance, []string{"continue", "denied"}[n%2])
}

// person is the body that makes a user of that id.
func person(id string) map[string]any {
	return map[string]any{
		"id": id, "displayName": "Somebody", "userPrincipalName": id + "@contoso.example", "mailNickname": "somebody", "accountEnabled": true,
		"passwordProfile": map[string]string{"password": "x"},
	}
}

func (l *load) resume(id, instance, outcome string) {
	data := map[string]any{
		"@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
		"stage":       "assignmentRequestCreated", "customExtensionStageInstanceId": instance,
	}
	if outcome != "continue" {
		data["state"] = outcome
	}
	l.mu.Lock()
	l.tried[id] = outcome
	l.mu.Unlock()
	r, err := l.server.Call(l.tenant, "extension", "POST", "/assignmentRequests/"+id+"/resume", map[string]any{"source": "crash", "data": data})
	if err != nil || !l.expect(r, http.StatusNoContent) {
		return
	}
	l.mu.Lock()
	l.answered[id] = outcome
	l.acked++
	l.mu.Unlock()
}

// expect reports whether the answer is the one wanted. A 401 comes after a restart, as the
// issuer has a new key; a 503 when the server is stopping.
func (l *load) expect(r testenv.Reply, status int) bool {
	switch r.Status {
	case status:
		return true
	case http.StatusUnauthorized:
		l.server.ForgetTokens()
	case http.StatusServiceUnavailable:
		if l.refused != nil {
			l.refused(r)
		}
	default:
		l.mu.Lock()
		l.surprise = append(l.surprise, fmt.Sprintf("%d %s", r.Status, r.Body))
		l.mu.Unlock()
	}
	return false
}

// verify looks at everything that was acknowledged, with the server at rest.
func (l *load) verify() {
	l.t.Helper()
	l.server.ForgetTokens()
	l.advance("PT0S")
	for _, s := range l.surprise {
		l.t.Errorf("an answer that nobody expects: %s", s)
	}
	instances := l.calloutInstances()
	lost, twice := 0, 0
	for id := range l.created {
		r, err := l.server.Call(l.tenant, "app", "GET", "/assignmentRequests/"+id, nil)
		if err != nil || r.Status != http.StatusOK {
			lost++
			l.t.Errorf("request %s was answered 201 and is lost: %v %d", id, err, r.Status)
			continue
		}
		if want, ok := stateAfter(l.answered[id], l.tried[id], r.Value("state")); !ok {
			lost++
			l.t.Errorf("request %s is %s, want %s (answered %q, tried %q)", id, r.Value("state"), want, l.answered[id], l.tried[id])
		}
		// One that was answered before its callout left is not called any more.
		if n := len(instances[id]); n > 1 || (n == 0 && l.tried[id] == "") {
			lost++
			l.t.Errorf("request %s: the endpoint received %d instances", id, n)
		}
		twice += l.checkHistory(id)
	}
	l.t.Logf("%d requests created, %d answered, %d acknowledged calls, lost %d, applied twice %d",
		len(l.created), len(l.answered), l.acked, lost, twice)
	l.checkTimers()
}

// stateAfter says what state a request must be in.
func stateAfter(answered, tried, state string) (string, bool) {
	after := map[string]string{"continue": "delivered", "denied": "denied"}
	if answered != "" {
		return after[answered], state == after[answered]
	}
	if tried != "" { // nobody knows whether it arrived
		return "submitted or " + after[tried], state == "submitted" || state == after[tried]
	}
	return "submitted", state == "submitted"
}

// calloutInstances returns the instance ids that the endpoint received, by request.
func (l *load) calloutInstances() map[string]map[string]bool {
	seen := map[string]map[string]bool{}
	for _, c := range l.endpoint.Received() {
		id := c.Value("AccessPackageAssignmentRequestId")
		if seen[id] == nil {
			seen[id] = map[string]bool{}
		}
		seen[id][c.Value("CustomExtensionStageInstanceId")] = true
	}
	return seen
}

// checkHistory holds that an answer was recorded and roles were given at most once, and
// returns how often that was not so.
func (l *load) checkHistory(id string) int {
	r, err := l.server.Call(l.tenant, "app", "GET", "/assignmentRequests/"+id+"/history", nil)
	if err != nil || r.Status != http.StatusOK {
		l.t.Errorf("history of %s: %v %d", id, err, r.Status)
		return 0
	}
	count := map[string]int{}
	for n := 0; r.Value(fmt.Sprintf("value/%d/action", n)) != ""; n++ {
		count[r.Value(fmt.Sprintf("value/%d/action", n))]++
	}
	if count["submitted"] != 1 || count["callback"] > 1 || count["granted"] > 1 {
		l.t.Errorf("request %s: %v", id, count)
		return 1
	}
	return 0
}

// checkTimers holds that the timer of everything that still waits fires.
func (l *load) checkTimers() {
	l.t.Helper()
	l.advance("P2D")
	path := "/assignmentRequests?$filter=state%20eq%20'submitted'&$top=1"
	r, err := l.server.Call(l.tenant, "app", "GET", path, nil)
	if err != nil || r.Status != http.StatusOK {
		l.t.Fatalf("list: %v %d %s", err, r.Status, r.Body)
	}
	if r.Value("value") != "[]" {
		l.t.Errorf("a request still waits after its deadline: %s", r.Body)
	}
}

func (l *load) advance(d string) {
	l.t.Helper()
	if err := l.server.Advance(l.tenant, d); err != nil {
		l.t.Fatal(err)
	}
}
