package server

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"anteroom/internal/store"
)

// lane holds the jobs of one endpoint, or those of none: they share a limit.
type lane struct {
	name    string
	queue   []*claim // waiting, in order
	running int
	inTurn  bool // it is in the list of lanes held up by the global limits
	// rescan: jobs of the lane were left in the store and are due.
	rescan  bool
	scanned time.Time // when the latest scan of this lane began
}

func (d *Dispatcher) lane(name string) *lane {
	l, ok := d.lanes[name]
	if !ok {
		l = &lane{name: name}
		d.lanes[name] = l
	}
	return l
}

// full reports whether no job can be added to the lane.
func (d *Dispatcher) full(l *lane) bool {
	return len(l.queue) >= d.Queue || d.waiting >= d.Waiting
}

// offer takes a job that is due into its lane, if it is not in memory and there is room.
// It reports whether the job was taken.
func (d *Dispatcher) offer(job store.Job) bool {
	if c, ok := d.claims[job.JobKey]; ok {
		c.again = true
		return false
	}
	if d.held(job) {
		return false
	}
	l := d.lane(job.Lane)
	if d.full(l) {
		l.rescan = true
		d.crowded = d.crowded || d.waiting >= d.Waiting
		return false
	}
	c := &claim{job: job}
	if p, ok := d.parked[job.JobKey]; ok {
		c.failures = p.failures
		delete(d.parked, job.JobKey)
	}
	d.claims[job.JobKey] = c
	d.byTenant[job.Tenant]++
	l.queue = append(l.queue, c)
	d.waiting++
	d.fill(l)
	return true
}

// fill begins jobs of the lane as far as the limits allow.
func (d *Dispatcher) fill(l *lane) {
	for len(l.queue) > 0 && !d.stopped && d.mayBegin(l) {
		d.trouble.probe()
		c := l.queue[0]
		l.queue[0] = nil
		if l.queue = l.queue[1:]; len(l.queue) == 0 {
			l.queue = nil
		}
		d.waiting--
		l.running++
		if l.name != "" {
			d.running++
			d.runningOf[c.job.Tenant]++
		}
		d.work.Add(1)
		go d.perform(l, c)
	}
	if l.rescan && len(l.queue) <= d.Queue/2 {
		d.wakeLoop()
	}
}

// mayBegin reports whether the lane may begin its next job now. While the server is half
// full each endpoint gets an eighth of its share, so that a few that hang do not hold up the
// others, and no tenant ever gets more than three quarters of the whole, so that its endpoints
// do not hold up those of another. What belongs to none, timers above all, has a share of
// its own.
func (d *Dispatcher) mayBegin(l *lane) bool {
	if d.trouble.holds(d.Now()) || !d.Holds() {
		return false
	}
	if l.name == "" {
		return l.running < d.Internal
	}
	if l.running >= d.PerLane {
		return false
	}
	tenant := l.queue[0].job.Tenant
	enough := d.running >= d.Global/2 && l.running >= max(1, d.PerLane/8) || d.runningOf[tenant] >= max(1, d.Global*3/4)
	if !enough && d.running < d.Global {
		return true
	}
	if !l.inTurn {
		l.inTurn = true
		d.ready = append(d.ready, l)
	}
	return false
}

// perform does one job in a goroutine of its own.
func (d *Dispatcher) perform(l *lane, c *claim) {
	defer d.work.Done()
	err := d.guarded(c.job)
	d.mu.Lock()
	defer d.mu.Unlock()
	l.running--
	if l.name != "" {
		d.running--
		if d.runningOf[c.job.Tenant]--; d.runningOf[c.job.Tenant] <= 0 {
			delete(d.runningOf, c.job.Tenant)
		}
	}
	if err != nil && !d.stopped {
		d.failed(c, err)
	} else {
		d.release(c)
		d.troubleOver()
	}
	d.fill(l)
	d.takeTurns()
	if d.crowded && d.waiting <= d.Waiting/2 {
		d.crowded = false
		d.wakeLoop()
	}
	d.tidy(l)
	d.progressed()
}

// tidy forgets a lane in which nothing goes on.
func (d *Dispatcher) tidy(l *lane) {
	if len(l.queue) > 0 || l.running > 0 || l.rescan || l.inTurn {
		return
	}
	d.scanned = later(d.scanned, l.scanned) // the lane's memory of it goes
	delete(d.lanes, l.name)
}

// troubleOver lets all lanes go on when the store takes something again.
func (d *Dispatcher) troubleOver() {
	if d.trouble.failures == 0 {
		return
	}
	d.trouble = trouble{}
	for _, l := range d.lanes {
		d.fill(l)
	}
}

// takeTurns lets lanes go on that the global limits held up.
func (d *Dispatcher) takeTurns() {
	for n := len(d.ready); n > 0 && d.running < d.Global; n-- {
		l := d.ready[0]
		d.ready[0] = nil
		if d.ready = d.ready[1:]; len(d.ready) == 0 {
			d.ready = nil
		}
		l.inTurn = false
		d.fill(l)
	}
}

// guarded performs a job and turns a panic into an error.
func (d *Dispatcher) guarded(job store.Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
			d.mu.Lock()
			d.panics++
			d.mu.Unlock()
			d.Logger.Error("a job panicked", "kind", job.Kind, "ref", job.Ref, "tenant", job.Tenant, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	return d.performer.Perform(d.ctx, job)
}

// release forgets a job that was performed.
func (d *Dispatcher) release(c *claim) {
	key := c.job.JobKey
	delete(d.claims, key)
	if d.byTenant[key.Tenant]--; d.byTenant[key.Tenant] <= 0 {
		delete(d.byTenant, key.Tenant)
	}
	if d.released != nil {
		d.released[key] = true
	}
	if c.again {
		d.lane(c.job.Lane).rescan = true
		d.wakeLoop()
	}
}

// failed parks a job whose outcome could not be recorded; it is tried again after ever
// longer times. Where the store takes nothing, everything waits.
func (d *Dispatcher) failed(c *claim, err error) {
	now := d.Now()
	level := slog.LevelError
	if errors.Is(err, store.ErrUnavailable) {
		d.trouble.begin(now, d.FirstRetry, d.LastRetry)
		level = slog.LevelWarn
	} else {
		d.trouble.probing = false
	}
	c.failures++
	c.until = now.Add(growing(c.failures, d.FirstRetry, d.LastRetry))
	d.parked[c.job.JobKey] = c
	d.wakeLoop()
	d.Logger.Log(d.ctx, level, "a job failed and is tried again", "kind", c.job.Kind, "ref", c.job.Ref,
		"tenant", c.job.Tenant, "failures", c.failures, "error", err)
}

// growing is how long to wait after n failures.
func growing(n int, first, last time.Duration) time.Duration {
	d := first
	for i := 1; i < n && d < last; i++ {
		d *= 2
	}
	return min(d, last)
}

// trouble is a time in which the store takes nothing: no job is begun but one now and
// then, to see whether it is over.
type trouble struct {
	failures int
	until    time.Time
	probing  bool
}

// holds reports whether no job may begin now.
func (t *trouble) holds(now time.Time) bool {
	return t.failures > 0 && (t.probing || now.Before(t.until))
}

// probe is told that a job begins: in trouble it shows whether the trouble is over.
func (t *trouble) probe() { t.probing = t.failures > 0 }

func (t *trouble) begin(now time.Time, first, last time.Duration) {
	if t.failures > 0 && !t.probing && now.Before(t.until) {
		return // one of those that were running when it began
	}
	t.failures++
	t.until, t.probing = now.Add(growing(t.failures, first, last)), false
}
