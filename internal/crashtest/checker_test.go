package crashtest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// checker holds what the promises say against the evidence. It knows nothing of servers.
type checker struct {
	e        *evidence
	findings []string
	requests map[string]*request // of all tenants
	calls    map[string][]*call  // by kind
	repeats  int                 // callouts that were taken by their receiver more than once
}

// mostFindings is how many findings are told; there may be thousands of one cause.
const mostFindings = 40

// check returns what is wrong.
func check(e *evidence) *checker {
	c := &checker{e: e, requests: map[string]*request{}, calls: map[string][]*call{}}
	for _, t := range e.tenants {
		maps.Copy(c.requests, t.requests)
	}
	for i := range e.calls {
		c.calls[e.calls[i].kind] = append(c.calls[e.calls[i].kind], &e.calls[i])
	}
	c.checkPeople()
	c.checkCreates()
	for _, id := range slices.Sorted(maps.Keys(c.requests)) {
		r := c.requests[id]
		c.checkHistory(r)
		c.checkEnd(r)
		c.checkTimeOut(r)
	}
	c.checkResumes()
	c.checkDecisions()
	c.checkCancels()
	c.checkAccess()
	c.checkCallouts()
	c.checkReads()
	return c
}

func (c *checker) found(format string, args ...any) {
	c.findings = append(c.findings, fmt.Sprintf(format, args...))
}

// checkPeople holds that whoever was made is there.
func (c *checker) checkPeople() {
	for _, k := range c.calls[opPerson] {
		if k.did() && !c.e.tenants[k.tenant].people[k.target] {
			c.found("person %s was answered %d and is lost", k.target, k.status)
		}
	}
}

// checkCreates holds that an order with its key made exactly one request, which every
// answer names, and that there is no request that nobody asked for. Each order is for a
// person of its own.
func (c *checker) checkCreates() {
	asked := map[string]string{} // keys by target
	told := map[string]string{}  // ids by key
	for _, k := range c.calls[opCreate] {
		asked[k.target] = k.key
		if !k.did() {
			continue
		}
		if before, ok := told[k.key]; ok && before != k.request {
			c.found("key %s was answered with request %s and with %s", k.key, before, k.request)
		}
		told[k.key] = k.request
		if r := c.requests[k.request]; r == nil {
			c.found("request %s was answered %d and is lost", k.request, k.status)
		} else if r.target != k.target {
			c.found("request %s was made for %s and is for %s", k.request, k.target, r.target)
		}
	}
	of := map[string]string{} // ids by target
	for id, r := range c.requests {
		key, ok := asked[r.target]
		if !ok {
			c.found("request %s for %s was never asked for", id, r.target)
		}
		if before, ok := of[r.target]; ok {
			c.found("key %s made both request %s and %s", key, before, id)
		}
		of[r.target] = id
	}
}

// stateOf is the state that a request shows when its history ended with a phase.
var stateOf = map[string]string{
	"delivered": "delivered", "partial": "partiallyDelivered", "failed": "deliveryFailed", "denied": "denied", "canceled": "canceled",
}

// checkHistory rebuilds a request from its records: each begins where the one before ended,
// and the last ends where the request stands.
func (c *checker) checkHistory(r *request) {
	mayWait := c.e.waiting && rank[r.state] < ended
	is, seq := "new", -1
	for i, rec := range r.records {
		if rec.seq <= seq {
			c.found("request %s: record %d comes after record %d", r.id, rec.seq, seq)
		}
		seq = rec.seq
		if (rec.action == "submitted") != (i == 0) {
			c.found("request %s: record %d says %s", r.id, i, rec.action)
		}
		if rec.from != is {
			c.found("request %s: record %d (%s) begins at %q, and the one before ended at %q", r.id, rec.seq, rec.action, rec.from, is)
		}
		is = rec.to
	}
	if stateOf[is] != r.state && !(mayWait && stateOf[is] == "") {
		c.found("request %s is %s, and its history ends at %q", r.id, r.state, is)
	}
}

// checkEnd holds that a request ended, once, and that access was given at most once.
func (c *checker) checkEnd(r *request) {
	ends, grants := 0, 0
	for _, rec := range r.records {
		// Who manages the tenant may cancel for good what has failed.
		if stateOf[rec.to] != "" && rec.from != rec.to && rec.from != "failed" {
			ends++
		}
		if rec.action == "granted" {
			grants++
		}
	}
	want := 1
	if c.e.waiting && rank[r.state] < ended {
		want = 0
	}
	if ends != want || rank[r.state] < ended && want == 1 {
		c.found("request %s is %s and ended %d times", r.id, r.state, ends)
	}
	if delivered := r.state == "delivered"; grants > 1 || (grants == 1) != delivered {
		c.found("request %s is %s and access was given %d times", r.id, r.state, grants)
	}
}

// checkTimeOut holds that the timer of a callout that nobody answered came once, and not
// before its time.
func (c *checker) checkTimeOut(r *request) {
	for _, x := range r.instances {
		if x.Status == "waitingForCallback" && !c.e.waiting {
			c.found("request %s still waits for callout %s", r.id, x.ID)
		}
		if x.Status != "callbackTimedOut" {
			continue
		}
		timers := r.recordsOf("timedOut")
		if len(timers) != 1 {
			c.found("request %s: callout %s timed out, and there are %d timers", r.id, x.ID, len(timers))
			continue
		}
		if deadline, err := time.Parse(time.RFC3339Nano, x.Deadline); err != nil || timers[0].at.Before(deadline) {
			c.found("request %s: the timer of callout %s came at %s, before %s", r.id, x.ID, timers[0].at, x.Deadline)
		}
	}
}

func (r *request) recordsOf(action string) (list []record) {
	for _, rec := range r.records {
		if rec.action == action {
			list = append(list, rec)
		}
	}
	return list
}
