package testenv

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/server"

	"github.com/anishathalye/porcupine"
)

// TestReplicasAgree lets callers at three servers on one PostgreSQL, each call at a random
// one, make, answer, approve, deny, cancel and miss the deadline of the same requests. Some
// do not wait for their answer. What all were answered fits one order of events.
func TestReplicasAgree(t *testing.T) {
	operations := 10_000
	switch {
	case night():
		operations = 1_000_000
	case raceDetector || testing.Short():
		operations = 1_500
	}
	endpoint := NewEndpoint("202")
	defer endpoint.Close()
	r := &replicas{t: t, all: StartReplicas(t, 3, server.DevOptions{}), endpoint: endpoint.URL}
	var done, round atomic.Int64
	var lanes sync.WaitGroup
	for range 6 {
		lanes.Go(func() {
			tenant := NewTenant() // its clock moves
			packages, err := r.packages(tenant)
			if err != nil {
				t.Error(err)
				return
			}
			for done.Load() < int64(operations) && !t.Failed() {
				done.Add(r.round(tenant, packages, uint64(round.Add(1))))
			}
		})
	}
	lanes.Wait()
	t.Logf("%d operations in %d histories; checking them took %v", done.Load(), round.Load(), time.Duration(r.checking.Load()))
	if d := time.Duration(r.checking.Load()); !night() && d > time.Minute {
		t.Errorf("checking the histories took %v, want less than a minute", d)
	}
}

// replicas are servers on one database.
type replicas struct {
	t        *testing.T
	all      []*Server
	endpoint string
	checking atomic.Int64 // ns
}

func (r *replicas) any() *Server { return r.all[rand.IntN(len(r.all))] }

// packages are one that waits for a callback and one that waits for bob to approve.
func (r *replicas) packages(tenant string) (list [2]Package, err error) {
	if list[0], err = r.any().MakePackage(tenant, "Created:PT5M@"+r.endpoint); err != nil {
		return list, err
	}
	by := &runner{server: r.any(), tenant: tenant, who: "app", vars: map[string]string{}, files: map[string]string{"approval": `{"requestApprovalSettings": {
		"isApprovalRequiredForAdd": true, "stages": [{"durationBeforeAutomaticDenial": "P14D", "primaryApprovers":
		[{"@odata.type": "#microsoft.graph.singleUser", "userId": "` + SampleIDs["bob"] + `"}]}]}}`}}
	err = by.makePackage("p", []string{"+approval"})
	list[1] = Package{ID: by.vars["p"]}
	return list, err
}

// round is one history: some ask for access, and then many do something with the request.
// It returns how many operations it has.
func (r *replicas) round(tenant string, packages [2]Package, n uint64) int64 {
	rng := rand.New(rand.NewPCG(n, 4))
	who, err := r.any().NewPerson(tenant)
	if err != nil {
		r.t.Error(err)
		return 0
	}
	h := &history{replicas: r, tenant: tenant, who: who, key: fmt.Sprint("key", n)}
	kind := rng.IntN(3) // two of three wait for a callback
	h.waiting = []string{open, open, asked}[kind]
	h.pkg = packages[kind/2].ID
	h.all(rng, h.creates(rng, 4))
	if h.id == "" {
		h.all(rng, h.creates(rng, 1))
	}
	if h.id != "" && h.learn() {
		h.all(rng, h.asks(rng))
	}
	h.check()
	return int64(len(h.operations))
}

// history is what callers did about one person and one package.
type history struct {
	*replicas
	tenant, who, pkg, key string
	waiting               string // the state that a request begins in

	id, instance, stage string // of the first request, once they are known

	mu         sync.Mutex
	operations []porcupine.Operation
}

func (h *history) creates(rng *rand.Rand, n int) []ask {
	list := make([]ask, n)
	for i := range list {
		list[i] = ask{op: "create", outcome: h.waiting}
		if rng.IntN(2) == 0 {
			list[i].key = h.key
		}
	}
	return list
}

// asks is a mix of everything that can be done to the request.
func (h *history) asks(rng *rand.Rand) (list []ask) {
	for len(list) < 8 {
		a := randomAsk(rng)
		if h.waiting == asked && a.op == "resume" {
			a = ask{op: []string{"approve", "deny"}[rng.IntN(2)]}
		}
		list = append(list, a)
	}
	switch rng.IntN(3) {
	case 0:
		list = append(list, ask{op: "cancel"})
	case 1:
		if h.waiting == open { // no other request of the person waits, whose time would be over too
			return append(list, ask{op: "late"})
		}
	}
	return append(list, h.creates(rng, 2)...)
}

// all lets all ask at once, some without patience for the answer.
func (h *history) all(rng *rand.Rand, asks []ask) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for client, a := range asks {
		patience := time.Minute
		if rng.IntN(12) == 0 && a.op != "late" {
			patience = time.Duration(rng.IntN(8000)) * time.Microsecond
		}
		wait.Go(func() {
			<-start
			h.ask(client, a, patience)
		})
	}
	close(start)
	wait.Wait()
}

// never is when a call returns that was not answered: it may still happen.
const never = math.MaxInt64

func (h *history) ask(client int, a ask, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	op := porcupine.Operation{ClientId: client, Input: a, Call: time.Now().UnixNano()}
	out, err := h.do(ctx, a)
	op.Return = time.Now().UnixNano()
	switch {
	case err != nil && ctx.Err() == nil:
		h.t.Errorf("%v: %v", a, err)
		return
	case err != nil || out.status == http.StatusServiceUnavailable:
		out, op.Return = got{}, never
	}
	op.Output = out
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, op)
	if a.op == "late" { // the timer fires at whichever server has it
		h.operations = append(h.operations, porcupine.Operation{ClientId: 1000 + client, Input: ask{op: "fire"}, Call: op.Call, Output: got{}, Return: never})
	}
	if a.op == "create" && out.status == http.StatusCreated && h.id == "" {
		h.id = out.id
	}
}

// do makes a call at any of the servers.
func (h *history) do(ctx context.Context, a ask) (got, error) {
	s, path := h.any(), Root+"/assignmentRequests"
	call := func(who, method, path string, body any) (Reply, error) {
		return s.CallWithin(ctx, h.tenant, who, method, path, body, nil)
	}
	var r Reply
	var err error
	switch a.op {
	case "create":
		var headers map[string]string
		if a.key != "" {
			headers = map[string]string{"Idempotency-Key": a.key}
		}
		r, err = s.CallWithin(ctx, h.tenant, h.who, "POST", path, map[string]any{
			"requestType": "userAdd", "assignment": map[string]string{"accessPackageId": h.pkg},
		}, headers)
		return got{status: r.Status, id: r.Value("id")}, err
	case "read":
		r, err = call("app", "GET", path+"/"+h.id, nil)
		return got{status: r.Status, state: r.Value("state")}, err
	case "cancel":
		r, err = call("app", "POST", path+"/"+h.id+"/cancel", nil)
	case "late":
		return got{status: http.StatusOK}, s.Advance(h.tenant, "PT10M")
	case "approve", "deny":
		result := map[string]string{"approve": "Approve", "deny": "Deny"}[a.op]
		r, err = call("bob", "PATCH", Root+"/accessPackageAssignmentApprovals/"+h.id+"/stages/"+h.stage,
			map[string]string{"reviewResult": result, "justification": "a race"})
	default:
		r, err = call("extension", "POST", path+"/"+h.id+"/resume", resumeBody(h.instance, a.outcome))
	}
	return got{status: r.Status}, err
}

// learn reads what the calls about the first request need.
func (h *history) learn() bool {
	path, who, at, into := "/assignmentRequests/"+h.id, "app", "customExtensionCalloutInstances/0/id", &h.instance
	if h.waiting == asked {
		path, who, at, into = "/accessPackageAssignmentApprovals/"+h.id+"?$expand=stages", "bob", "stages/0/id", &h.stage
	}
	r, err := h.any().Call(h.tenant, who, "GET", path, nil)
	if *into = r.Value(at); err != nil || *into == "" {
		h.t.Errorf("%s: %v %d %s", path, err, r.Status, r.Body)
		return false
	}
	return true
}

func (h *history) check() {
	begin := time.Now()
	result, _ := porcupine.CheckOperationsVerbose(requestModel(life{}), telling(h.operations), time.Minute)
	h.checking.Add(int64(time.Since(begin)))
	if result == porcupine.Ok {
		return
	}
	for _, op := range h.operations {
		h.t.Logf("%d: %+v -> %+v [%d, %d]", op.ClientId, op.Input, op.Output, op.Call, op.Return)
	}
	h.t.Errorf("no order of events explains what the callers were answered about %s (%s)", h.id, result)
}

// TestPlantedViolations shows that histories are found out which no order of events explains.
func TestPlantedViolations(t *testing.T) {
	at := func(call, ret int64, in ask, out got) porcupine.Operation {
		return porcupine.Operation{ClientId: int(call), Input: in, Call: call, Output: out, Return: ret}
	}
	create, resume := ask{op: "create", outcome: open}, func(o string) ask { return ask{op: "resume", outcome: o} }
	made := at(1, 2, create, got{status: 201, id: "a"})
	keyed := ask{op: "create", outcome: open, key: "k"}
	for name, bad := range map[string][]porcupine.Operation{
		"two requests at once":       {made, at(1, 2, create, got{status: 201, id: "b"})},
		"two requests of one key":    {at(1, 2, keyed, got{status: 201, id: "a"}), at(3, 4, keyed, got{status: 201, id: "b"})},
		"two outcomes":               {made, at(3, 6, resume("continue"), got{status: 204}), at(3, 6, resume("denied"), got{status: 204})},
		"an outcome that is lost":    {made, at(3, 4, resume("denied"), got{status: 204}), at(5, 6, ask{op: "read"}, got{status: 200, state: open})},
		"a read that goes back":      {made, at(3, never, resume("denied"), got{}), at(4, 5, ask{op: "read"}, got{status: 200, state: denied}), at(6, 7, ask{op: "read"}, got{status: 200, state: open})},
		"a denial that is withdrawn": {made, at(3, 4, resume("denied"), got{status: 204}), at(5, 6, ask{op: "cancel"}, got{status: 200})},
		"an early timer":             {made, at(3, 4, ask{op: "read"}, got{status: 200, state: outOfTime}), at(5, 6, ask{op: "late"}, got{}), at(5, never, ask{op: "fire"}, got{})},
		"approved although denied":   {at(1, 2, ask{op: "create", outcome: asked}, got{status: 201, id: "a"}), at(3, 4, ask{op: "deny"}, got{status: 204}), at(5, 6, ask{op: "approve"}, got{status: 204})},
	} {
		if porcupine.CheckOperations(requestModel(life{}), telling(bad)) {
			t.Errorf("%s: it was not found", name)
		}
	}
	good := []porcupine.Operation{made, at(3, never, resume("denied"), got{}), at(4, 5, ask{op: "read"}, got{status: 200, state: open}),
		at(6, 7, ask{op: "read"}, got{status: 200, state: denied}), at(8, 9, create, got{status: 201, id: "b"}), at(10, 11, create, got{status: 400})}
	if !porcupine.CheckOperations(requestModel(life{}), telling(good)) {
		t.Error("a history that is explained was refused")
	}
}
