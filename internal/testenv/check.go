package testenv

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// checkCommand is one of the commands that look at an answer.
func (r *runner) checkCommand(name, rest string, words []string) error {
	switch {
	case name == "status" && len(words) >= 1:
		return r.checkStatus(words)
	case name == "save" && len(words) == 2:
		v, ok := at(r.last.json, words[1])
		if !ok {
			return fmt.Errorf("the answer has nothing at %s", words[1])
		}
		r.vars[words[0]] = text(v)
		return nil
	case name == "want" && len(words) >= 2:
		path, want, _ := strings.Cut(rest, " ")
		return check(r.last.json, path, strings.TrimSpace(want))
	case name == "state" && len(words) >= 2:
		return r.checkState(words)
	case name == "member" && len(words) == 3:
		return r.checkMember(words)
	}
	return fmt.Errorf("%s %q: wrong words", name, rest)
}

func (r *runner) checkStatus(words []string) error {
	want, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	if r.last.status != want {
		return fmt.Errorf("status %d, want %d", r.last.status, want)
	}
	if id := r.last.header.Get("Request-Id"); id == "" && r.last.header.Get("Odata-Version") != "" {
		return fmt.Errorf("the answer has no request-id")
	}
	if want < 400 {
		return nil
	}
	if err := checkErrorShape(r.last); err != nil {
		return err
	}
	for i, path := range []string{"error/code", "error/target"} {
		if len(words) > i+1 {
			if err := check(r.last.json, path, words[i+1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkErrorShape holds every error to Graph's envelope, with a message that is not empty.
func checkErrorShape(a answer) error {
	for _, path := range []string{"error/code", "error/message", "error/innerError/date", "error/innerError/request-id", "error/innerError/client-request-id"} {
		if v, ok := at(a.json, path); !ok || text(v) == "" {
			return fmt.Errorf("the error has no %s", path)
		}
	}
	if ct := a.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		return fmt.Errorf("the error has Content-Type %q", ct)
	}
	return nil
}

// check compares the value at a path.
func check(doc any, path, want string) error {
	got, ok := at(doc, path)
	switch {
	case want == "absent":
		if ok {
			return fmt.Errorf("%s is %s, want it absent", path, text(got))
		}
		return nil
	case !ok:
		return fmt.Errorf("there is nothing at %s, want %s", path, want)
	case want == "present":
		return nil
	case strings.HasPrefix(want, "count "):
		list, _ := got.([]any)
		if n := strings.TrimPrefix(want, "count "); strconv.Itoa(len(list)) != n {
			return fmt.Errorf("%s has %d entries, want %s", path, len(list), n)
		}
		return nil
	case strings.HasPrefix(want, "~ "):
		re, err := regexp.Compile(strings.TrimPrefix(want, "~ "))
		if err != nil {
			return err
		}
		if !re.MatchString(text(got)) {
			return fmt.Errorf("%s is %s, want a match of %s", path, text(got), re)
		}
		return nil
	}
	var literal any
	if json.Unmarshal([]byte(want), &literal) == nil && reflect.DeepEqual(literal, got) {
		return nil
	}
	if text(got) != want {
		return fmt.Errorf("%s is %s, want %s", path, text(got), want)
	}
	return nil
}

// text writes a JSON value; a string without quotes.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func (r *runner) checkState(words []string) error {
	who := r.who
	r.who = "app"
	defer func() { r.who = who }()
	var err error
	if r.last, err = r.call("get", "/assignmentRequests/"+words[0], nil); err != nil {
		return err
	}
	if r.last.status != http.StatusOK {
		return fmt.Errorf("status %d", r.last.status)
	}
	for i, path := range []string{"state", "status"} {
		if len(words) > i+1 {
			if err := check(r.last.json, path, words[i+1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) checkMember(words []string) error {
	who, last := r.who, r.last
	r.who = "app"
	defer func() { r.who, r.last = who, last }()
	a, err := r.call("get", "/v1.0/groups/"+words[0]+"/members", nil)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("members: status %d %s", a.status, a.body)
	}
	list, _ := at(a.json, "value")
	is := "no"
	for _, m := range list.([]any) {
		if id, _ := at(m, "id"); id == words[1] {
			is = "yes"
		}
	}
	if is != words[2] {
		return fmt.Errorf("member: %s, want %s", is, words[2])
	}
	return nil
}
