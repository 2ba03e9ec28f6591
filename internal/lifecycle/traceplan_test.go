package lifecycle

import (
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

func duration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := entitlement.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// parseApproval reads DENIAL[/ESCALATION][!].
func parseApproval(t *testing.T, value string) *entitlement.ApprovalStage {
	t.Helper()
	yes := true
	stage := &entitlement.ApprovalStage{Primary: []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: "somebody"}}}
	value, wants := strings.CutSuffix(value, "!")
	if wants {
		stage.JustificationRequired = &yes
	}
	denial, escalation, escalates := strings.Cut(value, "/")
	stage.AutomaticDenial = duration(t, denial)
	if escalates {
		stage.EscalationEnabled, stage.Escalation = &yes, duration(t, escalation)
		stage.Alternates = stage.Primary
	}
	return stage
}

func parsePlan(t *testing.T, words []string) entitlement.Plan {
	t.Helper()
	plan := entitlement.Plan{Seed: "seed", Removes: words[0] == "remove", Updates: words[0] == "update", AllowDenyAtCreated: true}
	for _, w := range words[1:] {
		option, value, _ := strings.Cut(w, "=")
		switch option {
		case "no-deny-at-created":
			plan.AllowDenyAtCreated = false
			continue
		case "quiet":
			plan.Quiet = true
			continue
		case "silent":
			plan.NotificationDisabled = true
			continue
		case "start":
			plan.Schedule.StartAt = epoch.Add(duration(t, value))
			continue
		case "approval":
			plan.Approval = append(plan.Approval, *parseApproval(t, value))
			continue
		case "dynamic":
			plan.Callouts = append(plan.Callouts, entitlement.PlannedCallout{
				Stage: entitlement.StageDetermining, ExtensionID: "extension-Determining", URL: "https://example.org/who",
				CallbackTimeout: duration(t, value), ApprovalStage: len(plan.Approval),
			})
			plan.Approval = append(plan.Approval, entitlement.ApprovalStage{Dynamic: true})
			continue
		}
		name, wait, waits := strings.Cut(w, ":")
		stage, ok := entitlement.ParseStage("assignmentRequest" + name)
		if !ok {
			t.Fatalf("unknown stage %q", name)
		}
		c := entitlement.PlannedCallout{Stage: stage, ExtensionID: entitlement.ID("extension-" + name), URL: "https://example.org/" + name}
		if waits {
			c.CallbackTimeout = duration(t, wait)
		}
		plan.Callouts = append(plan.Callouts, c)
	}
	return plan
}
