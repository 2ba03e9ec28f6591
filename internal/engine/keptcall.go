package engine

import (
	"sync"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// keptFor is for how long a call is kept, in real time: in this process every change of what
// it says lets go of it, but another process may change it, too.
const keptFor = 250 * time.Millisecond

// maxKept is how many calls are kept. Most are made within milliseconds.
const maxKept = 1024

// keptCalls are calls as the transactions knew them that left their jobs: who makes one at
// once need not read it all again. A call is kept before its transaction commits, and let go
// of before the transaction commits that changes its request or anything that may be in
// it, so that what is taken is what would be read. Its zero value is ready, and it is safe
// for concurrent use.
type keptCalls struct {
	mu    sync.Mutex
	calls map[requestKey]keptCall
}

type requestKey struct {
	tenant entitlement.TenantID
	id     entitlement.ID
}

type keptCall struct {
	call   Call
	wait   int
	offset time.Duration // of the tenant's clock
	at     time.Time     // the real time at which it was kept
}

func (k *keptCalls) keep(t entitlement.TenantID, c keptCall) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.calls == nil || len(k.calls) >= maxKept {
		k.calls = make(map[requestKey]keptCall)
	}
	k.calls[requestKey{t, c.call.Request.ID}] = c
}

// take returns the call of a job, once, or nil: then it has to be read.
func (k *keptCalls) take(job store.Job, now time.Time) *Call {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := requestKey{job.Tenant, job.Ref}
	c, ok := k.calls[key]
	delete(k.calls, key)
	age, deadline := now.Sub(c.at), c.call.Callout.Deadline
	if !ok || c.wait != job.N || age < 0 || age > keptFor || (!deadline.IsZero() && !now.Add(c.offset).Before(deadline)) {
		return nil
	}
	c.call.Now = now
	return &c.call
}

// forget lets go of the call for a request.
func (k *keptCalls) forget(t entitlement.TenantID, id entitlement.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.calls, requestKey{t, id})
}

// forgetAll lets go of all calls of a tenant.
func (k *keptCalls) forgetAll(t entitlement.TenantID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key := range k.calls {
		if key.tenant == t {
			delete(k.calls, key)
		}
	}
}

// keep keeps the call that the new request begins with, if it does.
func (s *submission) keep(c *change) error {
	current := c.r.Progress.Current()
	if current == nil || s.pkg == nil {
		return nil
	}
	t, err := s.tx.Tenant.Get(s.ctx)
	if err != nil {
		return err
	}
	s.kept.keep(s.by.Tenant, keptCall{
		wait: current.Wait, offset: c.offset, at: s.realNow(),
		call: Call{
			Request: *c.r, Callout: *current, Planned: c.r.Progress.Plan.Callouts[current.Plan],
			Package: *s.pkg, Catalog: *s.catalog, Policy: *s.policy, Organization: s.target.Organization,
			KeySeed: t.CalloutKey, TenantID: s.by.Tenant,
		},
	})
	return nil
}
