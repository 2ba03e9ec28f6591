package crashtest

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"anteroom/internal/testenv"
)

// balancer sends calls, in turn, to the servers that say that they are ready.
type balancer struct {
	mu      sync.Mutex
	servers []*testenv.Server
	up      map[*testenv.Server]bool
	next    int
	changed chan struct{} // closed when one becomes ready
}

// balance puts a balancer before the servers of a fleet until the test ends.
func (f *fleet) balance(c *client) {
	b := &balancer{servers: f.servers, up: map[*testenv.Server]bool{}, changed: make(chan struct{})}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, s := range f.servers {
		b.look(s)
		all.Go(func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
					b.look(s)
				}
			}
		})
	}
	f.t.Cleanup(func() {
		close(stop)
		all.Wait()
	})
	c.pick = func() *testenv.Server { return b.pick(f.t) }
}

// look asks a server whether it is ready.
func (b *balancer) look(s *testenv.Server) {
	ready := false
	if resp, err := probe.Get(s.URL + "/readyz"); err == nil {
		_ = resp.Body.Close()
		ready = resp.StatusCode == http.StatusOK
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.up[s] = ready
	if ready {
		close(b.changed)
		b.changed = make(chan struct{})
	}
}

// pick returns the next server that is ready, and waits where there is none.
func (b *balancer) pick(t testing.TB) *testenv.Server {
	for {
		b.mu.Lock()
		for range b.servers {
			b.next++
			if s := b.servers[b.next%len(b.servers)]; b.up[s] {
				b.mu.Unlock()
				return s
			}
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(hangLimit):
			t.Errorf("no server was ready for %s", hangLimit)
			return b.servers[0]
		}
	}
}
