package rules

import (
	"testing"

	"anteroom/internal/entitlement"
)

func yes() *bool { b := true; return &b }
func no() *bool  { return new(bool) }

func selfAdd(b *bool) *entitlement.RequestorSettings {
	return &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: b}
}

func TestWhomEachScopeLetsIn(t *testing.T) {
	member := entitlement.User{Object: entitlement.Object{ID: me}, Type: entitlement.UserMember, AccountEnabled: true}
	guest := member
	guest.Type = entitlement.UserGuest
	odd := member
	odd.Type = "MEMBER"
	named := []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: me}}
	group := []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: other}, {Kind: entitlement.GroupMembers, ID: "g"}}
	unknown := []entitlement.SubjectSet{{Kind: "requestorManager", ID: me}}
	in := map[entitlement.ID]bool{"g": true}
	for _, tt := range []struct {
		name     string
		scope    entitlement.TargetScope
		targets  []entitlement.SubjectSet
		user     entitlement.User
		memberOf map[entitlement.ID]bool
		ask, add bool // may ask with userAdd; may be assigned with adminAdd
	}{
		{"nobody asks", entitlement.ScopeNotSpecified, nil, member, nil, false, true},
		{"everybody: member", entitlement.ScopeAllDirectoryUsers, nil, member, nil, true, true},
		{"everybody: guest", entitlement.ScopeAllDirectoryUsers, nil, guest, nil, true, true},
		{"members: member", entitlement.ScopeAllMemberUsers, nil, member, nil, true, true},
		{"members: guest", entitlement.ScopeAllMemberUsers, nil, guest, nil, false, false},
		{"members: another spelling", entitlement.ScopeAllMemberUsers, nil, odd, nil, false, false},
		{"named: me", entitlement.ScopeSpecificDirectoryUsers, named, member, nil, true, true},
		{"named: me, a guest", entitlement.ScopeSpecificDirectoryUsers, named, guest, nil, true, true},
		{"named: nobody", entitlement.ScopeSpecificDirectoryUsers, nil, member, nil, false, false},
		{"named: others", entitlement.ScopeSpecificDirectoryUsers, group, member, nil, false, false},
		{"named: my group", entitlement.ScopeSpecificDirectoryUsers, group, member, in, true, true},
		{"named: another group", entitlement.ScopeSpecificDirectoryUsers, group, member, map[entitlement.ID]bool{"h": true}, false, false},
		{"named: not my group", entitlement.ScopeSpecificDirectoryUsers, group, member, map[entitlement.ID]bool{"g": false}, false, false},
		{"named: a kind that is not known", entitlement.ScopeSpecificDirectoryUsers, unknown, member, in, false, false},
		{"a scope that is not enforced", entitlement.ScopeAllExternalUsers, nil, guest, nil, false, false},
		{"no scope", "", nil, member, nil, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &entitlement.Policy{AllowedTargetScope: tt.scope, SpecificAllowedTargets: tt.targets, RequestorSettings: selfAdd(yes())}
			for typ, want := range map[entitlement.RequestType]bool{
				entitlement.TypeUserAdd: tt.ask, entitlement.TypeAdminAdd: tt.add,
			} {
				user := tt.user
				check := func(want bool) {
					t.Helper()
					err := LetsIn(p, typ, Candidate{User: &user, MemberOf: tt.memberOf}, nil)
					if (err == nil) != want {
						t.Errorf("%s: %v, want let in: %v", typ, err, want)
					}
					if err != nil && codeOf(t, err) != entitlement.CodePolicyRequirements {
						t.Errorf("%s: %v", typ, err)
					}
				}
				check(want)
				user.AccountEnabled = false
				check(false)
			}
		})
	}
}

func TestPeopleAskForThemselvesOnlyWhereThePolicySaysSo(t *testing.T) {
	user := &entitlement.User{Object: entitlement.Object{ID: me}, AccountEnabled: true}
	why, blank := "work", " \n"
	needs := func(b *bool) *entitlement.ApprovalSettings {
		return &entitlement.ApprovalSettings{IsRequestorJustificationRequired: b}
	}
	for _, tt := range []struct {
		name          string
		settings      *entitlement.RequestorSettings
		approval      *entitlement.ApprovalSettings
		justification *string
		ask           bool
	}{
		{"no settings", nil, nil, nil, false},
		{"not said", selfAdd(nil), nil, nil, false},
		{"no", selfAdd(no()), nil, nil, false},
		{"yes", selfAdd(yes()), nil, nil, true},
		{"justification not needed", selfAdd(yes()), needs(no()), nil, true},
		{"justification not said", selfAdd(yes()), needs(nil), nil, true},
		{"justification missing", selfAdd(yes()), needs(yes()), nil, false},
		{"justification empty", selfAdd(yes()), needs(yes()), new(string), false},
		{"justification blank", selfAdd(yes()), needs(yes()), &blank, false},
		{"justification given", selfAdd(yes()), needs(yes()), &why, true},
	} {
		p := &entitlement.Policy{AllowedTargetScope: entitlement.ScopeAllDirectoryUsers, RequestorSettings: tt.settings, ApprovalSettings: tt.approval}
		for _, typ := range entitlement.RequestTypes {
			err := LetsIn(p, typ, Candidate{User: user}, tt.justification)
			// An administrator's assignment needs neither; every other type is treated as asking.
			if want := tt.ask || typ == entitlement.TypeAdminAdd; (err == nil) != want {
				t.Errorf("%s, %s: %v, want let in: %v", tt.name, typ, err, want)
			}
		}
	}
}
