package crashtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"anteroom/internal/testenv"
)

// settle lets every timer come and waits until nothing is under way any more.
func (c *crowd) settle() {
	c.t.Helper()
	for _, t := range c.tenants {
		var last error
		settled := until(func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if last = c.advance(ctx, t, "P2D"); last != nil {
				return false
			}
			open, err := c.open(t)
			if last = err; err == nil && open != "" {
				last = fmt.Errorf("request %s is not finished", open)
			}
			return last == nil
		})
		if !settled {
			c.t.Fatalf("tenant %s does not come to rest: %v", t.id, last)
		}
	}
}

// open returns the id of a request of the tenant that is under way.
func (c *crowd) open(t *tenant) (string, error) {
	for _, state := range []string{"submitted", "pendingApproval", "delivering", "scheduled"} {
		var found []struct{ ID string }
		_, err := c.page(t.id, testenv.Root+"/assignmentRequests?$top=1&$filter=state%20eq%20'"+state+"'", &found)
		if err != nil || len(found) > 0 {
			return append(found, struct{ ID string }{})[0].ID, err
		}
	}
	return "", nil
}

// gather collects the evidence, from a server at rest.
func (c *crowd) gather() *evidence {
	c.t.Helper()
	c.rest()
	e := &evidence{calls: c.client.history.all(), received: c.received(), tenants: map[string]*final{}}
	for _, t := range c.tenants {
		f, err := c.final(t)
		if err != nil {
			c.t.Fatalf("reading what there is in tenant %s: %v", t.id, err)
		}
		e.tenants[t.id] = f
	}
	return e
}

// final reads all that there is in a tenant.
func (c *crowd) final(t *tenant) (*final, error) {
	f := &final{requests: map[string]*request{}, people: map[string]bool{}, members: map[string][]string{}, packages: map[string]plan{}}
	for _, p := range t.packages {
		f.packages[p.ID] = p.plan
		list, err := pages[identified](c, t.id, "/v1.0/groups/"+p.Group+"/members?$select=id&$top=999")
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			f.members[p.ID] = append(f.members[p.ID], m.ID)
		}
	}
	people, err := pages[identified](c, t.id, "/v1.0/users?$select=id&$top=999")
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		f.people[p.ID] = true
	}
	given, err := pages[shownAssignment](c, t.id, testenv.Root+"/assignments?$expand=target,accessPackage&$top=999")
	if err != nil {
		return nil, err
	}
	for _, a := range given {
		f.assignments = append(f.assignments, assignment{id: a.ID, state: a.State, target: a.Target.ID, pkg: a.AccessPackage.ID})
	}
	return f, c.finalRequests(t, f)
}

func (c *crowd) finalRequests(t *tenant, f *final) error {
	list, err := pages[shownRequest](c, t.id, testenv.Root+"/assignmentRequests?$expand=assignment($expand=target),accessPackage&$top=999")
	if err != nil {
		return err
	}
	for _, s := range list {
		r := &request{id: s.ID, state: s.State, status: s.Status, target: s.Assignment.Target.ID, pkg: s.AccessPackage.ID, instances: s.Instances}
		f.requests[r.id] = r
	}
	errs := make(chan error, len(list))
	few := make(chan bool, 8)
	var all sync.WaitGroup
	for _, r := range f.requests {
		few <- true
		all.Go(func() {
			defer func() { <-few }()
			errs <- c.readHistory(t, r)
		})
	}
	all.Wait()
	for range list {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func (c *crowd) readHistory(t *tenant, r *request) error {
	list, err := pages[shownRecord](c, t.id, testenv.Root+"/assignmentRequests/"+r.id+"/history")
	for _, s := range list {
		if s.Action == "note" {
			continue // a further name of the event before it
		}
		rec := record{seq: s.Sequence, at: s.At, action: s.Action, from: s.From, to: s.To, instance: s.Instance}
		if s.Answer != nil {
			rec.outcome = s.Answer.Outcome
		}
		for _, d := range s.Details {
			if d.Key == "ReviewResult" {
				rec.outcome = d.Value
			}
		}
		r.records = append(r.records, rec)
	}
	return err
}

// What the API shows.
type (
	identified   struct{ ID string }
	shownRequest struct {
		ID, State, Status string
		Assignment        struct{ Target identified }
		AccessPackage     identified
		Instances         []instance `json:"customExtensionCalloutInstances"`
	}
	shownAssignment struct {
		ID, State             string
		Target, AccessPackage identified
	}
	shownRecord struct {
		Sequence         int
		At               time.Time `json:"dateTime"`
		Action, From, To string
		Instance         string `json:"calloutInstanceId"`
		Answer           *struct{ Outcome string }
		Details          []struct{ Key, Value string }
	}
)

// pages reads a whole list.
func pages[T any](c *crowd, tenant, path string) (list []T, err error) {
	for path != "" {
		var page []T
		if path, err = c.page(tenant, path, &page); err != nil {
			return nil, err
		}
		list = append(list, page...)
	}
	return list, nil
}

// page reads one page of a list and returns where the next one is.
func (c *crowd) page(tenant, path string, into any) (next string, err error) {
	k := call{tenant: tenant}
	status, data, err := c.client.send(&k, "app", http.MethodGet, path, nil)
	if err != nil {
		return "", err
	}
	var read answer
	if status != http.StatusOK || !unmarshal(data, &read) {
		return "", fmt.Errorf("%s: %d %s", path, status, data)
	}
	if _, after, ok := strings.Cut(read.Next, "/v1.0/"); ok {
		next = "/v1.0/" + after
	}
	return next, json.Unmarshal(read.Value, into)
}

// verify looks at everything when the load is over.
func (c *crowd) verify() *checker {
	c.t.Helper()
	begun := time.Now()
	c.settle()
	settled := time.Since(begun)
	k := check(c.gather())
	c.t.Logf("the load lasted %s, coming to rest %s, reading and checking %s",
		begun.Sub(c.client.history.begun).Round(time.Millisecond), settled.Round(time.Millisecond), (time.Since(begun) - settled).Round(time.Millisecond))
	c.report(k)
	return k
}

// report tells what was found, and figures.
func (c *crowd) report(k *checker) {
	c.t.Helper()
	for i, f := range k.findings {
		if i == mostFindings {
			c.t.Errorf("… and %d more", len(k.findings)-i)
			break
		}
		c.t.Error(f)
	}
	states, unknown := map[string]int{}, 0
	for _, r := range k.requests {
		states[r.state]++
	}
	var took []time.Duration
	for _, one := range k.e.calls {
		if one.status == 0 {
			unknown++
		} else if one.kind != opRead && one.did() {
			took = append(took, one.end-one.start)
		}
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		c.t.Logf("changes were acknowledged within %s (half), %s (99 %%), %s (all)", took[n/2].Round(time.Millisecond),
			took[n*99/100].Round(time.Millisecond), took[n-1].Round(time.Millisecond))
	}
	c.t.Logf("%d requests %v; %d changes acknowledged, %d calls without an answer, %d callouts received, %d taken more than once; %d findings",
		len(k.requests), states, c.client.history.acknowledged(), unknown, len(k.e.received), k.repeats, len(k.findings))
}
