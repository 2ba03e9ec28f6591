package callout

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

func samplePayload() Payload {
	return Payload{
		RequestID:       "11111111-1111-4111-8111-111111111111",
		CallbackURIPath: "/identityGovernance/entitlementManagement/assignmentRequests/11111111-1111-4111-8111-111111111111/resume",
		CalloutID:       "22222222-2222-4222-8222-222222222222",
		Stage:           entitlement.StageCreated,
		RequestType:     entitlement.TypeUserAdd,
		State:           entitlement.RequestSubmitted,
		Status:          "Accepted",
		CallbackTimeout: CallbackTimeout(time.Hour),
		Package: PayloadObject{
			ID: "33333333-3333-4333-8333-333333333333", DisplayName: "Sales <& Söhne>", Description: "All of sales",
		},
		Catalog: PayloadObject{ID: "44444444-4444-4444-8444-444444444444", DisplayName: "General"},
		Assignment: PayloadAssignment{
			ID: "55555555-5555-4555-8555-555555555555", State: entitlement.AssignmentDelivering, Status: "Delivering",
			Target: PayloadTarget{
				ID: "66666666-6666-4666-8666-666666666666", ObjectID: "66666666-6666-4666-8666-666666666666",
				DisplayName: "Ada", PrincipalName: "ada@example.com",
			},
			Policy: PayloadPolicy{ID: "77777777-7777-4777-8777-777777777777", DisplayName: "All members"},
		},
		Requestor: PayloadRequestor{
			ID: "88888888-8888-4888-8888-888888888888", ObjectID: "88888888-8888-4888-8888-888888888888", DisplayName: "Grace",
		},
	}
}

// The golden file is the example of the contract with values filled in: the order and
// the spelling of the members are what is held.
func TestPayloadGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/payload.json")
	if err != nil {
		t.Fatal(err)
	}
	got := jsontext.Value(samplePayload().JSON())
	if err := got.Indent(jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(got)+"\n"); diff != "" {
		t.Errorf("payload differs (-want +got):\n%s", diff)
	}
}

func TestPayloadThatDoesNotWait(t *testing.T) {
	p := samplePayload()
	p.CallbackTimeout = 0
	if got := string(p.JSON()); !strings.Contains(got, `"CallbackConfiguration":null,`) {
		t.Errorf("CallbackConfiguration is not null: %s", got)
	}
}

func TestPayloadMendsText(t *testing.T) {
	p := samplePayload()
	p.Package.DisplayName = "bad\xff\"\x00end"
	got := p.JSON()
	if !jsontext.Value(got).IsValid() || !strings.Contains(string(got), `bad�\"\u0000end`) {
		t.Errorf("payload is not valid JSON with mended text: %s", got)
	}
}
