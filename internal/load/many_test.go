package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/load"
	"anteroom/internal/query"
	"anteroom/internal/server"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
	"anteroom/internal/testenv"
)

const (
	manyHangs = 2 * time.Minute // a limit for hangs only
	newcomers = 200             // who ask while the timers are worked off
)

// TestManyWait starts a server on a database in which very many requests wait. One in
// twenty has a timer that falls due within the same second: each comes once, those of the others do
// not come, and who asks meanwhile is served.
func TestManyWait(t *testing.T) {
	due, tenant := manyWait/20, string(server.SampleTenant)
	p := newPlace(t)
	p.serve(func(*testenv.Server) {})
	p.open(func(s *sqlstore.Store) {
		o := load.Options{
			Store: s, Tenant: server.SampleTenant, App: testenv.AppID, Endpoint: p.endpoint.URL, AllowDenyAtCreated: true,
			Catalogs: 20, Packages: 200, People: max(200, manyWait/100), Assignments: manyWait / 10, Waiting: manyWait - due,
		}
		p.must(load.Fill(t.Context(), o))
		o.Catalogs, o.Packages, o.Assignments, o.Waiting = 1, 1+due/100, 0, due
		o.CallbackTimeout = time.Hour
		o.Since = time.Now()
		o.Until = o.Since.Add(time.Second)
		p.must(load.Fill(t.Context(), o))
	})
	var asked []string
	pkg := p.checked()
	p.serve(func(s *testenv.Server) {
		done := make(chan error, 1)
		go func() { done <- s.Advance(tenant, "PT2H") }()
		asked = p.newcomers(s, tenant, pkg)
		select {
		case err := <-done:
			p.must(err)
		case <-time.After(manyHangs):
			t.Fatalf("what is due was not done within %s", manyHangs)
		}
		p.must(s.Advance(tenant, "PT0S"))
		p.counted(s, tenant, "state eq 'submitted'", manyWait-due+newcomers)
		p.counted(s, tenant, "state eq 'deliveryFailed'", due)
		p.resumeOne(s, tenant)
	})
	if n := len(p.endpoint.Received()); n != newcomers {
		t.Errorf("%d calls were received, want those of the %d who asked", n, newcomers)
	}
	p.once(due, asked)
}

// checked finds a package whose requests wait.
func (p *place) checked() (pkg testenv.Package) {
	p.t.Helper()
	p.open(func(s *sqlstore.Store) {
		p.must(s.View(p.t.Context(), server.SampleTenant, func(tx *store.Tx) error {
			policies, err := tx.Policies.List(p.t.Context(), query.Query{Limit: 5})
			for _, policy := range policies {
				if len(policy.StageSettings) > 0 {
					pkg = testenv.Package{ID: string(policy.PackageID), Policy: string(policy.ID)}
				}
			}
			return err
		}))
	})
	return pkg
}

// newcomers let people ask, some at a time.
func (p *place) newcomers(s *testenv.Server, tenant string, pkg testenv.Package) []string {
	p.t.Helper()
	ids := make([]string, newcomers)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := worker; i < newcomers; i += 4 {
				who, err := s.NewPerson(tenant)
				if err != nil {
					p.t.Error(err)
					return
				}
				r, err := s.Call(tenant, "app", http.MethodPost, "/assignmentRequests", map[string]any{
					"requestType": "adminAdd", "assignment": map[string]any{"targetId": who, "accessPackageId": pkg.ID, "assignmentPolicyId": pkg.Policy},
				})
				if err != nil || r.Status != http.StatusCreated {
					p.t.Errorf("%d %s %v", r.Status, r.Body, err)
					return
				}
				ids[i] = r.Value("id")
			}
		})
	}
	all.Wait()
	return ids
}

// counted checks how many requests there are.
func (p *place) counted(s *testenv.Server, tenant, filter string, want int) {
	p.t.Helper()
	r, err := s.Call(tenant, "app", http.MethodGet, "/assignmentRequests?$top=1&$count=true&$filter="+url.PathEscape(filter), nil)
	p.must(err)
	if n := r.Value("@odata.count"); n != strconv.Itoa(want) {
		p.t.Errorf("%s holds for %s requests, want %d: %d %.300s", filter, n, want, r.Status, r.Body)
	}
}

// resumeOne lets one of those that were loaded go on.
func (p *place) resumeOne(s *testenv.Server, tenant string) {
	p.t.Helper()
	r, err := s.Call(tenant, "app", http.MethodGet, "/assignmentRequests?$top=1&$filter="+url.PathEscape("state eq 'submitted'"), nil)
	p.must(err)
	id := r.Value("value/0/id")
	r, err = s.Call(tenant, "app", http.MethodGet, "/assignmentRequests/"+id+"?$select=customExtensionCalloutInstances", nil)
	p.must(err)
	instance := r.Value("customExtensionCalloutInstances/0/id")
	r, err = s.Call(tenant, "extension", http.MethodPost, "/assignmentRequests/"+id+"/resume", map[string]any{
		"source": "a test", "type": "microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",
		"data": map[string]any{
			"@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData", "stage": "assignmentRequestCreated",
			"customExtensionStageInstanceId": instance, "customExtensionStageInstanceDetail": "well",
		},
	})
	p.must(err)
	if r.Status != http.StatusNoContent {
		p.t.Errorf("resume of request %s: %d %s", id, r.Status, r.Body)
	}
}

// once checks in the history that as many timers came as were due, each once, and that whoever
// asked meanwhile was called for once.
func (p *place) once(due int, asked []string) {
	p.t.Helper()
	ctx := context.Background()
	fired, sent := make(map[entitlement.ID]int), make(map[entitlement.ID]int)
	p.open(func(s *sqlstore.Store) {
		p.must(s.View(ctx, server.SampleTenant, func(tx *store.Tx) error {
			for after, more := int64(0), true; more; {
				page, err := tx.History.List(ctx, after, 5000)
				if err != nil {
					return err
				}
				for _, r := range page {
					after = r.Seq
					switch entitlement.EventKind(r.Action) {
					case entitlement.EventTimedOut:
						fired[r.Ref]++
					case entitlement.EventSent:
						sent[r.Ref]++
					}
				}
				more = len(page) > 0
			}
			waits, err := tx.Requests.Count(ctx, query.Equal("open", true))
			if want := manyWait - due + newcomers - 1; err == nil && waits != want {
				err = fmt.Errorf("%d requests are open, want %d", waits, want)
			}
			return err
		}))
	})
	if len(fired) != due {
		p.t.Errorf("%d timers came, want %d", len(fired), due)
	}
	for id, n := range fired {
		if n != 1 {
			p.t.Errorf("the timer of request %s came %d times", id, n)
		}
	}
	for _, id := range asked {
		if n := sent[entitlement.ID(id)]; n != 1 {
			p.t.Errorf("request %s was called for %d times", id, n)
		}
	}
}
