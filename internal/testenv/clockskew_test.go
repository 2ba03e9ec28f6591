package testenv

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/server"
)

// clocked are servers on one database, each with a clock of its own.
type clocked struct {
	*replicas
	clocks []*atomic.Int64 // how far each is ahead of the real clock, ns
	sink   *Endpoint
	tenant string
	pkg    Package
}

func newClocked(t *testing.T, wait string, ahead ...time.Duration) *clocked {
	t.Helper()
	c := &clocked{replicas: &replicas{t: t}, sink: NewEndpoint("202"), tenant: NewTenant()}
	t.Cleanup(c.sink.Close)
	data := PostgresURL(t)
	for _, d := range ahead {
		clock := new(atomic.Int64)
		clock.Store(int64(d))
		c.clocks = append(c.clocks, clock)
		c.all = append(c.all, StartWith(t, server.DevOptions{Data: data, Clock: func() time.Time {
			return time.Now().Add(time.Duration(clock.Load()))
		}}))
	}
	var err error
	if c.pkg, err = c.any().MakePackage(c.tenant, "Created:"+wait+"@"+c.sink.URL); err != nil {
		t.Fatal(err)
	}
	return c
}

// load makes requests at all servers, and waits until each was called out.
func (c *clocked) load(n int) (ids []string) {
	c.t.Helper()
	before := len(c.sink.Received())
	list := make([]string, n)
	var all sync.WaitGroup
	for i := range list {
		all.Go(func() {
			who, err := c.any().NewPerson(c.tenant)
			if err != nil {
				c.t.Error(err)
				return
			}
			r, err := c.any().Call(c.tenant, "app", "POST", "/assignmentRequests", map[string]any{
				"requestType": "adminAdd", "assignment": map[string]string{"targetId": who, "accessPackageId": c.pkg.ID},
			})
			if err != nil || r.Status != http.StatusCreated {
				c.t.Errorf("%v %d %s", err, r.Status, r.Body)
			}
			list[i] = r.Value("id")
		})
	}
	all.Wait()
	await(c.t, func() bool { return c.t.Failed() || len(c.sink.Received()) >= before+n })
	return list
}

// states counts the requests in each state.
func (c *clocked) states(ids []string) map[string]int {
	c.t.Helper()
	n := map[string]int{}
	for _, id := range ids {
		r, err := c.any().Call(c.tenant, "app", "GET", "/assignmentRequests/"+id, nil)
		if err != nil {
			c.t.Fatal(err)
		}
		n[r.Value("state")]++
	}
	return n
}

// calledOnce holds that nothing was called out twice.
func (c *clocked) calledOnce(n int) {
	c.t.Helper()
	seen := map[string]int{}
	for _, call := range c.sink.Received() {
		seen[call.Value("CustomExtensionStageInstanceId")]++
	}
	for id, times := range seen {
		if times != 1 {
			c.t.Errorf("instance %s was called out %d times", id, times)
		}
	}
	if len(seen) != n {
		c.t.Errorf("%d instances were called out, want %d", len(seen), n)
	}
}

// TestReplicasWithDifferentClocks: with clocks that are a minute apart no deadline passes by
// more than that too early, and all pass once.
func TestReplicasWithDifferentClocks(t *testing.T) {
	const n = 30
	c := newClocked(t, "PT5M", -30*time.Second, 0, 30*time.Second)
	ids := c.load(n)
	advance := func(d string) {
		for i, s := range c.all { // each does what is due by its clock
			if i > 0 {
				d = "PT0S"
			}
			if err := s.Advance(c.tenant, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	advance("PT3M")
	if got := c.states(ids); got[open] != n {
		t.Errorf("more than a minute before the deadline the requests are %v", got)
	}
	advance("PT3M1S")
	await(t, func() bool { return c.states(ids)[outOfTime] == n })
	c.calledOnce(n)
}

// TestClocksStep: clocks that are set forward and back under load end nothing early, and
// nothing is called out or decided twice.
func TestClocksStep(t *testing.T) {
	c := newClocked(t, "P14D", 0, 0, 0)
	var ids []string
	stepped := func(d time.Duration) {
		clock := c.clocks[len(ids)%len(c.clocks)]
		clock.Add(int64(d))
		ids = append(ids, c.load(7)...)
	}
	for _, d := range []time.Duration{time.Second, time.Hour, 24 * time.Hour} {
		stepped(d)
		stepped(-d)
		stepped(-d)
		stepped(d)
	}
	done := make(chan struct{})
	go func() { // steps of a second in the middle of everything
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := range 198 {
			<-tick.C
			c.clocks[i%3].Add(int64(time.Second) * int64(1-2*(i/3%2)))
		}
	}()
	ids = append(ids, c.load(40)...)
	<-done
	if got := c.states(ids); got[open] != len(ids) {
		t.Errorf("the requests are %v, want all %d to wait", got, len(ids))
	}
	c.calledOnce(len(ids))
	for _, call := range c.sink.Received() {
		r, err := c.any().Call(c.tenant, "extension", "POST", "/assignmentRequests/"+call.Value("AccessPackageAssignmentRequestId")+"/resume", call.Resume(""))
		if err != nil || r.Status != http.StatusNoContent {
			t.Fatal(err, r.Status, string(r.Body))
		}
	}
	await(t, func() bool { return c.states(ids)[continued] == len(ids) })
}
