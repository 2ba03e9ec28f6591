package testenv

import (
	"bufio"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// RunScenario runs one scenario file against a server.
//
// A scenario is a txtar archive: its comment is a list of commands, one a line, its files
// are bodies. $name is replaced by a saved value in commands and bodies; an empty line or
// a line that begins with # is skipped. After each command that changes something the
// runner lets the server do all that is due, so that no scenario waits for anything.
//
//	as WHO                       the next calls are made by: app, alice, bob, carol, admin, …, nobody,
//	                             extension (another application: nobody resumes what they asked for),
//	                             reader (one that may only read), stranger (one without permission)
//	tenant NAME                  goes to a tenant of its own; the same name is the same tenant
//	get|post|put|patch|delete PATH [FILE]
//	header NAME: VALUE           for the next call only
//	status CODE [ERROR [TARGET]] of the last answer; an error must be in Graph's shape
//	save NAME PATH               keeps a value of the last answer; PATH is a/b/0/c
//	want PATH VALUE              VALUE is a JSON literal or a word; "absent", "present", "count N", "~ REGEXP"
//	state REQUEST STATE [STATUS] reads a request
//	endpoint NAME [BEHAVIOUR]    starts an endpoint; $NAME is its address. 202, 200, 500, 302, hang, close, flood
//	behave NAME BEHAVIOUR        from now on
//	callout NAME                 takes the next callout that the endpoint received, and keeps
//	                             $NAME.instance, $NAME.request, $NAME.stage, $NAME.callback; its signature is checked
//	callouts NAME N              how many calls the endpoint has received in all
//	payload NAME PATH VALUE      like want, on the callout taken last
//	package NAME [STAGE[:WAIT]@ENDPOINT …] [KEY=VALUE …]
//	                             makes catalog, group, resource, extensions, package and policy:
//	                             $NAME, $NAME.catalog, $NAME.group, $NAME.policy
//	                             and +FILE, whose members are added to the policy
//	ask NAME PACKAGE [FILE]      userAdd by who is acting; the file's members are added to the request
//	assign NAME PACKAGE USER [FILE]   adminAdd by the application
//	assignment NAME REQUEST [STATE [STATUS]]   keeps the id of the assignment of a request, and reads it
//	approve|deny WHO REQUEST [WORDS]  decides the stage of approval that is under way, with a justification
//	time NAME DURATION           keeps the tenant's time and a duration, as a time
//	audited N ACTIVITY           how many directory audits of that name the tenant has; N+ is at least N
//	noticed N KIND               how many notices of that kind the tenant's webhook got; their signatures are checked
//	unassign NAME ASSIGNMENT     adminRemove by the application
//	resume REQUEST ENDPOINT [OUTCOME]   answers the callout taken last from the endpoint, as extension
//	member GROUP USER yes|no     reads the members of a group
//	advance DURATION             moves the tenant's clock
func RunScenario(t *testing.T, s *Server, file string) {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{t: t, server: s, files: map[string]string{}, vars: map[string]string{}, endpoints: map[string]*Endpoint{}}
	r.enter("main")
	for _, f := range ar.Files {
		r.files[f.Name] = string(f.Data)
	}
	for name, id := range SampleIDs {
		r.vars[name] = id
	}
	defer r.close()
	n := 0
	for sc := bufio.NewScanner(strings.NewReader(string(ar.Comment))); sc.Scan(); {
		n++
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := r.run(line); err != nil {
			t.Fatalf("%s:%d: %s\n%v\nlast answer: %d %s", file, n, line, err, r.last.status, clip(string(r.last.body)))
		}
	}
}

// runner is one scenario under way.
type runner struct {
	t         *testing.T
	server    *Server
	files     map[string]string
	vars      map[string]string
	endpoints map[string]*Endpoint
	tenants   map[string]string
	tenant    string
	who       string
	headers   map[string]string
	last      answer
	taken     map[string]Callout
}

func (r *runner) close() {
	r.seeActivities()
	for _, e := range r.endpoints {
		e.Close()
	}
}

// enter goes to the tenant of that name in this scenario.
func (r *runner) enter(name string) {
	if r.tenants == nil {
		r.tenants = map[string]string{}
	}
	if r.tenants[name] == "" {
		r.tenants[name] = NewTenant()
	}
	r.tenant, r.who = r.tenants[name], "app"
	r.vars["tenant"] = r.tenant
}

var variable = regexp.MustCompile(`\$[A-Za-z][A-Za-z0-9_]*(\.[a-z]+)?`)

// expand replaces the variables in a text.
func (r *runner) expand(text string) (string, error) {
	var missing error
	out := variable.ReplaceAllStringFunc(text, func(m string) string {
		name := m[1:]
		if v, ok := r.vars[name]; ok {
			return v
		}
		if odataOptions[name] {
			return m
		}
		if head, tail, ok := strings.Cut(name, "."); ok && r.vars[head] != "" {
			return r.vars[head] + "." + tail
		}
		missing = fmt.Errorf("$%s is not known; there are %s", name, strings.Join(slices.Sorted(maps.Keys(r.vars)), " "))
		return m
	})
	return out, missing
}

// odataOptions are names behind a $ that are not variables.
var odataOptions = map[string]bool{
	"filter": true, "select": true, "expand": true, "top": true, "skiptoken": true, "count": true, "orderby": true,
	"ref": true, "skip": true, "search": true, "entity": true, "metadata": true, "batch": true, "format": true, "value": true,
}

// run runs one command.
func (r *runner) run(line string) error {
	line, err := r.expand(line)
	if err != nil {
		return err
	}
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	words := strings.Fields(rest)
	switch name {
	case "as":
		r.who = rest
		return nil
	case "tenant":
		r.enter(rest)
		return nil
	case "header":
		key, value, _ := strings.Cut(rest, ":")
		if r.headers == nil {
			r.headers = map[string]string{}
		}
		r.headers[key] = strings.TrimSpace(value)
		return nil
	case "get", "post", "put", "patch", "delete":
		return r.httpCommand(name, words)
	case "status", "save", "want", "state", "member":
		return r.checkCommand(name, rest, words)
	case "endpoint", "behave", "callout", "callouts", "payload":
		return r.endpointCommand(name, rest, words)
	case "package", "ask", "assign", "unassign", "resume", "advance":
		return r.storyCommand(name, words)
	case "assignment", "approve", "deny", "time", "audited", "noticed":
		return r.lifeCommand(name, rest, words)
	}
	return fmt.Errorf("there is no command %q", name)
}

func clip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}
