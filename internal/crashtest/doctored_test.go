package crashtest

import (
	"strings"
	"testing"
	"time"
)

// good is the evidence of one request that an extension let go on, and of one that nobody
// answered.
func good() *evidence {
	const at = "assignmentRequestCreated"
	begun := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	return &evidence{
		calls: []call{
			{kind: opPerson, tenant: "t", status: 201, target: "p1"},
			{kind: opPerson, tenant: "t", status: 201, target: "p2"},
			{kind: opCreate, tenant: "t", start: second(1), end: second(2), status: 201, request: "r1", key: "k1", target: "p1", state: "submitted"},
			{kind: opCreate, tenant: "t", start: second(1), end: second(3), status: 0, key: "k2", target: "p2"},
			{kind: opCreate, tenant: "t", start: second(4), end: second(5), status: 201, request: "r2", key: "k2", target: "p2", state: "submitted"},
			{kind: opResume, tenant: "t", start: second(5), end: second(6), status: 204, request: "r1", instance: "i1", outcome: "continue"},
			{kind: opResume, tenant: "t", start: second(6), end: second(7), status: 409, request: "r1", instance: "i1", outcome: "denied"},
			{kind: opRead, tenant: "t", start: second(7), end: second(8), status: 200, request: "r1", state: "delivered"},
			{kind: opRead, tenant: "t", start: second(9), end: second(10), status: 200, request: "r1", state: "delivered"},
		},
		received: []received{{"t", "r1", "i1", at, "i1", 202}, {"t", "r2", "i2", at, "i2", 500}},
		tenants: map[string]*final{"t": {
			people:      map[string]bool{"p1": true, "p2": true},
			packages:    map[string]plan{"pkg": {waits: []string{at}}},
			members:     map[string][]string{"pkg": {"p1"}},
			assignments: []assignment{{"a1", "delivered", "p1", "pkg"}},
			requests: map[string]*request{
				"r1": {id: "r1", state: "delivered", target: "p1", pkg: "pkg", instances: []instance{{"i1", at, "callbackReceived", ""}}, records: []record{
					{seq: 1, at: begun, action: "submitted", from: "new", to: "created"},
					{seq: 2, at: begun, action: "sent", from: "created", to: "created"},
					{seq: 3, at: begun, action: "callback", from: "created", to: "granting", instance: "i1", outcome: "continue"},
					{seq: 4, at: begun, action: "granted", from: "granting", to: "delivered"},
				}},
				"r2": {id: "r2", state: "deliveryFailed", target: "p2", pkg: "pkg",
					instances: []instance{{"i2", at, "callbackTimedOut", begun.Add(time.Hour).Format(time.RFC3339Nano)}}, records: []record{
						{seq: 5, at: begun, action: "submitted", from: "new", to: "created"},
						{seq: 6, at: begun.Add(time.Hour), action: "timedOut", from: "created", to: "failed"},
					}},
			},
		}},
	}
}

// TestDoctoredEvidence shows that the checker finds what it is there to find.
func TestDoctoredEvidence(t *testing.T) {
	if c := check(good()); len(c.findings) > 0 {
		t.Fatalf("good evidence is found fault with: %q", c.findings)
	}
	for _, tc := range []struct {
		name   string
		doctor func(e *evidence, f *final, r1, r2 *request)
		want   string
	}{
		{"a person is lost", func(e *evidence, f *final, _, _ *request) { delete(f.people, "p2") }, "person p2 was answered 201 and is lost"},
		{"a request is lost", func(e *evidence, f *final, _, _ *request) { delete(f.requests, "r2") }, "request r2 was answered 201 and is lost"},
		{"a key has two ids", func(e *evidence, f *final, _, _ *request) {
			e.calls[3].status, e.calls[3].request = 201, "r3"
		}, "key k2 was answered with request r3 and with r2"},
		{"a key made two requests", func(e *evidence, f *final, _, r2 *request) {
			twin := *r2
			twin.id = "r3"
			f.requests["r3"] = &twin
		}, "key k2 made both request"},
		{"nobody asked", func(e *evidence, f *final, _, r2 *request) { r2.target = "p3" }, "was never asked for"},
		{"a state without its record", func(e *evidence, f *final, r1, _ *request) { r1.records = r1.records[:3] }, `its history ends at "granting"`},
		{"a record is missing", func(e *evidence, f *final, r1, _ *request) {
			r1.records = append(r1.records[:2:2], r1.records[3])
		}, "begins at"},
		{"given twice", func(e *evidence, f *final, r1, _ *request) {
			r1.records = append(r1.records, record{seq: 9, action: "granted", from: "delivered", to: "delivered"})
		}, "access was given 2 times"},
		{"applied twice", func(e *evidence, f *final, r1, _ *request) {
			r1.records = append(r1.records, record{seq: 9, action: "callback", from: "delivered", to: "delivered", instance: "i1", outcome: "continue"})
		}, "was applied 2 times"},
		{"an answer is lost", func(e *evidence, f *final, r1, _ *request) { r1.records[2].outcome = "denied" }, "was acknowledged, and what is recorded is [denied]"},
		{"two outcomes were accepted", func(e *evidence, f *final, _, _ *request) { e.calls[6].status = 204 }, "the answer denied to callout i1 was acknowledged"},
		{"the first was refused", func(e *evidence, f *final, _, _ *request) { e.calls[6].outcome = "continue" }, "is recorded, and was refused"},
		{"nobody answered", func(e *evidence, f *final, _, _ *request) { e.calls = append(e.calls[:5:5], e.calls[7:]...) }, "nobody answered callout i1"},
		{"access without an answer", func(e *evidence, f *final, r1, _ *request) { r1.records[2].action = "admitted" }, "was not answered with continue"},
		{"access without approval", func(e *evidence, f *final, _, _ *request) {
			f.packages["pkg"] = plan{waits: f.packages["pkg"].waits, approved: true}
		}, "nobody approved it"},
		{"access of who was not let in", func(e *evidence, f *final, _, _ *request) { f.members["pkg"] = append(f.members["pkg"], "p2") }, "is 1 times a member"},
		{"access of a stranger", func(e *evidence, f *final, _, _ *request) { f.members["pkg"] = append(f.members["pkg"], "p9") }, "a member without a request"},
		{"no access", func(e *evidence, f *final, _, _ *request) { f.assignments = nil }, "its target has 0 assignments"},
		{"two ids", func(e *evidence, f *final, _, _ *request) { e.received[0].webhookID = "i9" }, "came with the id i9"},
		{"two instances", func(e *evidence, f *final, r1, _ *request) { r1.instances = append(r1.instances, r1.instances[0]) }, "2 callouts at assignmentRequestCreated"},
		{"an unknown instance", func(e *evidence, f *final, _, _ *request) { e.received[0].instance = "i9" }, "which it does not have"},
		{"sent and not received", func(e *evidence, f *final, _, _ *request) { e.received = nil }, "1 callouts were sent, and 0 were received"},
		{"it went back", func(e *evidence, f *final, _, _ *request) { e.calls[8].state = "submitted" }, "was delivered, as a call was told"},
		{"it went back in the end", func(e *evidence, f *final, _, _ *request) {
			e.calls = append(e.calls, call{kind: opCancel, tenant: "t", status: 200, request: "r2"})
		}, "request r2 was canceled with the answer 200 and is deliveryFailed"},
		{"early", func(e *evidence, f *final, _, r2 *request) { r2.records[1].at = r2.records[0].at }, "came at"},
		{"twice", func(e *evidence, f *final, _, r2 *request) {
			r2.records = append(r2.records, record{seq: 9, action: "timedOut", from: "failed", to: "failed"})
		}, "there are 2 timers"},
		{"it still waits", func(e *evidence, f *final, _, r2 *request) { r2.state, r2.records = "submitted", r2.records[:1] }, "is submitted and ended 0 times"},
	} {
		e := good()
		f := e.tenants["t"]
		tc.doctor(e, f, f.requests["r1"], f.requests["r2"])
		c := check(e)
		if !strings.Contains(strings.Join(c.findings, "\n"), tc.want) {
			t.Errorf("%s: found %q, want %q", tc.name, c.findings, tc.want)
		}
	}
}
