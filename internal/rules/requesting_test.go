package rules

import (
	"testing"

	"anteroom/internal/entitlement"
)

func yes() *bool { b := true; return &b }
func no() *bool  { return new(bool) }

func TestWhoMayAskThroughWhichPolicy(t *testing.T) {
	const behalf, system = entitlement.TypeOnBehalfAdd, entitlement.TypeSystemAdd
	self := &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: yes()}
	others := &entitlement.RequestorSettings{EnableOnBehalfRequestorsToAddAccess: yes()}
	gives := &entitlement.AutomaticSettings{RequestForAllowed: yes()}
	for _, tt := range []struct {
		name      string
		settings  *entitlement.RequestorSettings
		automatic *entitlement.AutomaticSettings
		listed    bool // among the on-behalf requestors
		may       []entitlement.RequestType
	}{
		{"no settings", nil, nil, true, []entitlement.RequestType{admin}},
		{"nothing said", &entitlement.RequestorSettings{}, nil, true, []entitlement.RequestType{admin}},
		{"no", &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: no(), EnableOnBehalfRequestorsToAddAccess: no()}, nil, true, []entitlement.RequestType{admin}},
		{"self", self, nil, true, []entitlement.RequestType{admin, add}},
		{"others, listed", others, nil, true, []entitlement.RequestType{admin, behalf}},
		{"others, not listed", others, nil, false, []entitlement.RequestType{admin}},
		{"only updates and removals", &entitlement.RequestorSettings{
			EnableTargetsToSelfUpdateAccess: yes(), EnableTargetsToSelfRemoveAccess: yes(),
			EnableOnBehalfRequestorsToUpdateAccess: yes(), EnableOnBehalfRequestorsToRemoveAccess: yes(),
		}, nil, true, []entitlement.RequestType{admin}},
		{"automatic", self, gives, true, []entitlement.RequestType{system}},
		{"automatic, for others", others, gives, true, []entitlement.RequestType{system}},
		{"automatic, gives nothing", self, &entitlement.AutomaticSettings{}, true, nil},
		{"automatic, said no", self, &entitlement.AutomaticSettings{RequestForAllowed: no()}, true, nil},
	} {
		p := &entitlement.Policy{RequestorSettings: tt.settings, Automatic: tt.automatic}
		want := make(map[entitlement.RequestType]bool)
		for _, typ := range tt.may {
			want[typ] = true
		}
		for _, typ := range append([]entitlement.RequestType{"", "nonsense"}, entitlement.RequestTypes...) {
			err := MayAsk(p, typ, tt.listed)
			if (err == nil) != want[typ] {
				t.Errorf("%s, %s: %v, want allowed: %v", tt.name, typ, err, want[typ])
			}
			if err != nil && codeOf(t, err) != entitlement.CodePolicyRequirements {
				t.Errorf("%s, %s: %v", tt.name, typ, err)
			}
		}
	}
}

func TestWhoHasToSayWhy(t *testing.T) {
	why, blank := "work", " \n"
	needs := func(b *bool) *entitlement.ApprovalSettings {
		return &entitlement.ApprovalSettings{IsRequestorJustificationRequired: b}
	}
	must := map[entitlement.RequestType]bool{
		entitlement.TypeUserAdd: true, entitlement.TypeUserUpdate: true, entitlement.TypeOnBehalfAdd: true,
		entitlement.TypeNotSpecified: true, // what is not known is treated as asking
	}
	for _, tt := range []struct {
		name     string
		settings *entitlement.ApprovalSettings
		given    *string
		enough   bool
	}{
		{"no settings", nil, nil, true},
		{"not said", needs(nil), nil, true},
		{"not needed", needs(no()), nil, true},
		{"missing", needs(yes()), nil, false},
		{"empty", needs(yes()), new(string), false},
		{"blank", needs(yes()), &blank, false},
		{"given", needs(yes()), &why, true},
	} {
		for _, typ := range entitlement.RequestTypes {
			err := Justified(&entitlement.Policy{ApprovalSettings: tt.settings}, typ, tt.given)
			want := tt.enough || !must[typ]
			if typ == entitlement.TypeApproverRemove {
				want = tt.given == &why // always
			}
			if (err == nil) != want {
				t.Errorf("%s, %s: %v, want enough: %v", tt.name, typ, err, want)
			}
		}
	}
}

func TestADisabledAccountMakesNoRequests(t *testing.T) {
	if got := codeOf(t, MayMake(&entitlement.User{})); got != entitlement.CodePolicyRequirements {
		t.Errorf("a disabled account reads %q", got)
	}
	if err := MayMake(&entitlement.User{AccountEnabled: true}); err != nil {
		t.Error(err)
	}
}
