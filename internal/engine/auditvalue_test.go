package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// TestChangesOf holds how the members that an update changed are written down.
func TestChangesOf(t *testing.T) {
	yes, no, day := true, false, 24*time.Hour
	end := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name          string
		before, after any
		want          []entitlement.RecordChange
	}{
		{"nothing", &entitlement.Catalog{DisplayName: "a"}, &entitlement.Catalog{DisplayName: "a"}, nil},
		{"made", nil, &entitlement.Catalog{DisplayName: "a"}, nil},
		{"meta", &entitlement.Catalog{}, &entitlement.Catalog{Object: entitlement.Object{Version: 2, ModifiedAt: end}}, nil},
		{"text", &entitlement.Group{DisplayName: "a"}, &entitlement.Group{DisplayName: `"<ä>&`}, []entitlement.RecordChange{
			{Name: "DisplayName", Old: `"a"`, New: `"\"<ä>&"`}}},
		{"emptied", &entitlement.Group{GroupTypes: []string{"x"}}, &entitlement.Group{}, []entitlement.RecordChange{{Name: "GroupTypes", Old: `["x"]`}}},
		{"settings", &entitlement.Settings{DeletedAfterBlocked: day}, &entitlement.Settings{ShowApprovers: true}, []entitlement.RecordChange{
			{Name: "DeletedAfterBlocked", Old: `"P1D"`}, {Name: "ShowApprovers", Old: "false", New: "true"}}},
		{"policy",
			&entitlement.Policy{RequestorSettings: &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: &no}},
			&entitlement.Policy{
				RequestorSettings: &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: &yes},
				Expiration:        &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, EndAt: end},
				Automatic:         &entitlement.AutomaticSettings{GracePeriod: &day},
				StageSettings:     []entitlement.StageSetting{{ID: "1", Stage: entitlement.StageCreated, ExtensionID: "2"}},
			},
			[]entitlement.RecordChange{
				{Name: "RequestorSettings", Old: `{"enableTargetsToSelfAddAccess":false}`, New: `{"enableTargetsToSelfAddAccess":true}`},
				{Name: "Expiration", New: `{"endAt":"2027-01-31T12:00:00Z","type":"afterDateTime"}`},
				{Name: "StageSettings", New: `[{"extensionId":"2","id":"1","stage":"assignmentRequestCreated"}]`},
				{Name: "Automatic", New: `{"gracePeriod":"P1D"}`},
			}},
		{"secret", &entitlement.Extension{Endpoint: entitlement.Endpoint{URL: "https://u:p@a.example/x?sig=1"}},
			&entitlement.Extension{ModifiedBy: "me", Endpoint: entitlement.Endpoint{URL: "https://a.example/x?sig=2"}},
			[]entitlement.RecordChange{{Name: "Endpoint", Old: `{"url":"https://a.example/…"}`, New: `{"url":"https://a.example/…"}`}}},
		{"too long", &entitlement.Catalog{}, &entitlement.Catalog{DisplayName: strings.Repeat("x", maxValue)}, []entitlement.RecordChange{{Name: "DisplayName", New: tooLong}}},
	} {
		if d := cmp.Diff(test.want, changesOf(test.before, test.after)); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, d)
		}
	}
}

// TestEveryKindHasAName: what is changed by hand is shown, with what it is about.
func TestEveryKindHasAName(t *testing.T) {
	for _, obj := range []any{
		&entitlement.Catalog{}, &entitlement.Package{}, &entitlement.Policy{}, &entitlement.Extension{}, &entitlement.Resource{},
		&entitlement.RoleScope{}, &entitlement.ConnectedOrganization{}, &entitlement.Incompatibility{}, &entitlement.User{},
		&entitlement.Group{}, &entitlement.Membership{}, &entitlement.ServicePrincipal{},
	} {
		create, _, remove := activitiesOf(obj)
		if create == "" || remove == "" {
			t.Errorf("%T has no name in the audit log", obj)
		}
	}
}
