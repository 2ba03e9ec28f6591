package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"anteroom/internal/server"
)

// The bodies of the documented examples of resume, as printed. The instance ids are
// replaced by those of the callouts.
const (
	exampleGoOn = `{
  "source": "Contoso.SodCheckProcess",
  "type": "microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",
  "data": {
    "@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
    "stage": "assignmentRequestCreated",
    "customExtensionStageInstanceId": "957d0c50-466b-4840-bb5b-c92cea7141ff",
    "customExtensionStageInstanceDetail": "This user is all verified"
  }
}`
	exampleDeny = `{
  "source": "Contoso.SodCheckProcess",
  "type": "microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",
  "data": {
    "@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData",
    "stage": "AssignmentRequestCreated",
    "customExtensionStageInstanceId": "857d0c50-466b-4840-bb5b-c92cea7141ff",
    "state": "denied",
    "customExtensionStageInstanceDetail": "Potential risk user based on the SOD check"
  }
}`
)

// story plays all parts of the demo.
type story struct {
	*printer
	api      *client
	endpoint *endpoint

	admin   string // token of the application that manages the tenant
	person  string // user principal name of the person made by the demo
	group   string
	catalog string
	pkg     string
	policy  string
}

// object is the body of a call.
type object = map[string]any

// tell plays the story from its beginning to its end.
func (s *story) tell(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demoWithin)
	defer cancel()
	for _, scene := range []func(context.Context) error{s.prepare, s.delivered, s.denied, s.timedOut} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return nil
}

// call makes one call, prints it, and fails unless it is answered as expected. changed
// says what the answer shows, or what is wrong with it.
func (s *story) call(ctx context.Context, method, path, token string, body any, want int, changed func(*answer) (string, error)) (*answer, error) {
	a, err := s.api.do(ctx, method, path, token, body)
	if err != nil {
		return nil, err
	}
	if a.status != want {
		return nil, fmt.Errorf("%s %s: expected status %d, but it is %d: %s", method, path, want, a.status, a.raw)
	}
	text := ""
	if changed != nil {
		if text, err = changed(a); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	s.step(method, path, a.status, text)
	return a, nil
}

// make creates an object and returns its id.
func (s *story) make(ctx context.Context, path string, body object, what string) (string, error) {
	a, err := s.call(ctx, "POST", path, s.admin, body, 201, func(a *answer) (string, error) {
		if a.text("id") == "" || a.header.Get("Location") == "" {
			return "", fmt.Errorf("expected an id and a Location, but the answer is %s", a.raw)
		}
		return what + "  " + a.text("id"), nil
	})
	if err != nil {
		return "", err
	}
	return a.text("id"), nil
}

// token signs somebody in.
func (s *story) token(ctx context.Context, user string) (string, error) {
	token, err := fetchToken(ctx, s.api.base, string(server.SampleTenant), server.SampleApp, user)
	if err != nil {
		return "", err
	}
	who := "a token of the application " + server.SampleApp
	if user != "" {
		who = "a token of " + user
	}
	s.step("POST", "/"+string(server.SampleTenant)+"/oauth2/v2.0/token", 200, who)
	return token, nil
}

// prepare makes all that has to be there before somebody can ask.
func (s *story) prepare(ctx context.Context) (err error) {
	s.scene("The administrator's application prepares a catalog, an extension, a package and a policy")
	if s.admin, err = s.token(ctx, ""); err != nil {
		return err
	}
	s.person = "maya@" + server.SampleDomain
	if _, err = s.make(ctx, "/v1.0/users", object{
		"displayName": "Maya Moss", "userPrincipalName": s.person, "mailNickname": "maya", "accountEnabled": true,
	}, "a person, Maya Moss"); err != nil {
		return err
	}
	if s.group, err = s.make(ctx, "/v1.0/groups", object{
		"displayName": "Sales wiki editors", "mailNickname": "saleswiki", "mailEnabled": false, "securityEnabled": true,
	}, "a group, Sales wiki editors"); err != nil {
		return err
	}
	if s.catalog, err = s.make(ctx, apiRoot+"/catalogs", object{
		"displayName": "Sales", "description": "What the sales department uses", "state": "published",
	}, "a catalog, Sales"); err != nil {
		return err
	}
	extension, err := s.make(ctx, apiRoot+"/catalogs/"+s.catalog+"/customWorkflowExtensions", object{
		"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension",
		"displayName": "Separation of duties check", "description": "Asks the compliance system",
		"endpointConfiguration": object{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": s.endpoint.url},
		"callbackConfiguration": object{"@odata.type": "#microsoft.graph.customExtensionCallbackConfiguration", "timeoutDuration": "P1D"},
	}, "an extension that is called and then waited for, at most P1D")
	if err != nil {
		return err
	}
	if s.pkg, err = s.make(ctx, apiRoot+"/accessPackages", object{
		"displayName": "Sales wiki", "description": "May edit the sales wiki", "catalog": object{"id": s.catalog},
	}, "an access package, Sales wiki"); err != nil {
		return err
	}
	if err := s.bundle(ctx); err != nil {
		return err
	}
	s.policy, err = s.make(ctx, apiRoot+"/assignmentPolicies", object{
		"displayName": "Everybody, after a check", "description": "", "allowedTargetScope": "allDirectoryUsers",
		"requestorSettings": object{"enableTargetsToSelfAddAccess": true}, "accessPackage": object{"id": s.pkg},
		"customExtensionStageSettings": []object{{
			"stage": "assignmentRequestCreated",
			"customExtension": object{
				"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "id": extension,
			},
		}},
	}, "a policy: everybody may ask, and the extension is called at assignmentRequestCreated")
	return err
}

// bundle puts the group into the catalog and its role into the package.
func (s *story) bundle(ctx context.Context) error {
	if _, err := s.make(ctx, apiRoot+"/resourceRequests", object{
		"requestType": "adminAdd", "catalog": object{"id": s.catalog},
		"resource": object{"originId": s.group, "originSystem": "AadGroup"},
	}, "the group is added to the catalog"); err != nil {
		return err
	}
	query := "?$filter=" + url.PathEscape("originId eq '"+s.group+"'") + "&$expand=roles,scopes"
	found, err := s.call(ctx, "GET", apiRoot+"/catalogs/"+s.catalog+"/resources"+query, s.admin, nil, 200, func(a *answer) (string, error) {
		if a.text("value", 0, "roles", 0, "displayName") != "Member" {
			return "", fmt.Errorf("expected a resource with the role Member, but the answer is %s", a.raw)
		}
		return "the resource has the role Member", nil
	})
	if err != nil {
		return err
	}
	_, err = s.make(ctx, apiRoot+"/accessPackages/"+s.pkg+"/resourceRoleScopes", object{
		"role": object{
			"displayName": "Member", "originSystem": "AadGroup", "originId": found.text("value", 0, "roles", 0, "originId"),
			"resource": object{"id": found.text("value", 0, "id"), "originId": s.group, "originSystem": "AadGroup"},
		},
		"scope": object{"originId": s.group, "originSystem": "AadGroup"},
	}, "who gets the package becomes a member of the group")
	return err
}

// ask lets a person ask for the package, and returns the callout that the extension
// received for it.
func (s *story) ask(ctx context.Context, user string) (token string, c *callout, err error) {
	if token, err = s.token(ctx, user); err != nil {
		return "", nil, err
	}
	a, err := s.call(ctx, "POST", apiRoot+"/assignmentRequests", token, object{
		"requestType": "userAdd", "assignment": object{"accessPackageId": s.pkg, "assignmentPolicyId": s.policy},
	}, 201, wantState("submitted", "WaitingForCallback"))
	if err != nil {
		return "", nil, err
	}
	if c, err = s.endpoint.next(ctx); err != nil {
		return "", nil, err
	}
	switch {
	case c.verified != nil:
		return "", nil, fmt.Errorf("the callout: %w", c.verified)
	case c.request() != a.text("id"):
		return "", nil, fmt.Errorf("expected a callout of request %s, but it is %s", a.text("id"), c.body)
	case c.header.Get("webhook-id") != c.instance():
		return "", nil, fmt.Errorf("expected webhook-id %s, but it is %s", c.instance(), c.header.Get("webhook-id"))
	}
	return token, c, nil
}

// wantState expects a request in a state and status.
func wantState(state, status string) func(*answer) (string, error) {
	return func(a *answer) (string, error) {
		if a.text("state") != state || a.text("status") != status {
			return "", fmt.Errorf("expected state %s and status %s, but they are %s and %s", state, status, a.text("state"), a.text("status"))
		}
		return fmt.Sprintf("request %s is in state %s, status %s", a.text("id"), state, status), nil
	}
}

// requestPath is the path of the request that a callout is about.
func requestPath(c *callout) string { return apiRoot + "/assignmentRequests/" + c.request() }

// resume sends the body of an example for a callout.
func (s *story) resume(ctx context.Context, c *callout, example string, want int, changed func(*answer) (string, error)) error {
	for _, id := range []string{"957d0c50-466b-4840-bb5b-c92cea7141ff", "857d0c50-466b-4840-bb5b-c92cea7141ff"} {
		example = strings.Replace(example, id, c.instance(), 1)
	}
	if !json.Valid([]byte(example)) {
		return fmt.Errorf("the example is not JSON: %s", example)
	}
	if _, err := s.call(ctx, "POST", requestPath(c)+"/resume", s.admin, example, want, changed); err != nil {
		return err
	}
	if want == 204 {
		s.body([]byte(example))
	}
	return nil
}

// reaches polls a request until it is in a state.
func (s *story) reaches(ctx context.Context, c *callout, token, state, status string) (*answer, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := s.api.do(ctx, "GET", requestPath(c), token, nil)
		if err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("expected state %s, but the request stays in %s", state, a.raw)
		case <-tick.C:
		}
		if a.text("state") == state {
			return s.call(ctx, "GET", requestPath(c), token, nil, 200, wantState(state, status))
		}
	}
}

// members shows who is in the group, and expects those.
func (s *story) members(ctx context.Context, want ...string) error {
	_, err := s.call(ctx, "GET", "/v1.0/groups/"+s.group+"/members", s.admin, nil, 200, func(a *answer) (string, error) {
		var names []string
		for i := range a.list("value") {
			names = append(names, a.text("value", i, "displayName"))
		}
		got, expected := "the group is empty", "the group is empty"
		if len(names) > 0 {
			got = "members of the group: " + strings.Join(names, ", ")
		}
		if len(want) > 0 {
			expected = "members of the group: " + strings.Join(want, ", ")
		}
		if got != expected {
			return "", fmt.Errorf("expected %q, but it is %q", expected, got)
		}
		return got, nil
	})
	return err
}
