package testenv

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// storyCommand is one of the commands that take several calls.
func (r *runner) storyCommand(name string, words []string) error {
	who := r.who
	defer func() { r.who = who }()
	var err error
	switch {
	case name == "advance" && len(words) == 1:
		return r.advance(words[0])
	case name == "package" && len(words) >= 1:
		r.who = "app"
		err = r.makePackage(words[0], words[1:])
	case name == "ask" && (len(words) == 2 || len(words) == 3):
		err = r.request(words[0], map[string]any{
			"requestType": "userAdd", "assignment": map[string]string{"accessPackageId": words[1]},
		}, words[2:]...)
	case name == "assign" && (len(words) == 3 || len(words) == 4):
		r.who = "app"
		err = r.request(words[0], map[string]any{
			"requestType": "adminAdd", "assignment": map[string]string{"targetId": words[2], "accessPackageId": words[1]},
		}, words[3:]...)
	case name == "unassign" && len(words) == 2:
		r.who = "app"
		err = r.request(words[0], map[string]any{"requestType": "adminRemove", "assignment": map[string]string{"id": words[1]}})
	case name == "resume" && len(words) >= 2:
		r.who = "extension"
		return r.resume(words)
	default:
		return fmt.Errorf("%s %v: wrong words", name, words)
	}
	if err != nil {
		return err
	}
	return r.settle()
}

// merge adds the members of a file to a body.
func (r *runner) merge(body map[string]any, file string) error {
	content, ok := r.files[file]
	if !ok {
		return fmt.Errorf("there is no file %s", file)
	}
	content, err := r.expand(content)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(content), &body); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// request makes a request and keeps its id.
func (r *runner) request(name string, body map[string]any, files ...string) error {
	for _, file := range files {
		if err := r.merge(body, file); err != nil {
			return err
		}
	}
	if err := r.post("/assignmentRequests", body, http.StatusCreated); err != nil {
		return err
	}
	id, _ := at(r.last.json, "id")
	r.vars[name] = text(id)
	return nil
}

// resume answers the callout taken last from an endpoint; the answer's status is kept.
func (r *runner) resume(words []string) error {
	name := words[1]
	outcome := ""
	if len(words) > 2 {
		outcome = words[2]
	}
	err := r.post("/assignmentRequests/"+words[0]+"/resume", r.taken[name].Resume(outcome), http.StatusNoContent)
	if err != nil && r.last.status == 0 {
		return err
	}
	return r.settle()
}

// makePackage makes a package with all that it needs.
func (r *runner) makePackage(name string, words []string) error {
	if err := r.makeContainer(name); err != nil {
		return err
	}
	policy := map[string]any{
		"displayName": "Policy of " + name, "description": "", "allowedTargetScope": "allDirectoryUsers",
		"requestorSettings": map[string]any{"enableTargetsToSelfAddAccess": true},
		"accessPackage":     map[string]string{"id": r.vars[name]},
	}
	var stages []any
	for i, w := range words {
		if file, ok := strings.CutPrefix(w, "+"); ok {
			if err := r.merge(policy, file); err != nil {
				return err
			}
			continue
		}
		if key, value, ok := strings.Cut(w, "="); ok {
			policy[key] = value
			continue
		}
		setting, err := r.makeExtension(name, i, w)
		if err != nil {
			return err
		}
		stages = append(stages, setting)
	}
	if stages != nil {
		policy["customExtensionStageSettings"] = stages
	}
	if err := r.post("/assignmentPolicies", policy, http.StatusCreated); err != nil {
		return err
	}
	return r.keep(name+".policy", "id")
}

// makeContainer makes catalog, package, group, resource and role scope.
func (r *runner) makeContainer(name string) error {
	if err := r.make(name+".catalog", "/catalogs", map[string]any{"displayName": "Catalog of " + name, "state": "published"}); err != nil {
		return err
	}
	catalog := map[string]string{"id": r.vars[name+".catalog"]}
	group := map[string]any{"displayName": "Group of " + name, "mailEnabled": false, "mailNickname": name, "securityEnabled": true}
	if err := r.make(name+".group", "/v1.0/groups", group); err != nil {
		return err
	}
	resource := map[string]any{
		"requestType": "adminAdd", "catalog": catalog,
		"resource": map[string]string{"originId": r.vars[name+".group"], "originSystem": "AadGroup"},
	}
	if err := r.post("/resourceRequests", resource, http.StatusCreated); err != nil {
		return err
	}
	if err := r.make(name, "/accessPackages", map[string]any{"displayName": "Package " + name, "catalog": catalog}); err != nil {
		return err
	}
	return r.addRole(name)
}

// addRole bundles the member role of the package's group.
func (r *runner) addRole(name string) error {
	group := r.vars[name+".group"]
	var err error
	r.last, err = r.call("get", "/catalogs/"+r.vars[name+".catalog"]+"/resources?$filter=originId eq '"+group+"'&$expand=roles,scopes", nil)
	if err != nil {
		return err
	}
	id, ok := at(r.last.json, "value/0/id")
	if !ok {
		return fmt.Errorf("the resource is not in the catalog: %s", r.last.body)
	}
	return r.post("/accessPackages/"+r.vars[name]+"/resourceRoleScopes", map[string]any{
		"role": map[string]any{
			"originId": "Member_" + group, "displayName": "Member", "originSystem": "AadGroup",
			"resource": map[string]any{"id": id, "originId": group, "originSystem": "AadGroup"},
		},
		"scope": map[string]any{"originId": group, "originSystem": "AadGroup", "isRootScope": true},
	}, http.StatusCreated)
}

// makeExtension makes the extension of a word "Created:P14D@endpoint" and returns the
// stage setting for it. "Created:P14D,2000@endpoint" gives each call 2,000 milliseconds.
func (r *runner) makeExtension(name string, i int, word string) (any, error) {
	spec, endpoint, ok := strings.Cut(word, "@")
	spec, milliseconds, patient := strings.Cut(spec, ",")
	stage, wait, waits := strings.Cut(spec, ":")
	kind, full := "accessPackageAssignmentRequestWorkflowExtension", "assignmentRequest"+stage
	if strings.HasSuffix(stage, "BeforeExpiration") { // FourteenDaysBeforeExpiration, OneDayBeforeExpiration
		kind, full = "accessPackageAssignmentWorkflowExtension", "assignment"+stage
	}
	if !ok || r.vars[endpoint] == "" {
		return nil, fmt.Errorf("%s: which endpoint?", word)
	}
	x := map[string]any{
		"@odata.type":           "#microsoft.graph." + kind,
		"displayName":           fmt.Sprintf("Extension %d of %s", i, name),
		"endpointConfiguration": map[string]string{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": r.vars[endpoint]},
		"clientConfiguration":   map[string]any{"timeoutInMilliseconds": 200, "maximumRetries": 0},
	}
	if patient {
		x["clientConfiguration"] = map[string]any{"timeoutInMilliseconds": milliseconds}
	}
	if waits {
		x["callbackConfiguration"] = map[string]string{"timeoutDuration": wait}
	}
	if err := r.make(name+".extension", "/catalogs/"+r.vars[name+".catalog"]+"/customWorkflowExtensions", x); err != nil {
		return nil, err
	}
	return map[string]any{
		"stage":           full,
		"customExtension": map[string]string{"@odata.type": "#microsoft.graph." + kind, "id": r.vars[name+".extension"]},
	}, nil
}

// make creates something and keeps its id.
func (r *runner) make(name, path string, body any) error {
	if err := r.post(path, body, http.StatusCreated); err != nil {
		return err
	}
	return r.keep(name, "id")
}

func (r *runner) keep(name, path string) error {
	v, ok := at(r.last.json, path)
	if !ok {
		return fmt.Errorf("the answer has no %s: %s", path, r.last.body)
	}
	r.vars[name] = text(v)
	return nil
}
