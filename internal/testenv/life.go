package testenv

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"anteroom/internal/entitlement"
)

// lifeCommand is one of the commands about what becomes of requests and assignments.
func (r *runner) lifeCommand(name, rest string, words []string) error {
	who := r.who
	defer func() { r.who = who }()
	switch {
	case name == "assignment" && len(words) >= 2:
		return r.assignment(words)
	case (name == "approve" || name == "deny") && len(words) >= 2:
		_, justification, _ := strings.Cut(rest, words[1])
		return r.decide(name, words[0], words[1], strings.TrimSpace(justification))
	case name == "time" && len(words) == 2:
		return r.keepTime(words[0], words[1])
	case name == "audited" && len(words) >= 2:
		_, activity, _ := strings.Cut(rest, " ")
		return r.audited(words[0], strings.TrimSpace(activity))
	case name == "noticed" && len(words) == 2:
		return r.noticed(words[0], words[1])
	}
	return fmt.Errorf("%s %q: wrong words", name, rest)
}

// assignment keeps the id of the assignment of a request, once, and checks its state.
func (r *runner) assignment(words []string) error {
	r.who = "app"
	var err error
	if r.vars[words[0]] == "" { // else it is known, and the request may be forgotten
		if r.last, err = r.call("get", "/assignmentRequests/"+words[1]+"?$expand=assignment", nil); err != nil {
			return err
		}
		id, ok := at(r.last.json, "assignment/id")
		if !ok {
			return fmt.Errorf("the request has no assignment")
		}
		r.vars[words[0]] = text(id)
	}
	if len(words) == 2 {
		return nil
	}
	if r.last, err = r.call("get", "/assignments/"+r.vars[words[0]], nil); err != nil {
		return err
	}
	for i, path := range []string{"state", "status"} {
		if len(words) > i+2 {
			if err := check(r.last.json, path, words[i+2]); err != nil {
				return err
			}
		}
	}
	return nil
}

// decide sends the decision of an approver about the stage that is under way; its status is
// kept.
func (r *runner) decide(what, who, request, justification string) error {
	r.who = who
	var err error
	if r.last, err = r.call("get", "/accessPackageAssignmentApprovals/"+request+"?$expand=stages", nil); err != nil {
		return err
	}
	if r.last.status != http.StatusOK {
		return nil // for the scenario to look at
	}
	stages, _ := at(r.last.json, "stages")
	list, _ := stages.([]any)
	stage := ""
	for _, s := range list {
		if status, _ := at(s, "status"); stage == "" || status == "InProgress" {
			id, _ := at(s, "id")
			stage = text(id)
		}
	}
	body := fmt.Sprintf(`{"reviewResult":%q,"justification":%q}`, strings.ToUpper(what[:1])+what[1:], justification)
	if r.last, err = r.call("patch", "/accessPackageAssignmentApprovals/"+request+"/stages/"+stage, []byte(body)); err != nil {
		return err
	}
	return r.settle()
}

// keepTime keeps the time on the tenant's clock after a while.
func (r *runner) keepTime(name, after string) error {
	last := r.last
	defer func() { r.last = last }()
	r.who = "app"
	a, err := r.call("get", "/dev/clock", nil)
	if err != nil {
		return err
	}
	now, _ := at(a.json, "now")
	t, err := time.Parse(time.RFC3339Nano, text(now))
	if err != nil {
		return err
	}
	d, err := entitlement.ParseDuration(after)
	if err != nil {
		return err
	}
	r.vars[name] = t.Add(d).UTC().Format(time.RFC3339)
	return nil
}

// audited counts directory audits of one name.
func (r *runner) audited(want, activity string) error {
	last := r.last
	defer func() { r.last = last }()
	r.who = "app"
	filter := url.QueryEscape("activityDisplayName eq '" + strings.ReplaceAll(activity, "'", "''") + "'")
	a, err := r.call("get", "/v1.0/auditLogs/directoryAudits?$top=999&$filter="+filter, nil)
	if err != nil {
		return err
	}
	list, _ := at(a.json, "value")
	entries, ok := list.([]any)
	if !ok {
		return fmt.Errorf("audits: status %d %s", a.status, clip(string(a.body)))
	}
	return counted(want, len(entries), "directory audits of "+activity)
}

// counted compares a count with N or N+.
func counted(want string, n int, of string) error {
	least, open := strings.CutSuffix(want, "+")
	w, err := strconv.Atoi(least)
	if err != nil {
		return err
	}
	if n == w || (open && n > w) {
		return nil
	}
	return fmt.Errorf("there are %d %s, want %s", n, of, want)
}

// noticed counts the notices of one kind that the webhook got for the tenant, each event
// once, and checks their signatures.
func (r *runner) noticed(want, kind string) error {
	if err := r.settle(); err != nil {
		return err
	}
	if r.server.Notices == nil {
		return fmt.Errorf("the server has no webhook for notices")
	}
	seen, sent := map[string]bool{}, 0
	for _, c := range r.server.Notices.Received() {
		if c.Value("source") != "/tenants/"+r.tenant || c.Value("type") != "anteroom.entitlement."+kind+".v1" {
			continue
		}
		if err := r.server.VerifyCallout(r.tenant, c); err != nil {
			return err
		}
		sent++
		seen[c.Value("id")] = true
	}
	if sent != len(seen) {
		return fmt.Errorf("%d notices were sent for %d causes", sent, len(seen))
	}
	return counted(want, len(seen), "notices of "+kind)
}

// Activities are the names of the directory audits that scenarios have produced.
var Activities = struct {
	sync.Mutex
	seen map[string]bool
}{seen: map[string]bool{}}

// SeenActivities lists the names of the directory audits that scenarios have produced.
func SeenActivities() []string {
	Activities.Lock()
	defer Activities.Unlock()
	return slices.Sorted(maps.Keys(Activities.seen))
}

// seeActivities remembers the names of the directory audits of the scenario's tenants.
func (r *runner) seeActivities() {
	r.who = "app"
	for _, tenant := range r.tenants {
		r.tenant = tenant
		next := "/v1.0/auditLogs/directoryAudits?$top=999&$select=activityDisplayName"
		for next != "" {
			a, err := r.call("get", next, nil)
			if err != nil || a.status != http.StatusOK {
				r.t.Errorf("the directory audits of a tenant cannot be read: %d %s %v", a.status, clip(string(a.body)), err)
				return
			}
			list, _ := at(a.json, "value")
			entries, _ := list.([]any)
			Activities.Lock()
			for _, e := range entries {
				name, _ := at(e, "activityDisplayName")
				Activities.seen[text(name)] = true
			}
			Activities.Unlock()
			link, _ := at(a.json, "@odata.nextLink")
			next, _ = link.(string)
		}
	}
}
