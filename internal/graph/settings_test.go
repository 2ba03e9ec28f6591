package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

func TestSettings(t *testing.T) {
	e := newEnv(t)
	want := obj{
		"@odata.context":              "https://graph.test/v1.0/$metadata#identityGovernance/entitlementManagement/settings/$entity",
		"id":                          "singleton",
		"externalUserLifecycleAction": "none", "durationUntilExternalUserDeletedAfterBlocked": nil,
	}
	check := func() {
		t.Helper()
		if diff := cmp.Diff(want, e.do("reader", "GET", "settings", nil).want(200).body); diff != "" {
			t.Error(diff)
		}
	}
	check()
	e.do("app", "PATCH", "settings", obj{"id": "singleton", "externalUserLifecycleAction": "BlockSignInAndDelete", "durationUntilExternalUserDeletedAfterBlocked": "P30D"}).want(204)
	want["externalUserLifecycleAction"], want["durationUntilExternalUserDeletedAfterBlocked"] = "blockSignInAndDelete", "P30D"
	check()
	e.do("app", "PATCH", "settings", obj{"durationUntilExternalUserDeletedAfterBlocked": "P0D"}).want(204)
	want["durationUntilExternalUserDeletedAfterBlocked"] = "PT0S"
	check()
	if a := e.do("app", "PATCH", "settings", obj{"externalUserLifecycleAction": "None"}, "Prefer", "return=representation").want(200); a.text("externalUserLifecycleAction") != "none" {
		t.Errorf("PATCH: %s", a.raw)
	}
	want["externalUserLifecycleAction"], want["durationUntilExternalUserDeletedAfterBlocked"] = "none", nil
	check()

	audit := e.do("app", "GET", "/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName eq '"+string(entitlement.ActivityUpdateSettings)+"'", nil).want(200)
	if len(audit.get("value").([]any)) != 3 {
		t.Errorf("audits: %s", audit.raw)
	}
}

// TestNoDefaultDeletesAtOnce: who begins to have guests deleted, and does not say after how
// long, keeps them for 30 days.
func TestNoDefaultDeletesAtOnce(t *testing.T) {
	e := newEnv(t)
	deletes := obj{"externalUserLifecycleAction": "blockSignInAndDelete"}
	for _, tc := range []struct {
		body obj
		want any
	}{
		{obj{"externalUserLifecycleAction": "blockSignIn"}, nil},
		{deletes, "P30D"},
		{obj{"durationUntilExternalUserDeletedAfterBlocked": "P0D"}, "PT0S"},
		{deletes, "PT0S"}, // said before
		{obj{"externalUserLifecycleAction": "none", "durationUntilExternalUserDeletedAfterBlocked": "P7D"}, "P7D"},
		{deletes, "P7D"},
	} {
		if got := e.do("app", "PATCH", "settings", tc.body, "Prefer", "return=representation").want(200); got.get("durationUntilExternalUserDeletedAfterBlocked") != tc.want {
			t.Errorf("after %v: %s", tc.body, got.raw)
		}
	}
}

func TestEndUserSettings(t *testing.T) {
	e := newEnv(t)
	path := "controlConfigurations/endUserSettings"
	a := e.do("app", "GET", path, nil).want(200)
	if a.id() != "endUserSettings" || a.text("@odata.type") != "#microsoft.graph.endUserSettings" || a.get("showApproverDetailsToMembers") != false || a.text("relatedPeopleInsightLevel") != "disabled" {
		t.Errorf("%s", a.raw)
	}
	a = e.do("app", "PUT", path, obj{"@odata.type": "#microsoft.graph.endUserSettings", "relatedPeopleInsightLevel": "Disabled", "showApproverDetailsToMembers": true, "isEnabled": true}).want(200)
	if a.get("showApproverDetailsToMembers") != true || a.text("relatedPeopleInsightLevel") != "disabled" {
		t.Errorf("%s", a.raw)
	}
	e.do("app", "PATCH", "settings", obj{"externalUserLifecycleAction": "blockSignIn"}).want(204)
	if a := e.do("app", "GET", path, nil).want(200); a.get("showApproverDetailsToMembers") != true {
		t.Errorf("PATCH of the other settings changed these: %s", a.raw)
	}
}

func TestSettingsRefused(t *testing.T) {
	e := newEnv(t)
	users := "controlConfigurations/endUserSettings"
	for _, tc := range []struct {
		verb, path string
		body       any
		status     int
		code       entitlement.Code
		says       string
	}{
		{"PATCH", "settings", obj{"externalUserLifecycleAction": "delete"}, 400, entitlement.CodeInvalidModel, "none, blockSignIn or blockSignInAndDelete"},
		{"PATCH", "settings", obj{"externalUserLifecycleAction": 5}, 400, entitlement.CodeInvalidModel, "must be a string"},
		{"PATCH", "settings", obj{"durationUntilExternalUserDeletedAfterBlocked": "30"}, 400, entitlement.CodeInvalidModel, "is not a duration"},
		{"PATCH", "settings", obj{"durationUntilExternalUserDeletedAfterBlocked": "-P1D"}, 400, entitlement.CodeInvalidModel, "is not a duration"},
		{"PATCH", "settings", obj{"x": 1}, 400, entitlement.CodeInvalidModel, "'x' does not exist"},
		{"PATCH", "settings", nil, 400, entitlement.CodeInvalidModel, "needs a body"},
		{"GET", "settings?$select=id", nil, 400, entitlement.CodeBadRequest, "$select"},
		{"DELETE", "settings", nil, 405, entitlement.CodeMethodNotAllowed, "PATCH"},
		{"PUT", users, obj{"relatedPeopleInsightLevel": "disabled"}, 400, entitlement.CodeInvalidModel, "showApproverDetailsToMembers is required"},
		{"PUT", users, obj{"showApproverDetailsToMembers": true}, 400, entitlement.CodeInvalidModel, "relatedPeopleInsightLevel is required"},
		{"PUT", users, obj{"relatedPeopleInsightLevel": "count", "showApproverDetailsToMembers": true}, 400, entitlement.CodeUnsupportedSetting, "Send 'disabled'"},
		{"PUT", users, obj{"relatedPeopleInsightLevel": "all", "showApproverDetailsToMembers": true}, 400, entitlement.CodeInvalidModel, "countAndNames"},
		{"PUT", users, obj{"relatedPeopleInsightLevel": "disabled", "showApproverDetailsToMembers": 1}, 400, entitlement.CodeInvalidModel, "must be a boolean"},
		{"PUT", users, obj{"@odata.type": "#microsoft.graph.user"}, 400, entitlement.CodeInvalidModel, "microsoft.graph.endUserSettings"},
		{"PUT", users, obj{"relatedPeopleInsightLevel": "disabled", "showApproverDetailsToMembers": true, "isEnabled": false}, 400, entitlement.CodeUnsupportedSetting, "isEnabled"},
		{"PATCH", users, obj{}, 405, entitlement.CodeMethodNotAllowed, "PUT of both"},
	} {
		e.do("app", tc.verb, tc.path, tc.body).refused(tc.status, tc.code, tc.says)
	}
	for _, as := range []string{"alice", "reader"} {
		e.do(as, "PATCH", "settings", obj{}).refused(403, entitlement.CodeForbidden)
		e.do(as, "PUT", users, obj{"relatedPeopleInsightLevel": "disabled", "showApproverDetailsToMembers": true}).refused(403, entitlement.CodeForbidden)
	}
	e.do("alice", "GET", "settings", nil).refused(403, entitlement.CodeForbidden)
	e.do("alice", "GET", users, nil).refused(403, entitlement.CodeForbidden)
}
