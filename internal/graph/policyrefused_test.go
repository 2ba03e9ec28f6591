package graph

import (
	"strings"
	"testing"

	"anteroom/internal/entitlement"
)

// refusal is a setting that is refused: with which code, at which member, in which words.
type refusal struct {
	set    obj
	code   entitlement.Code
	target string
	words  string
}

// refuses checks that settings are refused in a new policy and in one that there is, and
// that nothing is stored.
func (w *policyWorld) refuses(t *testing.T, cases map[string]refusal) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.code == "" {
				c.code = entitlement.CodeInvalidModel
			}
			body := w.body(c.set)
			a := w.do("app", "POST", "assignmentPolicies", body)
			delete(body, "accessPackage")
			for _, a := range []*answer{a, w.do("app", "PUT", "assignmentPolicies/"+w.policy, body)} {
				a.t = t
				a.refused(400, c.code, c.words)
				if got := a.text("error", "target"); got != c.target {
					t.Errorf("%s: target %q, want %q\n%s", a.what, got, c.target, a.raw)
				}
			}
		})
	}
	if n := w.do("app", "GET", "assignmentPolicies/$count", nil).want(200); string(n.raw) != "1" {
		t.Errorf("there are %s policies", n.raw)
	}
}

func TestPolicyRefused(t *testing.T) {
	w := newPolicyWorld(t)
	set := func(name string, v any) obj { return obj{name: v} }
	w.refuses(t, map[string]refusal{
		"review":           {set("reviewSettings", obj{"isEnabled": true}), entitlement.CodeUnsupportedSetting, "reviewSettings", "isEnabled false"},
		"review, perhaps":  {set("reviewSettings", obj{}), entitlement.CodeUnsupportedSetting, "reviewSettings", "isEnabled false"},
		"unknown scope":    {set("allowedTargetScope", "everybody"), "", "allowedTargetScope", "'everybody'"},
		"sentinel scope":   {set("allowedTargetScope", "unknownFutureValue"), "", "allowedTargetScope", "unknownFutureValue"},
		"null scope":       {set("allowedTargetScope", nil), "", "allowedTargetScope", "string"},
		"unknown member":   {set("canExtend", true), "", "canExtend", "'canExtend'"},
		"unknown flag":     {set("requestorSettings", obj{"acceptRequests": true}), "", "requestorSettings/acceptRequests", "accessPackageAssignmentRequestorSettings"},
		"flag is text":     {set("requestorSettings", obj{"enableTargetsToSelfAddAccess": "yes"}), "", "requestorSettings/enableTargetsToSelfAddAccess", "must be a boolean, but it is a string"},
		"notification":     {set("notificationSettings", obj{"isAssignmentNotificationDisabled": nil}), "", "notificationSettings/isAssignmentNotificationDisabled", "must be a boolean, but it is null"},
		"settings is list": {set("requestorSettings", []any{}), "", "requestorSettings", "must be an object, but it is a collection"},
		"nobody on behalf": {set("requestorSettings", obj{"enableOnBehalfRequestorsToAddAccess": true}), "", "requestorSettings/onBehalfRequestors", "names nobody"},
		"app on behalf":    {set("requestorSettings", obj{"onBehalfRequestors": []obj{{"@odata.type": "#microsoft.graph.singleServicePrincipal", "servicePrincipalId": w.principal}}}), "", "requestorSettings/onBehalfRequestors[0]", "singleServicePrincipal"},
	})
}

func TestPolicyExpirationRefused(t *testing.T) {
	w := newPolicyWorld(t)
	expiration := func(members obj) obj { return obj{"expiration": members} }
	w.refuses(t, map[string]refusal{
		"no type, a duration":  {expiration(obj{"duration": "P1D"}), "", "expiration/type", "has duration, but no type"},
		"null type, a date":    {expiration(obj{"type": nil, "endDateTime": "2099-01-01T00:00:00Z"}), "", "expiration/type", "has endDateTime, but no type"},
		"unknown type":         {expiration(obj{"type": "never"}), "", "expiration/type", "noExpiration"},
		"no duration":          {expiration(obj{"type": "afterDuration"}), "", "expiration/duration", "needs a duration"},
		"zero duration":        {expiration(obj{"type": "afterDuration", "duration": "P"}), "", "expiration/duration", "needs a duration"},
		"months":               {expiration(obj{"type": "afterDuration", "duration": "P1M"}), "", "expiration/duration", "months have no fixed length"},
		"too long":             {expiration(obj{"type": "afterDuration", "duration": "P3661D"}), "", "expiration/duration", "too large"},
		"no date":              {expiration(obj{"type": "afterDateTime", "endDateTime": nil}), "", "expiration/endDateTime", "needs endDateTime"},
		"both":                 {expiration(obj{"type": "afterDateTime", "endDateTime": "2099-01-01T00:00:00Z", "duration": "P1D"}), "", "expiration/endDateTime", "no duration"},
		"a date that is none":  {expiration(obj{"type": "afterDateTime", "endDateTime": "2099-02-30T00:00:00Z"}), "", "expiration/endDateTime", "must be a time"},
		"a duration, but none": {expiration(obj{"type": "noExpiration", "duration": "P1D"}), "", "expiration/type", "neither"},
		"unknown member":       {expiration(obj{"durationInDays": 3}), "", "expiration/durationInDays", "expirationPattern"},
	})
}

func TestPolicyApprovalRefused(t *testing.T) {
	w := newPolicyWorld(t)
	const at = "requestApprovalSettings/stages"
	stages := func(list ...obj) obj {
		return obj{"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true, "stages": list}}
	}
	bob := []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": bob}}
	stage := func(members obj) obj {
		s := obj{"primaryApprovers": bob}
		for k, v := range members {
			s[k] = v
		}
		return stages(s)
	}
	dynamic := func(members obj) obj {
		members["@odata.type"] = "#microsoft.graph.accessPackageDynamicApprovalStage"
		return stages(members)
	}
	one := obj{"primaryApprovers": bob}
	w.refuses(t, map[string]refusal{
		"required, none":      {stages(), "", at, "1 to 3"},
		"required for update": {obj{"requestApprovalSettings": obj{"isApprovalRequiredForUpdate": true}}, "", at, "1 to 3"},
		"four":                {stages(one, one, one, one), "", at, "the most is 3"},
		"unused, but wrong":   {obj{"requestApprovalSettings": obj{"isApprovalRequiredForAdd": false, "stages": []obj{{}}}}, "", at + "[0]/primaryApprovers", "fallbackPrimaryApprovers"},
		"nobody":              {stages(one, obj{"primaryApprovers": []any{}}), "", at + "[1]/primaryApprovers", "fallbackPrimaryApprovers"},
		"soon denied":         {stage(obj{"durationBeforeAutomaticDenial": "PT59S"}), "", at + "[0]/durationBeforeAutomaticDenial", "PT1M"},
		"late denied":         {stage(obj{"durationBeforeAutomaticDenial": "P366D"}), "", at + "[0]/durationBeforeAutomaticDenial", "P365D"},
		"no duration":         {stage(obj{"durationBeforeAutomaticDenial": "14.00:00:00"}), "", at + "[0]/durationBeforeAutomaticDenial", "not a duration"},
		"escalates never":     {stage(obj{"isEscalationEnabled": true, "escalationApprovers": bob}), "", at + "[0]/durationBeforeEscalation", "more than zero"},
		"escalates late":      {stage(obj{"isEscalationEnabled": true, "durationBeforeEscalation": "P14D", "escalationApprovers": bob}), "", at + "[0]/durationBeforeEscalation", "P14D"},
		"escalates to nobody": {stage(obj{"isEscalationEnabled": true, "durationBeforeEscalation": "P1D"}), "", at + "[0]/escalationApprovers", "neither"},
		"visibility":          {stage(obj{"approverInformationVisibility": "unknownFutureValue"}), "", at + "[0]/approverInformationVisibility", "notVisible"},
		"a rule approves":     {stage(obj{"primaryApprovers": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": "user.mail -ne null"}}}), "", at + "[0]/primaryApprovers[0]", "attributeRuleMembers"},
		"unknown approver":    {stage(obj{"fallbackPrimaryApprovers": []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": nowhere}}}), "", at + "[0]/fallbackPrimaryApprovers[0]", "the user '" + nowhere},
		"unknown type":        {stages(obj{"@odata.type": "#microsoft.graph.approvalStage"}), "", at + "[0]/@odata.type", "accessPackageDynamicApprovalStage"},
		"beta member":         {stage(obj{"approvalStageTimeOutInDays": 14}), "", at + "[0]/approvalStageTimeOutInDays", "accessPackageApprovalStage"},
		"static extension":    {stage(obj{"customExtension": obj{"id": w.extension}}), "", at + "[0]/customExtension", "accessPackageApprovalStage"},
		"dynamic, by nothing": {dynamic(obj{}), "", at + "[0]/customExtension", "customExtensionStageSettings"},
		"dynamic, approvers":  {dynamic(obj{"customExtension": obj{"id": w.extension}, "primaryApprovers": bob}), "", at + "[0]", "must be empty"},
		"dynamic, no id":      {dynamic(obj{"customExtension": obj{}}), "", at + "[0]/customExtension/id", "is required"},
		"dynamic, unknown":    {dynamic(obj{"customExtension": obj{"id": nowhere}}), "", at + "[0]/customExtension", "no custom extension"},
		"dynamic, hasty":      {dynamic(obj{"customExtension": obj{"id": w.hasty}}), "", at + "[0]/customExtension", "callbackConfiguration"},
		"dynamic, warning":    {dynamic(obj{"customExtension": obj{"id": w.warning}}), "", at + "[0]/customExtension", "accessPackageAssignmentRequestWorkflowExtension"},
	})
}

func TestPolicyStageSettingRefused(t *testing.T) {
	w := newPolicyWorld(t)
	const at = "customExtensionStageSettings"
	bind := func(stage, extension string) obj {
		return obj{at: []obj{{"stage": stage, "customExtension": obj{"id": extension}}}}
	}
	const determining = "assignmentRequestDeterminingApprovalRequirements"
	hasty := bind(determining, w.hasty)
	hasty["requestApprovalSettings"] = obj{"isApprovalRequiredForAdd": true, "stages": []obj{{"@odata.type": "#microsoft.graph.accessPackageDynamicApprovalStage"}}}
	many := make([]obj, 21)
	for i := range many {
		many[i] = obj{"stage": "assignmentRequestCreated", "customExtension": obj{"id": w.extension}}
	}
	w.refuses(t, map[string]refusal{
		"no extension":          {obj{at: []obj{{"stage": "assignmentRequestCreated"}}}, "", at + "[0]/customExtension", "is required"},
		"no stage":              {obj{at: []obj{{"customExtension": obj{"id": w.extension}}}}, "", at + "[0]/stage", "assignmentOneDayBeforeExpiration"},
		"unknown stage":         {bind("assignmentRequestDenied", w.extension), "", at + "[0]/stage", "assignmentFourteenDaysBeforeExpiration"},
		"unknown extension":     {bind("assignmentRequestCreated", nowhere), "", at + "[0]/customExtension", "no custom extension"},
		"foreign extension":     {bind("assignmentRequestCreated", w.foreign), "", at + "[0]/customExtension", "another catalog"},
		"warning at a request":  {bind("assignmentRequestGranted", w.warning), "", at + "[0]/customExtension", "accessPackageAssignmentRequestWorkflowExtension"},
		"request before expiry": {bind("assignmentFourteenDaysBeforeExpiration", w.extension), "", at + "[0]/customExtension", "accessPackageAssignmentWorkflowExtension"},
		"one day before expiry": {bind("assignmentOneDayBeforeExpiration", w.hasty), "", at + "[0]/customExtension", "accessPackageAssignmentWorkflowExtension"},
		"nothing to determine":  {bind(determining, w.extension), "", at, "accessPackageDynamicApprovalStage"},
		"determines in haste":   {hasty, "", at + "[0]/customExtension", "callbackConfiguration"},
		"too many":              {obj{at: many}, "", at, "the most is 20"},
	})
}

// TestPolicyAutomatic: a package has one automatic policy, which stays automatic.
func TestPolicyAutomatic(t *testing.T) {
	w := newPolicyWorld(t)
	automatic := func(set obj) obj {
		body := w.body(obj{"displayName": "Sales", "allowedTargetScope": "specificDirectoryUsers", "automaticRequestSettings": obj{"requestAccessForAllowedTargets": true},
			"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": `user.department -eq "Sales"`}}})
		for k, v := range set {
			body[k] = v
		}
		return body
	}
	const at = "automaticRequestSettings"
	for name, c := range map[string]refusal{
		"all users":       {obj{"allowedTargetScope": "allMemberUsers", "specificAllowedTargets": nil}, "", "specificAllowedTargets", "exactly one"},
		"a named user":    {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.singleUser", "userId": bob}}}, "", "specificAllowedTargets", "attributeRuleMembers"},
		"a broken rule":   {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": "user.department -is 1"}}}, "", "specificAllowedTargets[0]/membershipRule", "at column 17"},
		"an unknown rule": {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": "user.dirSyncEnabled -eq true"}}}, "", "specificAllowedTargets[0]/membershipRule", "dirSyncEnabled"},
		"no rule":         {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": ""}}}, "", "specificAllowedTargets[0]/membershipRule", "1 to 3072"},
		"a long rule":     {obj{"specificAllowedTargets": []obj{{"@odata.type": "#microsoft.graph.attributeRuleMembers", "membershipRule": strings.Repeat("x", 3073)}}}, "", "specificAllowedTargets[0]/membershipRule", "3072"},
		"a long grace":    {obj{at: obj{"gracePeriodBeforeAccessRemoval": "P366D"}}, "", at + "/gracePeriodBeforeAccessRemoval", "P365D"},
		"unknown member":  {obj{at: obj{"grace": "P1D"}}, "", at + "/grace", "accessPackageAutomaticRequestSettings"},
		"approval":        {obj{"requestApprovalSettings": obj{"isApprovalRequiredForAdd": true, "stages": approvalStages(w)[2:]}}, "", "requestApprovalSettings", "nobody asks"},
		"a question":      {obj{"questions": []obj{{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "text": "Why?", "isRequired": true}}}, "", "questions", "nobody answers"},
	} {
		a := w.do("app", "POST", "assignmentPolicies", automatic(c.set)).refused(400, entitlement.CodeInvalidModel, c.words)
		if got := a.text("error", "target"); got != c.target {
			t.Errorf("%s: target %q, want %q", name, got, c.target)
		}
	}
	w.do("alice", "POST", "assignmentPolicies", automatic(nil)).refused(403, entitlement.CodeForbidden)
	id := w.make("assignmentPolicies", automatic(nil))
	a := w.do("app", "POST", "assignmentPolicies", automatic(obj{"displayName": "Second"})).refused(409, entitlement.CodeDuplicateKey, "'Sales'", id)
	if a.text("error", "target") != at {
		t.Errorf("%s", a.raw)
	}
	w.do("app", "PUT", "assignmentPolicies/"+id, automatic(obj{"displayName": "Renamed"})).want(200)
	w.do("app", "PUT", "assignmentPolicies/"+id, automatic(obj{at: nil})).refused(400, entitlement.CodeBadRequest, "new policy")
	w.do("app", "PUT", "assignmentPolicies/"+w.policy, automatic(nil)).refused(400, entitlement.CodeBadRequest, "new policy")
	w.do("app", "DELETE", "assignmentPolicies/"+id, nil).want(204)
	w.make("assignmentPolicies", automatic(nil))
}
