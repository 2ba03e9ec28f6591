package graph

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// TestPaging follows next links while objects are added and removed: each that was there
// all the time is seen exactly once.
func TestPaging(t *testing.T) {
	for _, query := range []string{
		"?$top=3", "?$top=3&$orderby=displayName", "?$top=3&$orderby=displayName desc", "?$top=3&$orderby=createdDateTime desc",
		"?%24top=3&$filter=startswith(displayName,'C')&$count=true&$expand=resources($expand=roles)&$select=id,displayName",
	} {
		t.Run(query, func(t *testing.T) {
			e := newEnv(t)
			stays := map[string]int{}
			for i := range 10 {
				stays[e.make("catalogs", obj{"displayName": fmt.Sprintf("C %02d", i)})] = 0
			}
			gone := e.make("catalogs", obj{"displayName": "C 99"})
			next, pages := em+"/catalogs"+query, 0
			for next != "" {
				if pages++; pages > 30 {
					t.Fatal("the list does not end")
				}
				a := e.do("app", "GET", next, nil).want(200)
				list := a.get("value").([]any)
				if len(list) > 3 {
					t.Fatalf("a page of %d", len(list))
				}
				for i := range list {
					id := a.text("value", i, "id")
					if _, ok := stays[id]; ok {
						stays[id]++
					}
				}
				if pages == 1 && strings.Contains(query, "count") && a.get("@odata.count") != 11.0 {
					t.Errorf("count %v", a.get("@odata.count"))
				}
				e.make("catalogs", obj{"displayName": fmt.Sprintf("C 0%d new", pages)})
				if pages == 2 {
					e.do("app", "DELETE", "catalogs/"+gone, nil).want(204)
				}
				link := a.text("@odata.nextLink")
				if link == "" {
					break
				}
				u, err := url.Parse(link)
				if err != nil || u.Scheme != "https" || u.Host != "graph.test" || strings.ContainsAny(link, " \"") {
					t.Fatalf("next link %q", link)
				}
				for name := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '?' || r == '&' }) {
					name, _, _ = strings.Cut(strings.ReplaceAll(name, "%24", "$"), "=")
					if !u.Query().Has(name) {
						t.Errorf("the next link lacks %s: %s", name, link)
					}
				}
				next = strings.TrimPrefix(link, "https://graph.test")
			}
			for id, n := range stays {
				if n != 1 {
					t.Errorf("%s seen %d times", id, n)
				}
			}
		})
	}
}

// TestSkipTokenBound: a token is good for its own list only.
func TestSkipTokenBound(t *testing.T) {
	e := newEnv(t)
	for i := range 3 {
		e.make("catalogs", obj{"displayName": fmt.Sprint("C", i)})
	}
	u, err := url.Parse(e.do("app", "GET", "catalogs?$top=1", nil).want(200).text("@odata.nextLink"))
	if err != nil {
		t.Fatal(err)
	}
	token := u.Query().Get("$skiptoken")
	e.do("app", "GET", "catalogs?$skiptoken="+token, nil).want(200)
	e.do("other", "GET", "catalogs?$skiptoken="+token, nil).refused(400, entitlement.CodeBadRequest)
	e.do("app", "GET", "accessPackages?$skiptoken="+token, nil).refused(400, entitlement.CodeBadRequest)
	e.do("app", "GET", "catalogs?$orderby=displayName&$skiptoken="+token, nil).refused(400, entitlement.CodeBadRequest)
	e.do("app", "GET", "catalogs?$filter=id ne null&$skiptoken="+token, nil).refused(400, entitlement.CodeBadRequest)
	e.do("app", "GET", "catalogs?$skiptoken=x"+token, nil).refused(400, entitlement.CodeBadRequest)
}

func TestFilters(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	w.ask(alice)
	denied := w.ask(bob)
	w.do("owner", "POST", "assignmentRequests/"+denied+"/resume", fmt.Sprintf(seedDeny, w.instance(denied))).want(204)
	for filter, want := range map[string]int{
		"state eq 'Submitted'":                                                    1,
		"State ne 'submitted'":                                                    1,
		"state in ('denied','delivered')":                                         1,
		"requestType eq 'AdminAdd'":                                               2,
		"status eq 'waitingforcallback'":                                          1,
		"accessPackage/id eq '" + w.pkg + "'":                                     2,
		"accesspackage/ID eq " + w.pkg:                                            2,
		"assignment/target/objectid eq '" + string(alice) + "'":                   1,
		"requestor/objectId eq '" + string(app) + "' and not (state eq 'denied')": 1,
		"createdDateTime gt 2020-01-01T00:00:00Z":                                 2,
		"completedDateTime eq null":                                               1,
		"state eq 'denied' or state eq 'submitted'":                               2,
	} {
		a := w.do("app", "GET", "assignmentRequests?$filter="+url.QueryEscape(filter), nil).want(200)
		if l := a.get("value").([]any); len(l) != want {
			t.Errorf("%s: %d, want %d", filter, len(l), want)
		}
		if c := w.do("app", "GET", "assignmentRequests/$count?$filter="+url.QueryEscape(filter), nil).want(200); string(c.raw) != fmt.Sprint(want) || !strings.HasPrefix(c.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: counted %q, want %d", filter, c.raw, want)
		}
	}
	for filter, says := range map[string]string{
		"justification eq 'x'":      "'justification'",
		"state eq 'waiting'":        "'waiting'",
		"id eq '5'":                 "Guid",
		"state gt 'denied'":         "eq, ne or in",
		"state eq":                  "",
		"endswith(status,'x')":      "endswith",
		"accessPackage/x eq 'y'":    "'accessPackage/x'",
		"contains(requestType,'a')": "contains",
	} {
		w.do("app", "GET", "assignmentRequests?$filter="+url.QueryEscape(filter), nil).refused(400, entitlement.CodeInvalidFilter, "OData query is invalid", says)
	}
	if a := w.do("app", "GET", "catalogs?$filter=contains(tolower(displayName),'SAL')", nil).want(200); len(a.get("value").([]any)) != 1 {
		t.Errorf("catalogs: %s", a.raw)
	}
}

func TestOptionsRefused(t *testing.T) {
	w := newWorld(t)
	for path, says := range map[string]string{
		"catalogs?$skip=1":                                   "$skip",
		"catalogs?$search=x":                                 "$search",
		"catalogs?$apply=x":                                  "$apply",
		"catalogs?$top=1000":                                 "999",
		"catalogs?$top=-1":                                   "999",
		"catalogs?$select=colour":                            "Could not find a property named 'colour' on type 'microsoft.graph.accessPackageCatalog'.",
		"catalogs?$expand=packages":                          "Could not find a property named 'packages' on type 'microsoft.graph.accessPackageCatalog'.",
		"accessPackages?$expand=catalog($expand=x)":          "'x' on type 'microsoft.graph.accessPackageCatalog'",
		"accessPackages?$expand=catalog($filter=id eq null)": "$filter",
		"accessPackages?$expand=*":                           "'*'",
		"catalogs?$orderby=state":                            "'state'",
		"catalogs/" + w.catalog + "?$filter=id ne null":      "$filter",
		"catalogs/" + w.catalog + "?$top=1":                  "$top",
		"catalogs/$count?$top=1":                             "$top",
		"assignmentRequests/" + nowhere + "/history?$top=1":  "$top",
	} {
		w.do("app", "GET", path, nil).refused(400, entitlement.CodeBadRequest, says)
	}
	w.do("app", "POST", "catalogs?$select=id", obj{"displayName": "x"}).refused(400, entitlement.CodeBadRequest, "can only be used with GET")
	w.do("app", "DELETE", "catalogs/"+nowhere+"?$expand=resources", nil).refused(400, entitlement.CodeBadRequest, "can only be used with GET")
	w.do("app", "GET", "catalogs?top=1&api-version=2&$format=json", nil).want(200)
	if a := w.do("app", "GET", "catalogs?$top=0", nil).want(200); len(a.get("value").([]any)) != 0 || a.get("@odata.nextLink") != nil {
		t.Errorf("$top=0: %s", a.raw)
	}
}

func TestSelect(t *testing.T) {
	w := newWorld(t)
	a := w.do("app", "GET", "accessPackages?$select=id,DISPLAYNAME,catalog&$expand=catalog($select=displayName)", nil).want(200)
	first := a.get("value", 0).(map[string]any)
	if len(first) != 3 || first["displayName"] != "Sales team" || len(first["catalog"].(map[string]any)) != 1 {
		t.Errorf("selected: %s", jsonOf(first))
	}
	if got := a.text("@odata.context"); got != "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/accessPackages(id,displayName,catalog(displayName))" {
		t.Errorf("context %s", got)
	}
	bare := w.do("app", "GET", "catalogs/"+w.catalog+"/customWorkflowExtensions?$top=1&$expand=", nil, "Accept", "application/json;odata.metadata=none")
	bare.refused(400, entitlement.CodeBadRequest, "no value")
	bare = w.do("app", "GET", "catalogs/"+w.catalog+"/customWorkflowExtensions", nil, "Accept", "application/json;odata.metadata=none").want(200)
	if strings.Contains(string(bare.raw), "@odata") || !strings.Contains(bare.header.Get("Content-Type"), "metadata=none") {
		t.Errorf("annotations though none are wanted: %s %s", bare.header.Get("Content-Type"), bare.raw)
	}
}

// counting is a store that counts reads.
type counting struct {
	store.Store
	views atomic.Int64
}

func (c *counting) View(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	c.views.Add(1)
	return c.Store.View(ctx, t, fn)
}

// TestExpandCosts: $expand is one query for each level, however long the page.
func TestExpandCosts(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	reads := &counting{Store: w.engine.Store}
	w.engine.Store = reads
	const path = "assignmentRequests?$expand=assignment($expand=target,accessPackage($expand=catalog),assignmentPolicy($expand=customExtensionStageSettings)),requestor,accessPackage"
	var want int64
	for round := range 3 {
		for range 1 + 4*round {
			w.ask(w.somebody())
		}
		reads.views.Store(0)
		a := w.do("app", "GET", path, nil).want(200)
		got := reads.views.Load()
		if round == 0 {
			want = got
		}
		// The list, assignment, its package, that one's catalog, the policy, the package.
		if got != want || got > 6 {
			t.Errorf("%d requests: %d reads, want %d and at most 6", len(a.get("value").([]any)), got, want)
		}
	}
}

// somebody makes a user and returns their id.
func (e *env) somebody() entitlement.ID {
	e.t.Helper()
	id := e.engine.NewID()
	return entitlement.ID(e.make("/v1.0/users", obj{"id": id, "displayName": "Somebody", "userPrincipalName": string(id) + "@contoso.com", "mailNickname": "somebody"}))
}
