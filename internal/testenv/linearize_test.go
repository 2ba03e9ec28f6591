package testenv

import (
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// night reports whether the long runs were asked for.
func night() bool { return os.Getenv("ANTEROOM_NIGHT") != "" }

// TestOneOutcome lets 64 callers at a time answer one instance, some with denial, some
// letting it go on, while others cancel and the deadline passes: there is exactly one
// outcome, and every caller's answer fits one order of events.
func TestOneOutcome(t *testing.T) {
	s := Start(t, File)
	rounds := 12
	if night() {
		rounds = 500
	}
	endpoint := NewEndpoint("202")
	defer endpoint.Close()
	for round := range rounds {
		tenant := NewTenant() // its clock moves
		p, err := s.MakePackage(tenant, "Created:PT5M@"+endpoint.URL)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(uint64(round), 2))
		asks := []ask{{op: "late"}, {op: "cancel"}, {op: "cancel"}}
		if round%3 == 0 {
			asks = asks[:rng.IntN(3)]
		}
		for len(asks) < 64 {
			asks = append(asks, randomAsk(rng))
		}
		rng.Shuffle(len(asks), func(i, j int) { asks[i], asks[j] = asks[j], asks[i] })
		contend(t, s, tenant, p, asks)
	}
}

// TestManyRequests does the same with 8 callers at each of many requests.
func TestManyRequests(t *testing.T) {
	s := Start(t, Memory)
	requests := 1500
	switch {
	case night():
		requests = 20_000
	case raceDetector:
		requests = 300 // all of them without it
	}
	endpoint := NewEndpoint("202")
	defer endpoint.Close()
	tenant := NewTenant()
	p, err := s.MakePackage(tenant, "Created:P1D@"+endpoint.URL)
	if err != nil {
		t.Fatal(err)
	}
	for n := range requests {
		rng := rand.New(rand.NewPCG(uint64(n), 3))
		asks := make([]ask, 8)
		for i := range asks {
			asks[i] = randomAsk(rng)
		}
		if rng.IntN(2) == 0 {
			asks[rng.IntN(8)] = ask{op: "cancel"}
		}
		contend(t, s, tenant, p, asks)
	}
}

func randomAsk(rng *rand.Rand) ask {
	return []ask{
		{op: "resume", outcome: "continue"}, {op: "resume", outcome: "continue"}, {op: "resume", outcome: "denied"},
		{op: "resume", outcome: "denied"}, {op: "resume", outcome: "canceled"}, {op: "read"},
	}[rng.IntN(6)]
}

// contend makes a request, lets all ask at once, and checks their history.
func contend(t *testing.T, s *Server, tenant string, p Package, asks []ask) {
	t.Helper()
	who, err := s.NewPerson(tenant)
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Call(tenant, "app", "POST", "/assignmentRequests", map[string]any{
		"requestType": "adminAdd", "assignment": map[string]string{"targetId": who, "accessPackageId": p.ID},
	})
	if err != nil || made.Status != http.StatusCreated {
		t.Fatalf("create: %v %d %s", err, made.Status, made.Body)
	}
	c := &contention{t: t, server: s, tenant: tenant, id: made.Value("id"), instance: made.Value("customExtensionCalloutInstances/0/id")}
	var wait sync.WaitGroup
	start := make(chan struct{})
	for client, a := range asks {
		wait.Go(func() {
			<-start
			c.ask(client, a)
		})
	}
	close(start)
	wait.Wait()
	c.ask(len(asks), ask{op: "read"})
	result, _ := porcupine.CheckOperationsVerbose(requestModel(life{state: open}), telling(c.history), time.Minute)
	if result != porcupine.Ok {
		for _, op := range c.history {
			t.Logf("%d: %v -> %v [%d, %d]", op.ClientId, op.Input, op.Output, op.Call, op.Return)
		}
		t.Fatalf("no order of events explains what the callers were answered (%s)", result)
	}
}

// telling leaves out operations that cannot make a difference. The states of the model
// only ever move on, so that each call and answer is possible from one moment on, or up to
// one: of equal ones, those that began first and last and the one that returned first
// decide. (Without this, 64 operations that overlap take the checker minutes.) Creates are
// few, and all stay.
func telling(history []porcupine.Operation) []porcupine.Operation {
	type kind struct{ in, out any }
	began, returned, last := map[kind]int{}, map[kind]int{}, map[kind]int{}
	for i, op := range history {
		k := kind{op.Input, op.Output}
		if j, ok := began[k]; !ok || op.Call < history[j].Call {
			began[k] = i
		}
		if j, ok := returned[k]; !ok || op.Return < history[j].Return {
			returned[k] = i
		}
		if j, ok := last[k]; !ok || op.Call > history[j].Call {
			last[k] = i
		}
	}
	keep := map[int]bool{}
	for k := range began {
		keep[began[k]], keep[returned[k]], keep[last[k]] = true, true, true
	}
	var few []porcupine.Operation
	for i, op := range history {
		if keep[i] || op.Input.(ask).op == "create" {
			few = append(few, op)
		}
	}
	return few
}

// contention is one request that many callers want something of.
type contention struct {
	t            *testing.T
	server       *Server
	tenant       string
	id, instance string
	mu           sync.Mutex
	history      []porcupine.Operation
}

func (c *contention) ask(client int, a ask) {
	begin := time.Now().UnixNano()
	out, err := c.do(a)
	end := time.Now().UnixNano()
	if err != nil {
		c.t.Errorf("%v: %v", a, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, porcupine.Operation{ClientId: client, Input: a, Call: begin, Output: out, Return: end})
	if a.op == "late" { // the same call also lets the timer fire
		c.history = append(c.history, porcupine.Operation{ClientId: 1000 + client, Input: ask{op: "fire"}, Call: begin, Output: got{}, Return: end})
	}
}

func (c *contention) do(a ask) (got, error) {
	path := "/assignmentRequests/" + c.id
	switch a.op {
	case "late":
		r := &runner{server: c.server, tenant: c.tenant}
		return got{}, r.advance("PT10M")
	case "read":
		r, err := c.server.Call(c.tenant, "app", "GET", path, nil)
		return got{status: r.Status, state: r.Value("state")}, err
	case "cancel":
		r, err := c.server.Call(c.tenant, "app", "POST", path+"/cancel", nil)
		return got{status: r.Status}, err
	}
	r, err := c.server.Call(c.tenant, "extension", "POST", path+"/resume", resumeBody(c.instance, a.outcome))
	return got{status: r.Status}, err
}

func resumeBody(instance, outcome string) map[string]any {
	data := map[string]any{
		"@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
		"stage":       "assignmentRequestCreated", "customExtensionStageInstanceId": instance,
	}
	if outcome != "continue" {
		data["state"] = outcome
	}
	return map[string]any{"source": "race", "data": data}
}
