package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

func TestExtension(t *testing.T) {
	w := newWorld(t)
	path := "catalogs/" + w.catalog + "/customWorkflowExtensions"
	body := obj{
		"@odata.type": "microsoft.graph.AccessPackageAssignmentRequestWorkflowExtension", "displayName": "Ticket", "description": "asks",
		"endpointConfiguration": obj{
			"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration", "subscriptionId": "s", "resourceGroupName": "r",
			"logicAppWorkflowName": "w", "url": "https://logic.contoso.com/x",
		},
		"authenticationConfiguration": obj{"@odata.type": "#microsoft.graph.azureAdPopTokenAuthentication"},
		"clientConfiguration":         obj{"maximumRetries": "1", "timeoutInMilliseconds": 500},
		"callbackConfiguration":       obj{"@odata.type": "microsoft.graph.customExtensionCallbackConfiguration", "durationBeforeTimeout": "P2W"},
	}
	made := w.do("app", "POST", path, obj{"value": body}).want(201) // wrapped, as the documented example is
	id := made.id()
	if got, want := made.header.Get("Location"), "https://graph.test"+em+"/"+path+"/"+id; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	want := obj{
		"@odata.context": "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/catalogs('" + w.catalog + "')/customWorkflowExtensions/$entity",
		"@odata.type":    "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension",
		"id":             id, "displayName": "Ticket", "description": "asks", "createdBy": "The App", "lastModifiedBy": "The App",
		"endpointConfiguration": obj{
			"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration", "subscriptionId": "s", "resourceGroupName": "r",
			"logicAppWorkflowName": "w", "url": "https://logic.contoso.com/x",
		},
		"authenticationConfiguration": obj{"@odata.type": "#microsoft.graph.azureAdPopTokenAuthentication"},
		"clientConfiguration":         obj{"maximumRetries": 1.0, "timeoutInMilliseconds": 500.0},
		"callbackConfiguration":       obj{"@odata.type": "#microsoft.graph.customExtensionCallbackConfiguration", "timeoutDuration": "P14D"},
	}
	check := func() {
		t.Helper()
		got := w.do("app", "GET", path+"/"+id, nil).want(200)
		delete(got.body, "createdDateTime")
		delete(got.body, "lastModifiedDateTime")
		if diff := cmp.Diff(want, got.body); diff != "" {
			t.Error(diff)
		}
	}
	check()

	// PUT keeps what the body leaves out, null clears; PATCH is the same.
	w.do("app", "PUT", path+"/"+id, obj{"displayName": "Ticket 2", "clientConfiguration": nil}).want(200)
	want["displayName"], want["clientConfiguration"] = "Ticket 2", nil
	check()
	w.do("app", "PATCH", path+"/"+id, obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "callbackConfiguration": nil,
		"endpointConfiguration":       obj{"targetUrl": "https://plain.contoso.com"},
		"authenticationConfiguration": obj{"@odata.type": "microsoft.graph.azureAdTokenAuthentication", "resourceId": "f"}}).want(200)
	want["callbackConfiguration"] = nil
	want["endpointConfiguration"] = obj{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": "https://plain.contoso.com"}
	want["authenticationConfiguration"] = obj{"@odata.type": "#microsoft.graph.azureAdTokenAuthentication", "resourceId": "f"}
	check()
	w.do("app", "PUT", path+"/"+id, w.do("app", "GET", path+"/"+id, nil).raw).want(200)
	check()

	// It belongs to its catalog.
	other := w.make("catalogs", obj{"displayName": "Other"})
	w.do("app", "GET", "catalogs/"+other+"/customWorkflowExtensions/"+id, nil).refused(404, entitlement.CodeNotFound)
	w.do("app", "PUT", "catalogs/"+other+"/customWorkflowExtensions/"+id, obj{}).refused(404, entitlement.CodeNotFound)
	w.do("app", "DELETE", "catalogs/"+other+"/customWorkflowExtensions/"+id, nil).refused(404, entitlement.CodeNotFound)
	w.do("app", "PUT", path+"/"+id, obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentWorkflowExtension"}).refused(400, entitlement.CodeInvalidModel, "cannot be changed")
	w.do("app", "DELETE", path+"/"+id, nil).want(204)
	w.do("app", "GET", path+"/"+id, nil).refused(404, entitlement.CodeNotFound)
}

func TestExtensionRefused(t *testing.T) {
	w := newWorld(t)
	endpoint := obj{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": "https://x.contoso.com"}
	for name, tc := range map[string]struct {
		set  obj
		says string
	}{
		"no type":             {obj{"@odata.type": nil}, "@odata.type is required"},
		"unknown type":        {obj{"@odata.type": "#microsoft.graph.customTaskExtension"}, "'customTaskExtension'"},
		"no name":             {obj{"displayName": ""}, "displayName is required"},
		"no endpoint":         {obj{"endpointConfiguration": nil}, "endpointConfiguration is required"},
		"bare endpoint":       {obj{"endpointConfiguration": obj{}}, "endpointConfiguration/@odata.type is required"},
		"endpoint of no kind": {obj{"endpointConfiguration": obj{"@odata.type": "#microsoft.graph.fax"}}, "'fax'"},
		"empty endpoint":      {obj{"endpointConfiguration": obj{"@odata.type": "#microsoft.graph.httpRequestEndpoint"}}, "needs an address"},
		"empty Logic App":     {obj{"endpointConfiguration": obj{"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration"}}, "needs an address"},
		"file endpoint":       {obj{"endpointConfiguration": obj{"targetUrl": "file:///etc/passwd"}}, "https://"},
		"other member":        {obj{"endpointConfiguration": obj{"targetUrl": "https://x", "url": "https://y"}}, "'url'"},
		"endpoint is text":    {obj{"endpointConfiguration": "https://x"}, "must be an object, but it is a string"},
		"empty callback":      {obj{"callbackConfiguration": obj{}}, "timeoutDuration is required"},
		"null timeout":        {obj{"callbackConfiguration": obj{"timeoutDuration": nil}}, "timeoutDuration is required"},
		"zero timeout":        {obj{"callbackConfiguration": obj{"timeoutDuration": "P"}}, "zero"},
		"short timeout":       {obj{"callbackConfiguration": obj{"timeoutDuration": "PT4M"}}, "between PT5M and P14D"},
		"long timeout":        {obj{"callbackConfiguration": obj{"timeoutDuration": "P15D"}}, "between PT5M and P14D"},
		"not a duration":      {obj{"callbackConfiguration": obj{"timeoutDuration": "14.00:00:00"}}, "not a duration"},
		"number as duration":  {obj{"callbackConfiguration": obj{"timeoutDuration": 5}}, "must be a string, but it is a number"},
		"two timeouts":        {obj{"callbackConfiguration": obj{"timeoutDuration": "PT1H", "durationBeforeTimeout": "PT2H"}}, "two names of one property"},
		"untyped auth":        {obj{"authenticationConfiguration": obj{}}, "authenticationConfiguration/@odata.type is required"},
		"unknown auth":        {obj{"authenticationConfiguration": obj{"@odata.type": "#microsoft.graph.basic"}}, "'basic'"},
		"slow client":         {obj{"clientConfiguration": obj{"timeoutInMilliseconds": 2001}}, "between 200 and 2000"},
		"fraction":            {obj{"clientConfiguration": obj{"timeoutInMilliseconds": 500.5}}, "integer"},
		"retries":             {obj{"clientConfiguration": obj{"maximumRetries": 2}}, "0 or 1"},
		"pre-expiry waits":    {obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentWorkflowExtension", "callbackConfiguration": obj{"timeoutDuration": "PT1H"}}, "never waits"},
	} {
		t.Run(name, func(t *testing.T) {
			body := obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": "X", "endpointConfiguration": endpoint}
			for k, v := range tc.set {
				body[k] = v
			}
			w.do("app", "POST", "catalogs/"+w.catalog+"/customWorkflowExtensions", body).refused(400, entitlement.CodeInvalidModel, tc.says)
		})
	}
}
