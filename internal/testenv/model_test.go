package testenv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/rules"
)

// Sizes of TestModelAndServerAgree: requests, of which those of one plan share a tenant,
// and how many things happen to each.
const (
	modelPlans    = 25
	modelRequests = 40 // of each plan
	modelSteps    = 10
	racePlans     = 4 // with the race detector
)

// TestModelAndServerAgree lets the same random events happen to a request through HTTP and
// to the pure core, and holds that they answer the same and end in the same state.
func TestModelAndServerAgree(t *testing.T) {
	s := Start(t, Memory)
	plans := modelPlans
	if raceDetector {
		plans = racePlans
	}
	for seed := range plans {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := newPair(t, s, uint64(seed))
			for n := range modelRequests {
				if p.story(n); t.Failed() {
					t.Fatalf("plan %d, request %d", seed, n)
				}
			}
		})
	}
}

// pair is a package on the server and its plan in the model.
type pair struct {
	t        *testing.T
	r        *runner
	rng      *rand.Rand
	endpoint *Endpoint
	plan     entitlement.Plan
	now      time.Time

	// Of the request that is under way:
	p       entitlement.Progress
	id, who string
	target  entitlement.ID
	stages  []string // the server's ids of the stages of approval
	timers  map[int]time.Time
	asked   map[entitlement.ID]bool
	did     []string
}

// The people who approve, and one who has nothing to do with it.
var modelPeople = []string{"bob", "carol", "admin", "dave"}

func newPair(t *testing.T, s *Server, seed uint64) *pair {
	p := &pair{
		t: t, rng: rand.New(rand.NewPCG(seed, 3)), endpoint: NewEndpoint("202"), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		r: &runner{t: t, server: s, files: map[string]string{}, vars: map[string]string{}, endpoints: map[string]*Endpoint{}},
	}
	t.Cleanup(p.endpoint.Close)
	p.r.enter("main")
	for name, id := range SampleIDs {
		p.r.vars[name] = id
	}
	p.r.vars["e"] = p.endpoint.URL
	p.r.files["policy.json"] = p.policy()
	words := []string{"+policy.json"}
	for _, c := range p.plan.Callouts {
		word := strings.TrimPrefix(string(c.Stage), "assignmentRequest")
		if c.Waits() {
			word += ":" + entitlement.FormatDuration(c.CallbackTimeout)
		}
		words = append(words, word+"@e")
	}
	if err := p.r.makePackage("p", words); err != nil {
		t.Fatalf("%v: %s", err, clip(string(p.r.last.body)))
	}
	return p
}

// policy makes up a plan, and returns what of it the policy says.
func (p *pair) policy() string {
	p.plan = entitlement.Plan{Seed: "model", AllowDenyAtCreated: true}
	for _, stage := range entitlement.RequestStages[:3] {
		for range p.rng.IntN(2) {
			c := entitlement.PlannedCallout{Stage: stage}
			if p.rng.IntN(3) > 0 {
				c.CallbackTimeout = time.Duration(67+60*p.rng.IntN(30)) * time.Minute
			}
			p.plan.Callouts = append(p.plan.Callouts, c)
		}
	}
	var stages []string
	yes := true
	for range p.rng.IntN(3) {
		approvers := []string{modelPeople[p.rng.IntN(3)], modelPeople[p.rng.IntN(3)]}
		stage := entitlement.ApprovalStage{AutomaticDenial: 97 * time.Hour, Primary: p.sets(approvers...)}
		escalation := ""
		if p.rng.IntN(2) == 0 {
			stage.EscalationEnabled, stage.Escalation, stage.Alternates = &yes, 31*time.Hour, p.sets("admin")
			escalation = `,"isEscalationEnabled":true,"durationBeforeEscalation":"PT31H","escalationApprovers":[` + p.set("admin") + `]`
		}
		if p.rng.IntN(3) == 0 {
			stage.JustificationRequired = &yes
		}
		p.plan.Approval = append(p.plan.Approval, stage)
		stages = append(stages, fmt.Sprintf(`{"durationBeforeAutomaticDenial":"PT97H","isApproverJustificationRequired":%v,"primaryApprovers":[%s,%s]%s}`,
			stage.NeedsJustification(), p.set(approvers[0]), p.set(approvers[1]), escalation))
	}
	return fmt.Sprintf(`{"requestApprovalSettings":{"isApprovalRequiredForAdd":%v,"stages":[%s]}}`, len(stages) > 0, strings.Join(stages, ","))
}

func (p *pair) sets(names ...string) (sets []entitlement.SubjectSet) {
	for _, n := range names {
		sets = append(sets, entitlement.SubjectSet{Kind: entitlement.SingleUser, ID: entitlement.ID(SampleIDs[n])})
	}
	return sets
}

func (p *pair) set(name string) string {
	return `{"@odata.type":"#microsoft.graph.singleUser","userId":"` + SampleIDs[name] + `"}`
}

// story lets a new person ask, and things happen to the request.
func (p *pair) story(n int) {
	p.who = fmt.Sprintf("person%d", n)
	p.r.who = "app"
	user := map[string]any{
		"displayName": p.who, "userPrincipalName": p.who + "@contoso.example", "mailNickname": p.who, "accountEnabled": true,
		"passwordProfile": map[string]string{"password": "x"},
	}
	p.must(p.r.make("person", "/v1.0/users", user))
	p.target = entitlement.ID(p.r.vars["person"])
	p.p, p.timers, p.asked, p.did = entitlement.Progress{Phase: entitlement.PhaseNew, Plan: p.plan}, map[int]time.Time{}, map[entitlement.ID]bool{}, nil
	p.r.who = p.who
	p.must(p.r.request("r", map[string]any{"requestType": "userAdd", "assignment": map[string]string{"accessPackageId": p.r.vars["p"]}}))
	p.must(p.r.settle())
	p.id = p.r.vars["r"]
	p.step(entitlement.Event{Kind: entitlement.EventSubmitted})
	p.stages = nil
	if len(p.plan.Approval) > 0 {
		p.get("/accessPackageAssignmentApprovals/"+p.id, "admin")
		list, _ := at(p.r.last.json, "stages")
		for _, s := range list.([]any) {
			id, _ := at(s, "id")
			p.stages = append(p.stages, text(id))
		}
	}
	p.compare()
	for range modelSteps {
		if p.t.Failed() {
			return
		}
		p.happen()
		p.compare()
	}
}

func (p *pair) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%v: %d %s", err, p.r.last.status, clip(string(p.r.last.body)))
	}
}

func (p *pair) get(path, who string) {
	p.t.Helper()
	p.r.who = who
	var err error
	p.r.last, err = p.r.call("get", path, nil)
	p.must(err)
	if p.r.last.status != http.StatusOK {
		p.t.Fatalf("get %s as %s: %d %s", path, who, p.r.last.status, clip(string(p.r.last.body)))
	}
}

// step lets an event happen to the model, and what follows from it, and returns the code
// with which it is refused, or "".
func (p *pair) step(ev entitlement.Event) string {
	next, effects, err := lifecycle.Step(p.p, ev, p.now)
	var refusal *entitlement.Error
	var nothing *lifecycle.Ignored
	switch {
	case errors.As(err, &refusal):
		return string(refusal.Code)
	case errors.As(err, &nothing):
		return ""
	case err != nil:
		p.t.Fatal(err)
	}
	p.p = next
	var follow []entitlement.Event
	for _, eff := range effects {
		switch eff.Kind {
		case lifecycle.WakeAt:
			p.timers[eff.Wait] = eff.At
		case lifecycle.EndWait:
			delete(p.timers, eff.Wait)
		case lifecycle.SendCallout:
			follow = append(follow, entitlement.Event{Kind: entitlement.EventSent, Wait: eff.Wait})
		case lifecycle.FindApprovers:
			follow = append(follow, entitlement.Event{Kind: entitlement.EventApproversFound, Wait: eff.Wait, Approvers: p.found()})
		case lifecycle.AskApprovers:
			for _, id := range eff.To {
				p.asked[id] = true
			}
		case lifecycle.Admit:
			follow = append(follow, entitlement.Event{Kind: entitlement.EventAdmitted, Wait: eff.Wait})
		case lifecycle.Grant:
			follow = append(follow, entitlement.Event{Kind: entitlement.EventGranted, Wait: eff.Wait})
		}
	}
	for _, ev := range follow {
		p.step(ev)
	}
	return ""
}

func (p *pair) found() entitlement.FoundApprovers {
	stage := &p.plan.Approval[p.p.Approval().Stage]
	ids := func(sets []entitlement.SubjectSet) (list []entitlement.ID) {
		for _, s := range sets {
			list = append(list, s.ID)
		}
		return list
	}
	return rules.Approvers(entitlement.FoundApprovers{Primary: ids(stage.Primary), Alternates: ids(stage.Alternates)}, p.target, p.target)
}

// happen lets one thing happen to both.
func (p *pair) happen() {
	switch n := p.rng.IntN(20); {
	case n < 7 && len(p.p.Callouts) > 0:
		p.answer()
	case n < 13 && len(p.stages) > 0:
		p.decision()
	case n < 14:
		p.cancel()
	case n < 15:
		want := p.step(entitlement.Event{Kind: entitlement.EventReprocess})
		p.call("app", "post", "/assignmentRequests/"+p.id+"/reprocess", "", http.StatusAccepted, want)
	default:
		p.advance(time.Duration(1+p.rng.IntN(12*60)) * time.Minute)
	}
}

// call makes a call and holds that it is answered as the model is.
func (p *pair) call(who, method, path, body string, ok int, want string) {
	p.t.Helper()
	p.did = append(p.did, fmt.Sprintf("%s %s %s %s: model %q", who, method, strings.ReplaceAll(path, p.id, "R"), body, want))
	p.r.who = who
	var err error
	p.r.last, err = p.r.call(method, path, []byte(body))
	p.must(err)
	code, _ := at(p.r.last.json, "error/code")
	got := ""
	if p.r.last.status != ok {
		got = text(code)
	}
	if got != want {
		p.t.Errorf("the server answers %d %q, the model %q\n%s\n%s", p.r.last.status, got, want, strings.Join(p.did, "\n"), clip(string(p.r.last.body)))
	}
	p.must(p.r.settle())
}

func (p *pair) answer() {
	i := len(p.p.Callouts) - 1 - p.rng.IntN(len(p.p.Callouts))*p.rng.IntN(2)
	c := p.p.Callouts[i]
	outcomes := []entitlement.Outcome{entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeContinue, entitlement.OutcomeDenied, entitlement.OutcomeCanceled}
	o := outcomes[p.rng.IntN(len(outcomes))]
	p.get("/assignmentRequests/"+p.id, "app")
	id, _ := at(p.r.last.json, fmt.Sprintf("customExtensionCalloutInstances/%d/id", i))
	state := ""
	if o != entitlement.OutcomeContinue {
		state = `,"state":"` + string(o) + `"`
	}
	want := p.step(entitlement.Event{Kind: entitlement.EventCallback, Instance: c.ID, Stage: c.Stage, Answer: entitlement.Answer{Outcome: o}})
	p.call("extension", "post", "/assignmentRequests/"+p.id+"/resume", fmt.Sprintf(
		`{"source":"model","type":"microsoft.graph.accessPackageCustomExtensionStage.%s","data":{"@odata.type":"microsoft.graph.accessPackageAssignmentRequestCallbackData","stage":"%s","customExtensionStageInstanceId":"%s"%s}}`,
		c.Stage, c.Stage, text(id), state), http.StatusNoContent, want)
}

func (p *pair) decision() {
	who := append([]string{p.who}, modelPeople...)[p.rng.IntN(len(modelPeople)+1)]
	by := p.target
	if who != p.who {
		by = entitlement.ID(SampleIDs[who])
	}
	i := min(max(0, len(p.p.Approvals)-1), len(p.stages)-1)
	if p.rng.IntN(5) == 0 {
		i = p.rng.IntN(len(p.stages))
	}
	d := entitlement.Decision{Result: entitlement.ReviewApproved, By: entitlement.Subject{ObjectID: by}}
	word := "Approve"
	if p.rng.IntN(4) == 0 {
		d.Result, word = entitlement.ReviewDenied, "Deny"
	}
	if p.rng.IntN(3) > 0 {
		d.Justification = "because"
	}
	var want string
	switch {
	case by == p.target, !p.asked[by] && who == "admin": // who sees it
		want = string(entitlement.CodeNotApprover)
	case !p.asked[by]:
		want = string(entitlement.CodeNotFound)
	default:
		want = p.step(entitlement.Event{Kind: entitlement.EventDecided, ApprovalStage: entitlement.ApprovalStageID(p.plan.Seed, i), Decision: d})
	}
	p.call(who, "patch", "/accessPackageAssignmentApprovals/"+p.id+"/stages/"+p.stages[i],
		fmt.Sprintf(`{"reviewResult":%q,"justification":%q}`, word, d.Justification), http.StatusNoContent, want)
}

func (p *pair) cancel() {
	want := string(entitlement.CodeRequestNotCancelable)
	if p.p.Phase != entitlement.PhaseFailed { // which only an administrator ends
		want = p.step(entitlement.Event{Kind: entitlement.EventCancel})
	}
	p.call(p.who, "post", "/assignmentRequests/"+p.id+"/cancel", "", http.StatusOK, want)
}

// advance moves both clocks and lets what is due happen.
func (p *pair) advance(d time.Duration) {
	p.did = append(p.did, "advance "+d.String())
	p.now = p.now.Add(d)
	for due := true; due; {
		due = false
		for wait, at := range p.timers {
			if !at.After(p.now) {
				delete(p.timers, wait)
				p.step(entitlement.Event{Kind: entitlement.EventTimedOut, Wait: wait})
				due = true
				break
			}
		}
	}
	p.must(p.r.advance(entitlement.FormatDuration(d)))
}

// compare holds that both are in the same state.
func (p *pair) compare() {
	p.t.Helper()
	p.get("/assignmentRequests/"+p.id, "app")
	state, status := lifecycle.PublicState(p.p)
	got := func(path string) string {
		v, _ := at(p.r.last.json, path)
		return text(v)
	}
	list, _ := at(p.r.last.json, "customExtensionCalloutInstances")
	instances, _ := list.([]any)
	if got("state") != string(state) || got("status") != status || len(instances) != len(p.p.Callouts) {
		p.t.Errorf("the server has %s/%s with %d callouts, the model %s/%s with %d\n%s",
			got("state"), got("status"), len(instances), state, status, len(p.p.Callouts), strings.Join(p.did, "\n"))
		return
	}
	for i, c := range p.p.Callouts {
		if is := got(fmt.Sprintf("customExtensionCalloutInstances/%d/status", i)); is != string(c.Status) && (c.Status != "" || is != "null") {
			p.t.Errorf("callout %d is %s on the server and %s in the model\n%s", i, is, c.Status, strings.Join(p.did, "\n"))
		}
	}
}
