package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/testenv"
)

// crowd makes requests, answers callouts, approves and cancels without end, at servers that
// are chosen at random.
type crowd struct {
	t         testing.TB
	client    *client
	tenants   []*tenant
	receivers []*receiver
	// wild says that callers contradict each other, give up and do things twice.
	wild bool

	mu   sync.Mutex
	over bool           // callouts are not answered any more
	work sync.WaitGroup // answers to callouts under way
}

// tenant is an organisation with some packages.
type tenant struct {
	id       string
	packages []pack
}

type pack struct {
	testenv.Package
	plan
}

// approval is a policy's demand that bob or carol approve.
const approval = `{"requestApprovalSettings": {"isApprovalRequiredForAdd": true, "stages": [{"durationBeforeAutomaticDenial": "P1D",
	"primaryApprovers": [{"@odata.type": "#microsoft.graph.singleUser", "userId": "%s"}, {"@odata.type": "#microsoft.graph.singleUser", "userId": "%s"}]}]}}`

// newCrowd makes tenants in the fleet, which must be ready.
func newCrowd(f *fleet, tenants int) *crowd {
	c := &crowd{t: f.t, client: newClient(f.servers), wild: true}
	c.receivers = []*receiver{newReceiver(f.t, false, c.called), newReceiver(f.t, true, c.called)}
	for range tenants {
		c.tenants = append(c.tenants, c.newTenant(f.newTenant()))
	}
	return c
}

// newTenant makes three packages: one asks an extension, one two of them in turn, and one
// an approver and then an extension.
func (c *crowd) newTenant(id string) *tenant {
	c.t.Helper()
	t := &tenant{id: id}
	good, flaky := "@"+c.receivers[0].URL+"/"+id, "@"+c.receivers[1].URL+"/"+id
	approvers := fmt.Sprintf(approval, testenv.SampleIDs["bob"], testenv.SampleIDs["carol"])
	for _, p := range []struct {
		stages []string
		plan
	}{
		{[]string{"Created:PT30M,1000" + good}, plan{waits: []string{"assignmentRequestCreated"}}},
		{[]string{"Created:PT30M,2000" + flaky, "Approved:PT1H,1000" + good}, plan{waits: []string{"assignmentRequestCreated", "assignmentRequestApproved"}}},
		{[]string{"+" + approvers, "Created,1000" + flaky, "Granted:PT30M,1000" + good}, plan{waits: []string{"assignmentRequestGranted"}, approved: true}},
	} {
		made, err := c.client.servers[0].MakePackage(id, p.stages...)
		if err != nil {
			c.t.Fatal(err)
		}
		t.packages = append(t.packages, pack{made, p.plan})
	}
	return t
}

// run keeps workers busy until ctx is done. The function that it returns waits for them.
func (c *crowd) run(ctx context.Context, workers int) (wait func()) {
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			for ctx.Err() == nil {
				t := c.tenants[rand.IntN(len(c.tenants))]
				c.story(ctx, t, t.packages[rand.IntN(len(t.packages))])
			}
		})
	}
	return busy.Wait
}

// progress waits until some changes more were acknowledged: whatever fails, the others, or
// the next, go on.
func (c *crowd) progress(changes int) {
	c.t.Helper()
	from := c.client.history.acknowledged()
	if !until(func() bool { return c.client.history.acknowledged() >= from+changes }) {
		c.t.Fatalf("nothing was acknowledged for %s", hangLimit)
	}
}

// story is one request, from the person that it is for to whoever does something to it but
// extensions.
func (c *crowd) story(ctx context.Context, t *tenant, p pack) {
	who := uuid.NewString()
	if !c.insist(ctx, func() call {
		k, _ := c.client.do(call{kind: opPerson, tenant: t.id, target: who}, "app", "POST", "/v1.0/users", person(who))
		return k
	}).did() {
		return
	}
	ask := call{kind: opCreate, tenant: t.id, key: uuid.NewString(), target: who}
	create := func() call { return c.create(ask, p) }
	first := c.insist(ctx, create)
	if c.wild && rand.IntN(5) == 0 {
		create() // the same once more
	}
	if !first.did() {
		return
	}
	c.read(t, first.request)
	if p.approved {
		c.decide(ctx, t, first.request)
	}
	if c.wild && rand.IntN(8) == 0 {
		pause(time.Duration(rand.IntN(30)) * time.Millisecond)
		c.client.do(call{kind: opCancel, tenant: t.id, request: first.request}, "app", "POST", testenv.Root+"/assignmentRequests/"+first.request+"/cancel", nil)
	}
	c.read(t, first.request)
}

func (c *crowd) create(ask call, p pack) call {
	k, _ := c.client.do(ask, "app", "POST", testenv.Root+"/assignmentRequests", map[string]any{
		"requestType": "adminAdd", "assignment": map[string]string{"targetId": ask.target, "accessPackageId": p.ID},
	})
	return k
}

func (c *crowd) read(t *tenant, request string) call {
	k, _ := c.client.do(call{kind: opRead, tenant: t.id, request: request}, "app", "GET", testenv.Root+"/assignmentRequests/"+request, nil)
	return k
}

// insist makes a call again while nobody knows what became of it, or the server cannot
// take it now.
func (c *crowd) insist(ctx context.Context, try func() call) call {
	for n := 0; ; n++ {
		k := try()
		if (k.status != 0 && k.status != http.StatusServiceUnavailable) || n == 20 || ctx.Err() != nil {
			return k
		}
		pause(time.Duration(10+rand.IntN(50)) * time.Millisecond)
	}
}

// verdicts are what an approver says, by what is recorded of it.
var verdicts = map[string]string{"Approved": "Approve", "Denied": "Deny"}

// decide lets bob approve, and now and then carol say otherwise at the same time.
func (c *crowd) decide(ctx context.Context, t *tenant, request string) {
	stage := c.stage(t, request)
	if stage == "" {
		return // it is not to be decided yet; it will be denied for want of a decision
	}
	say := func(who, result string) {
		c.insist(ctx, func() call {
			k, _ := c.client.do(call{kind: opDecide, tenant: t.id, request: request, instance: stage, outcome: result}, who, "PATCH",
				testenv.Root+"/accessPackageAssignmentApprovals/"+request+"/stages/"+stage,
				map[string]string{"reviewResult": verdicts[result], "justification": "So be it."})
			return k
		})
	}
	var both sync.WaitGroup
	defer both.Wait()
	if c.wild && rand.IntN(3) == 0 {
		both.Go(func() { say("carol", []string{"Approved", "Denied"}[rand.IntN(2)]) })
	}
	say("bob", "Approved")
}

// stage waits for the stage of approval to begin, and returns its id.
func (c *crowd) stage(t *tenant, request string) string {
	for range 40 {
		k, a := c.client.do(call{kind: opRead, tenant: t.id}, "bob", "GET", testenv.Root+"/accessPackageAssignmentApprovals/"+request+"/stages", nil)
		var stages []struct{ ID string }
		if k.did() && unmarshal(a.Value, &stages) && len(stages) > 0 {
			return stages[0].ID
		}
		pause(25 * time.Millisecond)
	}
	return ""
}
