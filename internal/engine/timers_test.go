package engine_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// moment is when a timer comes, counted from start, and a sign of it: see look.
type moment struct {
	at   time.Duration
	sign string
}

// timers are all kinds of timer: how one is set at start, and what comes of it when.
var timers = []struct {
	name    string
	set     func(*world)
	moments []moment
}{
	{"callback timeout", func(w *world) {
		w.bind(time.Hour, created)
		w.ask(engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
	}, []moment{{time.Hour, "assignmentRequest failed"}}},
	{"approval", func(w *world) {
		w.editPolicy(func(p *entitlement.Policy) {
			p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: yes(), Stages: []entitlement.ApprovalStage{{
				AutomaticDenial: 5 * day, EscalationEnabled: yes(), Escalation: 3 * day,
				Primary: []entitlement.SubjectSet{one(entitlement.SingleUser, bob)}, Alternates: []entitlement.SubjectSet{one(entitlement.SingleUser, guest)},
			}}}
		})
		w.ask(engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
	}, []moment{
		{36 * time.Hour, "notice approvalReminder"}, {3 * day, "notice approvalForwarded"},
		{5 * day, "notice approvalExpired"}, {5 * day, "notice requestExpired"}, {5 * day, "assignmentRequest denied"},
	}},
	{"scheduled start", func(w *world) {
		_, err := w.Submit(w.t.Context(), app, engine.Order{
			Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: alice, Schedule: entitlement.Schedule{StartAt: begin.Add(3 * day)},
		})
		must(w.t, err)
	}, []moment{{3 * day, "assignmentRequest ready"}, {3 * day, "assignmentRequest delivered"}, {3 * day, "assignment delivered"}}},
	{"expiry", func(w *world) {
		w.extensions()
		w.editPolicy(func(p *entitlement.Policy) {
			p.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 30 * day}
			p.StageSettings = []entitlement.StageSetting{{Stage: entitlement.StageFourteenDays, ExtensionID: uid("x")}, {Stage: entitlement.StageOneDay, ExtensionID: uid("x")}}
		})
		w.ask(engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
	}, []moment{
		{16 * day, "notice accessExpiring"}, {16 * day, "warn 0"}, {29 * day, "notice accessExpiring"}, {29 * day, "warn 1"},
		{30 * day, "assignment expired"}, {30 * day, "notice accessEnded"},
	}},
	{"grace period", func(w *world) {
		grace := 7 * day
		w.policy = w.addPolicy(w.pkg)
		w.editPolicy(func(p *entitlement.Policy) {
			p.AllowedTargetScope = entitlement.ScopeSpecificDirectoryUsers
			p.SpecificAllowedTargets = []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -eq "Sales"`}}
			p.Automatic = &entitlement.AutomaticSettings{RequestForAllowed: yes(), RemoveWhenLeaving: yes(), GracePeriod: &grace}
		})
		_, err := w.UpdateUser(w.t.Context(), app, alice, inSales)
		must(w.t, err)
		w.run()
		_, err = w.UpdateUser(w.t.Context(), app, alice, func(u *entitlement.User) error { u.SetAttribute("department", nil); return nil })
		must(w.t, err)
	}, []moment{{7 * day, "assignment expired"}}},
}

// begin is start as the engine sees it.
var begin = start.Truncate(time.Microsecond)

// sinks take every notice.
type sinks struct{ engine.Notifier }

func (sinks) Sinks() []string { return []string{"sink"} }

// clockwork is a world with one timer under way, and what is known of the time in it.
type clockwork struct {
	*world
	moments []moment
	offset  time.Duration // of the tenant's clock
	// ran is the latest time at which all was done that was due, may the latest at which
	// anything may have been.
	ran, may time.Duration
	seen     int // of told
	signs    map[string]int
	after    int64 // of the history
}

func newClockwork(t *testing.T, kind int) *clockwork {
	c := &clockwork{world: newWorld(t, func(o *engine.Options) { o.Notifier = sinks{} }), moments: timers[kind].moments, signs: map[string]int{}}
	timers[kind].set(c.world)
	c.put(func(tx *store.Tx) error { return tx.Jobs.DeleteOf(t.Context(), entitlement.ID(tenant)) }) // what looks for old requests each day
	c.perform()
	c.look()
	c.signs = map[string]int{} // of the beginning
	c.check("the beginning")
	return c
}

// perform does what is due, but for notices, which only have to be there.
func (c *clockwork) perform() {
	c.t.Helper()
	c.ran = max(c.ran, c.at())
	c.may = max(c.may, c.ran)
	for {
		jobs := c.timersDue(func(k store.JobKind) bool { return k != store.JobNotice })
		for _, job := range jobs {
			must(c.t, c.Perform(c.t.Context(), job))
		}
		if len(jobs) == 0 {
			return
		}
	}
}

func isTimer(k store.JobKind) bool { return k == store.JobTimeout || k == store.JobWake }

func (c *clockwork) timersDue(want func(store.JobKind) bool) []store.Job {
	c.t.Helper()
	jobs, err := c.Store.DueJobsOf(c.t.Context(), tenant, c.clock(), 1000)
	must(c.t, err)
	return slices.DeleteFunc(jobs, func(j store.Job) bool { return !want(j.Kind) })
}

// at is the tenant's time since the beginning.
func (c *clockwork) at() time.Duration {
	return c.clock().Add(c.offset).Truncate(time.Microsecond).Sub(begin)
}

// goTo sets the real clock so that the tenant's shows a time.
func (c *clockwork) goTo(at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = begin.Add(at - c.offset)
}

var kindOfNotice = regexp.MustCompile(`"kind":"(\w+)"`)

// look counts the signs that there are: moves of requests and assignments, notices and calls
// before the end that were ordered.
func (c *clockwork) look() {
	c.t.Helper()
	c.mu.Lock()
	for _, job := range c.told[c.seen:] {
		switch job.Kind {
		case store.JobNotice:
			c.signs["notice "+kindOfNotice.FindStringSubmatch(job.Args)[1]]++
		case store.JobWarn:
			c.signs[fmt.Sprint("warn ", job.N)]++
		}
	}
	c.seen = len(c.told)
	c.mu.Unlock()
	c.view(func(tx *store.Tx) error {
		records, err := tx.History.List(c.t.Context(), c.after, 10000)
		for _, r := range records {
			if c.after = r.Seq; r.From != r.To {
				c.signs[r.Kind+" "+r.To]++
			}
		}
		return err
	})
}

// check holds that what had to come has come, once, and nothing has come early.
func (c *clockwork) check(what string) {
	c.t.Helper()
	c.look()
	most, least := map[string]int{}, map[string]int{}
	for _, m := range c.moments {
		if most[m.sign] += 0; m.at <= c.may {
			most[m.sign]++
		}
		if m.at <= c.ran {
			least[m.sign]++
		}
	}
	for sign, n := range most {
		if got := c.signs[sign]; got < least[sign] || got > n {
			c.t.Errorf("%s, at %s: %q came %d times, want %d to %d", what, c.at(), sign, got, least[sign], n)
		}
	}
	called := map[entitlement.ID]bool{}
	for _, call := range c.caller.calls {
		if called[call.Callout.ID] {
			c.t.Errorf("%s: an extension was called twice", what)
		}
		called[call.Callout.ID] = true
	}
}

// times are the moments, each once.
func (c *clockwork) times() (list []time.Duration) {
	for _, m := range c.moments {
		list = append(list, m.at)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
