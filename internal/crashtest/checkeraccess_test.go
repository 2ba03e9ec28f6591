package crashtest

import (
	"slices"
	"time"
)

// checkAccess holds that exactly those have access whose request was delivered, and that a
// request was delivered only where all had agreed whom its policy asks.
func (c *checker) checkAccess() {
	for _, t := range c.e.tenants {
		given := map[string]int{} // by package and target
		for _, a := range t.assignments {
			if a.state == "delivered" {
				given[a.pkg+" "+a.target]++
			}
		}
		members := map[string]int{}
		for pkg, list := range t.members {
			for _, m := range list {
				members[pkg+" "+m]++
			}
		}
		for _, r := range t.requests {
			what := r.pkg + " " + r.target
			want := 0
			if r.state == "delivered" {
				want = 1
				c.checkAgreed(r, t.packages[r.pkg])
			}
			if given[what] != want || members[what] != want {
				c.found("request %s is %s; its target has %d assignments and is %d times a member", r.id, r.state, given[what], members[what])
			}
			delete(given, what)
			delete(members, what)
		}
		for what := range given {
			c.found("an assignment without a request: %s", what)
		}
		for what := range members {
			c.found("a member without a request: %s", what)
		}
	}
}

// checkAgreed holds that each callout of a delivered request was answered with continue,
// and each approver agreed.
func (c *checker) checkAgreed(r *request, p plan) {
	for _, stage := range p.waits {
		agreed := slices.ContainsFunc(r.instances, func(x instance) bool {
			return x.Stage == stage && slices.Equal(c.callbacks(r.id, x.ID), []string{"continue"})
		})
		if !agreed {
			c.found("request %s was delivered, and its callout at %s was not answered with continue", r.id, stage)
		}
	}
	if decided := r.recordsOf("decided"); p.approved && (len(decided) != 1 || decided[0].outcome != "Approved") {
		c.found("request %s was delivered, and nobody approved it", r.id)
	}
}

// checkCallouts holds that each wait of a request has one callout, that receivers got it
// under one id, and that what is recorded as sent was received.
func (c *checker) checkCallouts() {
	taken := map[string]int{} // callouts answered with success, by instance
	for _, k := range c.e.received {
		r := c.requests[k.request]
		if r == nil {
			c.found("callout %s is of request %s, which is lost", k.instance, k.request)
			continue
		}
		if k.webhookID != k.instance {
			c.found("callout %s came with the id %s", k.instance, k.webhookID)
		}
		if !slices.ContainsFunc(r.instances, func(x instance) bool { return x.ID == k.instance && x.Stage == k.stage }) {
			c.found("request %s was called at %s with instance %s, which it does not have", k.request, k.stage, k.instance)
		}
		if k.answer/100 == 2 {
			taken[k.instance]++
		}
	}
	for _, r := range c.requests {
		stages, received := map[string]int{}, 0
		for _, x := range r.instances {
			if stages[x.Stage]++; stages[x.Stage] > 1 {
				c.found("request %s has %d callouts at %s", r.id, stages[x.Stage], x.Stage)
			}
			if taken[x.ID] > 0 {
				received++
			}
			c.repeats += max(0, taken[x.ID]-1)
		}
		if sent := len(r.recordsOf("sent")); sent > received {
			c.found("request %s: %d callouts were sent, and %d were received", r.id, sent, received)
		}
	}
}

// ended is the rank of states from which there is no way on.
const ended = 4

// rank orders the states that a request goes through.
var rank = map[string]int{
	"submitted": 1, "pendingApproval": 2, "delivering": 3, "delivered": ended, "denied": ended, "canceled": ended, "deliveryFailed": ended,
}

// checkReads holds that nobody sees a request as it was before what they, or anybody, had
// been told of it already.
func (c *checker) checkReads() {
	seen := map[string][]*call{} // by request
	for _, kind := range []string{opCreate, opRead, opResume, opCancel} {
		for _, k := range c.calls[kind] {
			if k.did() && shown(k) != "" {
				seen[k.request] = append(seen[k.request], k)
			}
		}
	}
	for id, list := range seen {
		slices.SortFunc(list, func(a, b *call) int { return int(a.start - b.start) })
		for i, later := range list {
			if later.kind != opRead {
				continue
			}
			for _, before := range list[:i] {
				was, is := shown(before), later.state
				if before.end < later.start && !follows(was, is) {
					c.found("request %s was %s, as a call was told (%s), and is %s when it is read %s later",
						id, was, before.kind, is, (later.start - before.end).Round(time.Microsecond))
				}
			}
		}
		if r, last := c.requests[id], list[len(list)-1]; r != nil && !follows(shown(last), r.state) {
			c.found("request %s was %s, as a call was told (%s), and is %s in the end", id, shown(last), last.kind, r.state)
		}
	}
}

// follows reports whether a request may be in a state that was in another before.
func follows(was, is string) bool {
	return was == is || rank[is] > rank[was] || (was == "deliveryFailed" && is == "canceled")
}

// shown is the state of the request that an answer told of; empty where it told of none.
func shown(k *call) string {
	switch {
	case k.kind == opCancel:
		return "canceled"
	case k.kind == opResume && k.outcome != "continue":
		return k.outcome
	}
	return k.state
}
