package crashtest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"anteroom/internal/testenv"
)

// called answers a callout: the owner of an extension, in whatever process it lives, calls
// any of the servers.
func (c *crowd) called(k received) {
	if c.wild && rand.IntN(8) == 0 {
		return // never: the timer will come
	}
	outcome := "continue"
	if c.wild && k.stage != "assignmentRequestGranted" && rand.IntN(4) == 0 {
		outcome = []string{"denied", "canceled"}[rand.IntN(2)]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.work.Go(func() {
		if rand.IntN(2) == 0 {
			pause(time.Duration(rand.IntN(50)) * time.Millisecond)
		}
		var others sync.WaitGroup
		defer others.Wait()
		if c.wild && rand.IntN(5) == 0 {
			others.Go(func() { c.resume(k, outcome) }) // the same at the same time
		}
		if c.wild && rand.IntN(8) == 0 && k.stage != "assignmentRequestGranted" {
			others.Go(func() { c.resume(k, []string{"continue", "denied"}[rand.IntN(2)]) })
		}
		c.resume(k, outcome)
		if c.wild && rand.IntN(8) == 0 {
			c.resume(k, outcome) // and once more later
		}
	})
}

// rest ends the answering and waits until nobody calls any more.
func (c *crowd) rest() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.work.Wait()
	last := -1
	until(func() bool {
		n := len(c.received())
		same := n == last
		if last = n; !same {
			pause(lease)
		}
		return same
	})
}

// received is what all receivers got.
func (c *crowd) received() (all []received) {
	for _, r := range c.receivers {
		all = append(all, r.received()...)
	}
	return all
}

func (c *crowd) resume(k received, outcome string) {
	data := map[string]any{
		"@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
		"stage":       k.stage, "customExtensionStageInstanceId": k.instance,
	}
	if outcome != "continue" {
		data["state"] = outcome
	}
	body := map[string]any{"source": "crash", "data": data}
	c.insist(context.Background(), func() call {
		c, _ := c.client.do(call{kind: opResume, tenant: k.tenant, request: k.request, instance: k.instance, outcome: outcome},
			"extension", "POST", testenv.Root+"/assignmentRequests/"+k.request+"/resume", body)
		return c
	})
}

func unmarshal(data []byte, v any) bool { return json.Unmarshal(data, v) == nil }

// moveClocks moves the clock of one tenant after another while ctx lasts, so that timers
// fire under load.
func (c *crowd) moveClocks(ctx context.Context) (wait func()) {
	var busy sync.WaitGroup
	busy.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			pause(200 * time.Millisecond)
			short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			_ = c.advance(short, c.tenants[n%len(c.tenants)], "PT4M") // whether it did is of no concern
			cancel()
		}
	})
	return busy.Wait
}

// advance moves a tenant's clock; when it returns without an error, what is due has been
// done as far as the server that was asked holds it.
func (c *crowd) advance(ctx context.Context, t *tenant, by string) error {
	return c.client.post(ctx, t.id, "/dev/clock", strings.NewReader(`{"advance":"`+by+`"}`))
}

// setClock moves a tenant's clock to a time, and returns as advance does.
func (c *crowd) setClock(ctx context.Context, t *tenant, to time.Time) error {
	return c.client.post(ctx, t.id, "/dev/clock", strings.NewReader(`{"set":"`+to.UTC().Format(time.RFC3339Nano)+`"}`))
}
