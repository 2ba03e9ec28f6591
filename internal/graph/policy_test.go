package graph

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// policyWorld has, beside a world, all that a policy can name.
type policyWorld struct {
	*world
	organization, principal string
	// Extensions that cannot be bound everywhere: one that does not wait, one that is called
	// before an assignment ends, and one of another catalog.
	hasty, warning, foreign string
}

func newPolicyWorld(t testing.TB) *policyWorld {
	t.Helper()
	w := &policyWorld{world: newWorld(t), organization: "0c000000-0000-4000-8000-000000000001", principal: "50000000-0000-4000-8000-000000000001"}
	ctx := t.Context()
	err := w.engine.Store.Update(ctx, testTenant, func(tx *store.Tx) error {
		o := &entitlement.ConnectedOrganization{Object: entitlement.Object{ID: entitlement.ID(w.organization)}, DisplayName: "Fabrikam", State: entitlement.OrganizationConfigured}
		p := &entitlement.ServicePrincipal{Object: entitlement.Object{ID: entitlement.ID(w.principal)}, DisplayName: "Robot", Type: entitlement.PrincipalApplication}
		return errors.Join(tx.Organizations.Insert(ctx, o), tx.Principals.Insert(ctx, p))
	})
	if err != nil {
		t.Fatal(err)
	}
	extension := func(catalog, kind string) string {
		return w.make("catalogs/"+catalog+"/customWorkflowExtensions", obj{
			"@odata.type": "#microsoft.graph." + kind, "displayName": kind,
			"endpointConfiguration": obj{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": "https://x.contoso.com"},
		})
	}
	w.hasty = extension(w.catalog, "accessPackageAssignmentRequestWorkflowExtension")
	w.warning = extension(w.catalog, "accessPackageAssignmentWorkflowExtension")
	w.foreign = extension(w.make("catalogs", obj{"displayName": "Other"}), "accessPackageAssignmentRequestWorkflowExtension")
	return w
}

// body is a policy of the world's package with the settings.
func (w *policyWorld) body(settings obj) obj {
	body := obj{"displayName": "P", "allowedTargetScope": "allMemberUsers", "accessPackage": obj{"id": w.pkg}}
	maps.Copy(body, settings)
	return body
}

const everything = "?$expand=questions,customExtensionStageSettings($expand=customExtension)"

// TestPolicyRoundTrip: what was read can be written back, and reads back equal.
func TestPolicyRoundTrip(t *testing.T) {
	w := newPolicyWorld(t)
	for name, settings := range roundTrips(w) {
		t.Run(name, func(t *testing.T) {
			path := "assignmentPolicies/" + w.make("assignmentPolicies", w.body(settings))
			for _, expand := range []string{"", "?$expand=accessPackage,catalog,questions,customExtensionStageSettings($expand=customExtension)"} {
				before, all := w.do("app", "GET", path+expand, nil).want(200), w.do("app", "GET", path+everything, nil).want(200)
				w.do("app", "PUT", path, before.raw).want(200)
				after, allAfter := w.do("app", "GET", path+expand, nil).want(200), w.do("app", "GET", path+everything, nil).want(200)
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
			w.do("app", "DELETE", path, nil).want(204)
		})
	}
}

func roundTrips(w *policyWorld) map[string]obj {
	return map[string]obj{
		"least": {},
		"nulls": {"description": nil, "expiration": nil, "requestorSettings": nil, "requestApprovalSettings": nil, "automaticRequestSettings": nil, "reviewSettings": nil, "notificationSettings": nil, "specificAllowedTargets": nil, "questions": nil, "customExtensionStageSettings": nil},
		"empty": {"description": "", "expiration": obj{}, "requestorSettings": obj{}, "requestApprovalSettings": obj{}, "notificationSettings": obj{}, "questions": []any{}},
		"false": {
			"requestorSettings": obj{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": false, "enableTargetsToSelfRemoveAccess": nil,
				"allowCustomAssignmentSchedule": "false", "enableOnBehalfRequestorsToAddAccess": false, "onBehalfRequestors": []any{}},
			"requestApprovalSettings": obj{"isApprovalRequiredForAdd": "false", "isApprovalRequiredForUpdate": nil, "isRequestorJustificationRequired": "true", "stages": []any{}},
			"reviewSettings":          obj{"isEnabled": false, "primaryReviewers": []any{}},
			"notificationSettings":    obj{"isAssignmentNotificationDisabled": true},
			"expiration":              obj{"type": "NoExpiration", "duration": nil, "endDateTime": nil},
		},
		"people": {"allowedTargetScope": "SpecificDirectoryUsers", "specificAllowedTargets": []obj{
			{"@odata.type": "microsoft.graph.singleUser", "userId": alice, "description": "Alice"},
			{"@odata.type": "#Microsoft.Graph.GroupMembers", "groupId": crew},
			{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": `user.department -eq "Sales"`, "description": "Sales"},
		}},
		"organizations": {"allowedTargetScope": "specificConnectedOrganizationUsers", "specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": w.organization}}},
		"applications":  {"allowedTargetScope": "specificDirectoryServicePrincipals", "specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.singleServicePrincipal", "servicePrincipalId": w.principal, "description": nil}}},
		"until":         {"expiration": obj{"type": "afterDateTime", "endDateTime": "2099-01-31T23:59:59.5+02:00"}},
		"for a while":   {"expiration": obj{"type": "afterDuration", "duration": "P52W1D"}},
		"requestors": {"requestorSettings": obj{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": true, "enableTargetsToSelfRemoveAccess": true,
			"allowCustomAssignmentSchedule": true, "enableOnBehalfRequestorsToAddAccess": true, "enableOnBehalfRequestorsToUpdateAccess": true, "enableOnBehalfRequestorsToRemoveAccess": true,
			"onBehalfRequestors": []obj{{"@odata.type": "#microsoft.graph.targetManager", "managerLevel": 4}, {"@odata.type": "#microsoft.graph.singleUser", "id": bob, "isBackup": false}}}},
		"approval": {"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true, "isApprovalRequiredForUpdate": true, "stages": approvalStages(w)}},
		"automatic": {"allowedTargetScope": "specificDirectoryUsers", "specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": "user.accountEnabled -eq true"}},
			"automaticRequestSettings": obj{"requestAccessForAllowedTargets": true, "removeAccessWhenTargetLeavesAllowedTargets": true, "gracePeriodBeforeAccessRemoval": "P1W"}},
		"bindings": {"customExtensionStageSettings": []obj{
			{"stage": "AssignmentRequestCreated", "customExtension": obj{"id": w.extension}},
			{"stage": "assignmentRequestCreated", "customExtension": obj{"id": w.hasty, "displayName": "x"}},
			{"@odata.type": "#microsoft.graph.customExtensionStageSetting", "stage": "assignmentRemoved", "customExtension": obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "id": w.extension}},
			{"stage": "assignmentFourteenDaysBeforeExpiration", "customExtension": obj{"id": w.warning}},
			{"stage": "assignmentOneDayBeforeExpiration", "customExtension": obj{"id": w.warning}},
		}},
		"determined": {
			"requestApprovalSettings":      obj{"isApprovalRequiredForAdd": true, "stages": []obj{{"@odata.type": "#microsoft.graph.accessPackageDynamicApprovalStage"}}},
			"customExtensionStageSettings": []obj{{"stage": "assignmentRequestDeterminingApprovalRequirements", "customExtension": obj{"id": w.extension}}},
		},
		"questions": {"questions": questions()},
	}
}

// approvalStages are three stages with everything that a stage can have.
func approvalStages(w *policyWorld) []obj {
	return []obj{
		{"durationBeforeAutomaticDenial": "P2D", "isApproverJustificationRequired": "true", "isEscalationEnabled": true, "durationBeforeEscalation": "P1D", "approverInformationVisibility": "NotVisible",
			"primaryApprovers":            []obj{{"@odata.type": "#microsoft.graph.requestorManager"}, {"@odata.type": "#microsoft.graph.internalSponsors"}, {"@odata.type": "#microsoft.graph.externalSponsors"}, {"@odata.type": "#microsoft.graph.targetUserSponsors"}},
			"fallbackPrimaryApprovers":    []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": bob}},
			"escalationApprovers":         []obj{{"@odata.type": "#microsoft.graph.targetManager", "managerLevel": "2"}, {"@odata.type": "#microsoft.graph.targetApplicationOwners"}},
			"fallbackEscalationApprovers": []obj{{"@odata.type": "#microsoft.graph.groupMembers", "groupId": crew}, {"@odata.type": "#microsoft.graph.targetAgentIdentitySponsorsOrOwners"}}},
		{"@odata.type": "#microsoft.graph.accessPackageDynamicApprovalStage", "customExtension": obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "id": w.extension, "displayName": "SoD check"}},
		{"@odata.type": "microsoft.graph.accessPackageApprovalStage", "fallbackPrimaryApprovers": []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": bob}}},
	}
}

// TestPolicyWritten: what the schema has is there, with null or an empty collection where
// nothing is set.
func TestPolicyWritten(t *testing.T) {
	w := newPolicyWorld(t)
	a := w.do("app", "POST", "assignmentPolicies", w.body(obj{
		"expiration":              obj{"type": "afterDuration", "duration": "P52W1D"},
		"requestorSettings":       obj{"onBehalfRequestors": []obj{{"@odata.type": "#microsoft.graph.requestorManager"}}},
		"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true, "stages": approvalStages(w)[1:]},
	})).want(201)
	none := []any{}
	bob := []any{obj{"@odata.type": "#microsoft.graph.singleUser", "userId": string(bob), "description": nil}}
	for name, want := range map[string]any{
		"expiration": obj{"type": "afterDuration", "endDateTime": nil, "duration": "P365D"},
		"requestorSettings": obj{"enableTargetsToSelfAddAccess": nil, "enableTargetsToSelfUpdateAccess": nil, "enableTargetsToSelfRemoveAccess": nil, "allowCustomAssignmentSchedule": nil,
			"enableOnBehalfRequestorsToAddAccess": nil, "enableOnBehalfRequestorsToUpdateAccess": nil, "enableOnBehalfRequestorsToRemoveAccess": nil,
			"onBehalfRequestors": []any{obj{"@odata.type": "#microsoft.graph.requestorManager", "managerLevel": 1.0}}},
		"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true, "isApprovalRequiredForUpdate": nil, "isRequestorJustificationRequired": nil, "stages": []any{
			obj{"@odata.type": "#microsoft.graph.accessPackageDynamicApprovalStage", "durationBeforeAutomaticDenial": "P14D", "durationBeforeEscalation": "PT0S",
				"isApproverJustificationRequired": nil, "isEscalationEnabled": nil, "approverInformationVisibility": "default",
				"primaryApprovers": none, "fallbackPrimaryApprovers": none, "escalationApprovers": none, "fallbackEscalationApprovers": none,
				"customExtension": obj{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "id": w.extension}},
			obj{"durationBeforeAutomaticDenial": "P14D", "durationBeforeEscalation": "PT0S", "isApproverJustificationRequired": nil, "isEscalationEnabled": nil, "approverInformationVisibility": "default",
				"primaryApprovers": none, "fallbackPrimaryApprovers": bob, "escalationApprovers": none, "fallbackEscalationApprovers": none},
		}},
		"automaticRequestSettings": nil, "reviewSettings": nil, "specificAllowedTargets": none,
	} {
		if diff := cmp.Diff(want, a.get(name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, there := a.body["questions"]; there {
		t.Errorf("questions are shown that nobody expanded: %s", a.raw)
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
