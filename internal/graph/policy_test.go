package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// TestPolicyRoundTrip: what was read can be written back, and reads back equal.
func TestPolicyRoundTrip(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated", "assignmentRequestGranted")
	for name, settings := range map[string]obj{
		"least": {},
		"nulls": {"description": nil, "expiration": nil, "requestorSettings": nil, "requestApprovalSettings": nil, "automaticRequestSettings": nil, "reviewSettings": nil, "notificationSettings": nil, "specificAllowedTargets": nil, "questions": nil},
		"empty": {"description": "", "expiration": obj{}, "requestorSettings": obj{}, "requestApprovalSettings": obj{}, "notificationSettings": obj{}, "questions": []any{}},
		"false": {
			"requestorSettings": obj{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": false, "enableTargetsToSelfRemoveAccess": nil,
				"allowCustomAssignmentSchedule": "false", "enableOnBehalfRequestorsToAddAccess": false, "onBehalfRequestors": []any{}},
			"requestApprovalSettings": obj{"isApprovalRequiredForAdd": "false", "isApprovalRequiredForUpdate": nil, "isRequestorJustificationRequired": "true", "stages": []any{}},
			"reviewSettings":          obj{"isEnabled": false, "primaryReviewers": []any{}},
			"notificationSettings":    obj{"isAssignmentNotificationDisabled": true},
			"expiration":              obj{"type": "NoExpiration", "duration": nil, "endDateTime": nil},
		},
		"targets": {"allowedTargetScope": "SpecificDirectoryUsers", "specificAllowedTargets": []obj{
			{"@odata.type": "microsoft.graph.singleUser", "userId": alice, "description": "Alice"},
			{"@odata.type": "#Microsoft.Graph.GroupMembers", "groupId": crew},
		}},
		"stages": {"customExtensionStageSettings": []obj{
			{"stage": "AssignmentRequestCreated", "customExtension": obj{"id": w.extension}},
			{"stage": "assignmentRequestCreated", "customExtension": obj{"id": w.extension, "displayName": "x"}},
			{"@odata.type": "#microsoft.graph.customExtensionStageSetting", "stage": "assignmentRequestRemoved", "customExtension": obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "id": w.extension}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			body := obj{"displayName": "P", "allowedTargetScope": "allMemberUsers", "accessPackage": obj{"id": w.pkg}}
			for k, v := range settings {
				body[k] = v
			}
			path := "assignmentPolicies/" + w.make("assignmentPolicies", body)
			for _, expand := range []string{"", "?$expand=accessPackage,catalog,questions,customExtensionStageSettings($expand=customExtension)"} {
				full := path + "?$expand=customExtensionStageSettings($expand=customExtension)"
				before, all := w.do("app", "GET", path+expand, nil).want(200), w.do("app", "GET", full, nil).want(200)
				w.do("app", "PUT", path, before.raw).want(200)
				after, allAfter := w.do("app", "GET", path+expand, nil).want(200), w.do("app", "GET", full, nil).want(200)
				for _, a := range []*answer{before, after, all, allAfter} {
					delete(a.body, "modifiedDateTime")
				}
				if diff := cmp.Diff(before.body, after.body); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(all.body, allAfter.body); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// TestPolicyReplaced: what a PUT leaves out is emptied, but for what $expand asks for.
func TestPolicyReplaced(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	path := "assignmentPolicies/" + w.policy
	full := path + "?$expand=customExtensionStageSettings"
	id := w.do("app", "GET", full, nil).want(200).text("customExtensionStageSettings", 0, "id")
	a := w.do("app", "PUT", path, obj{"displayName": "Q", "allowedTargetScope": "notSpecified"}).want(200)
	if a.get("requestorSettings") != nil || a.text("displayName") != "Q" || a.text("@odata.context") == "" {
		t.Errorf("after PUT: %s", a.raw)
	}
	if got := w.do("app", "GET", full, nil).text("customExtensionStageSettings", 0, "id"); got != id {
		t.Errorf("the stage setting is %q, was %q", got, id)
	}
	body := obj{"displayName": "Q", "allowedTargetScope": "notSpecified", "accessPackage": obj{"id": w.pkg}, "customExtensionStageSettings": []any{}}
	w.do("app", "PUT", path, body).want(200)
	if l := w.do("app", "GET", full, nil).get("customExtensionStageSettings").([]any); len(l) != 0 {
		t.Errorf("stage settings left: %v", l)
	}
	w.do("app", "PUT", path, obj{"displayName": "Q"}).refused(400, entitlement.CodeInvalidModel, "allowedTargetScope is required")
	w.do("app", "PUT", path, obj{"allowedTargetScope": "notSpecified"}).refused(400, entitlement.CodeInvalidModel, "displayName is required")
	w.do("app", "PATCH", path, body).refused(405, entitlement.CodeMethodNotAllowed, "DELETE, GET or PUT", "PUT of the whole policy")
}

// TestPolicyRefused: a setting that is not enforced is refused by name, never stored.
func TestPolicyRefused(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		set   obj
		code  entitlement.Code
		names string
	}{
		"automatic":        {obj{"automaticRequestSettings": obj{}}, "UnsupportedSetting", "automaticRequestSettings"},
		"review":           {obj{"reviewSettings": obj{"isEnabled": true}}, "UnsupportedSetting", "reviewSettings"},
		"review, perhaps":  {obj{"reviewSettings": obj{}}, "UnsupportedSetting", "reviewSettings"},
		"questions":        {obj{"questions": []obj{{}}}, "UnsupportedSetting", "questions"},
		"expires":          {obj{"expiration": obj{"type": "afterDuration"}}, "UnsupportedSetting", "expiration/type"},
		"expires by date":  {obj{"expiration": obj{"endDateTime": "2030-01-01T00:00:00Z"}}, "UnsupportedSetting", "expiration/endDateTime"},
		"self update":      {obj{"requestorSettings": obj{"enableTargetsToSelfUpdateAccess": "true"}}, "UnsupportedSetting", "requestorSettings/enableTargetsToSelfUpdateAccess"},
		"self removal":     {obj{"requestorSettings": obj{"enableTargetsToSelfRemoveAccess": true}}, "UnsupportedSetting", "enableTargetsToSelfRemoveAccess"},
		"schedule":         {obj{"requestorSettings": obj{"allowCustomAssignmentSchedule": true}}, "UnsupportedSetting", "allowCustomAssignmentSchedule"},
		"on behalf":        {obj{"requestorSettings": obj{"enableOnBehalfRequestorsToAddAccess": true}}, "UnsupportedSetting", "enableOnBehalfRequestorsToAddAccess"},
		"requestors":       {obj{"requestorSettings": obj{"onBehalfRequestors": []obj{{}}}}, "UnsupportedSetting", "onBehalfRequestors"},
		"approval":         {obj{"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true}}, "UnsupportedSetting", "isApprovalRequiredForAdd"},
		"approval update":  {obj{"requestApprovalSettings": obj{"isApprovalRequiredForUpdate": true}}, "UnsupportedSetting", "isApprovalRequiredForUpdate"},
		"stages":           {obj{"requestApprovalSettings": obj{"stages": []obj{{}}}}, "UnsupportedSetting", "requestApprovalSettings/stages"},
		"scope":            {obj{"allowedTargetScope": "allExternalUsers"}, "UnsupportedSetting", "allExternalUsers"},
		"unknown scope":    {obj{"allowedTargetScope": "everybody"}, "InvalidModel", "'everybody'"},
		"sentinel scope":   {obj{"allowedTargetScope": "unknownFutureValue"}, "InvalidModel", "unknownFutureValue"},
		"null scope":       {obj{"allowedTargetScope": nil}, "InvalidModel", "allowedTargetScope"},
		"manager":          {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.requestorManager", "managerLevel": 1}}}, "UnsupportedSetting", "requestorManager"},
		"untyped target":   {obj{"specificAllowedTargets": []obj{{"userId": alice}}}, "InvalidModel", "specificAllowedTargets[0]/@odata.type is required"},
		"strange target":   {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.robot"}}}, "InvalidModel", "'robot'"},
		"target no id":     {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.singleUser"}}}, "InvalidModel", "userId is required"},
		"wrong member":     {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.singleUser", "groupId": alice}}}, "InvalidModel", "'groupId'"},
		"pre-expiry stage": {obj{"customExtensionStageSettings": []obj{{"stage": "assignmentOneDayBeforeExpiration", "customExtension": obj{"id": w.extension}}}}, "UnsupportedSetting", "assignmentOneDayBeforeExpiration"},
		"dynamic stage":    {obj{"customExtensionStageSettings": []obj{{"stage": "assignmentRequestDeterminingApprovalRequirements"}}}, "InvalidModel", "not served"},
		"no extension":     {obj{"customExtensionStageSettings": []obj{{"stage": "assignmentRequestCreated"}}}, "InvalidModel", "customExtensionStageSettings[0]/customExtension is required"},
		"no stage":         {obj{"customExtensionStageSettings": []obj{{"customExtension": obj{"id": w.extension}}}}, "InvalidModel", "customExtensionStageSettings[0]/stage is required"},
		"unknown member":   {obj{"canExtend": true}, "InvalidModel", "'canExtend'"},
		"unknown flag":     {obj{"requestorSettings": obj{"acceptRequests": true}}, "InvalidModel", "accessPackageAssignmentRequestorSettings"},
		"flag is text":     {obj{"requestorSettings": obj{"enableTargetsToSelfAddAccess": "yes"}}, "InvalidModel", "must be a boolean, but it is a string"},
		"notification":     {obj{"notificationSettings": obj{"isAssignmentNotificationDisabled": nil}}, "InvalidModel", "must be a boolean, but it is null"},
		"settings is list": {obj{"requestorSettings": []any{}}, "InvalidModel", "must be an object, but it is a collection"},
	} {
		t.Run(name, func(t *testing.T) {
			body := obj{"displayName": "P", "allowedTargetScope": "allMemberUsers", "accessPackage": obj{"id": w.pkg}}
			for k, v := range tc.set {
				body[k] = v
			}
			w.do("app", "POST", "assignmentPolicies", body).refused(400, tc.code, tc.names)
			delete(body, "accessPackage")
			w.do("app", "PUT", "assignmentPolicies/"+w.policy, body).refused(400, tc.code, tc.names)
		})
	}
}
