package rules

import (
	"strings"
	"testing"

	"anteroom/internal/entitlement"
)

func TestWhoMayChangeAnAssignment(t *testing.T) {
	const remove, takeBack = entitlement.TypeUserRemove, entitlement.TypeApproverRemove
	none := &entitlement.RequestorSettings{EnableTargetsToSelfUpdateAccess: no(), EnableTargetsToSelfAddAccess: yes(), EnableOnBehalfRequestorsToAddAccess: yes()}
	self := &entitlement.RequestorSettings{EnableTargetsToSelfUpdateAccess: yes(), EnableTargetsToSelfRemoveAccess: yes()}
	others := &entitlement.RequestorSettings{EnableOnBehalfRequestorsToUpdateAccess: yes(), EnableOnBehalfRequestorsToRemoveAccess: yes()}
	automatic := &entitlement.AutomaticSettings{}
	mine, theirs := entitlement.Assignment{TargetID: me}, entitlement.Assignment{TargetID: other}
	given, approved := mine, theirs
	given.Automatic = true
	approved.ApprovedBy = []entitlement.ID{"x", me}
	const forbidden, hidden, not = entitlement.CodeForbidden, entitlement.CodeNotFound, entitlement.CodePolicyRequirements
	for _, tt := range []struct {
		name      string
		typ       entitlement.RequestType
		as        entitlement.Assignment
		settings  *entitlement.RequestorSettings
		automatic *entitlement.AutomaticSettings
		listed    bool
		want      entitlement.Code
	}{
		{"mine", update, mine, self, nil, false, ok},
		{"mine", remove, mine, self, nil, false, ok},
		{"mine, no settings", update, mine, nil, nil, false, not},
		{"mine, flags off", update, mine, none, nil, false, not},
		{"mine, flags off", remove, mine, none, nil, false, not},
		{"mine, only others may", remove, mine, others, nil, false, not},
		{"theirs, listed", update, theirs, others, nil, true, ok},
		{"theirs, listed", remove, theirs, others, nil, true, ok},
		{"theirs, listed, flags off", update, theirs, none, nil, true, not},
		{"theirs, listed, only they may", remove, theirs, self, nil, true, not},
		{"theirs", update, theirs, self, nil, false, hidden},
		{"theirs", remove, theirs, others, nil, false, hidden},
		{"given by a rule", update, given, self, nil, false, not},
		{"given by a rule", remove, given, self, nil, false, not},
		{"through an automatic policy", remove, mine, self, automatic, false, not},
		{"for others, through an automatic policy", remove, theirs, others, automatic, true, not},
		{"approved", takeBack, approved, none, nil, false, ok},
		{"not approved", takeBack, theirs, self, nil, true, hidden},
		{"mine, not approved", takeBack, mine, self, nil, false, forbidden},
		{"an add", entitlement.TypeUserAdd, mine, self, nil, true, entitlement.CodeInvalidModel},
		{"nonsense", "nonsense", mine, self, nil, true, entitlement.CodeInvalidModel},
	} {
		p := &entitlement.Policy{RequestorSettings: tt.settings, Automatic: tt.automatic}
		if got := codeOf(t, MayChange(actors()["user with SubjectAccess"], tt.typ, &tt.as, p, tt.listed)); got != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.name, tt.typ, got, tt.want)
		}
	}
}

func TestAdministratorsChangeEveryAssignment(t *testing.T) {
	as := &entitlement.Assignment{TargetID: other, Automatic: true}
	p := &entitlement.Policy{RequestorSettings: &entitlement.RequestorSettings{}, Automatic: &entitlement.AutomaticSettings{}}
	for _, typ := range []entitlement.RequestType{entitlement.TypeAdminUpdate, entitlement.TypeAdminRemove} {
		allowed(t, func(a entitlement.Actor) error { return MayChange(a, typ, as, p, false) }, "application with ReadWrite", "administrator with ReadWrite")
	}
}

func TestACallerWithoutAnIDIsNobodysTarget(t *testing.T) {
	nobody := entitlement.Actor{User: true, Permissions: []string{subject}}
	self := &entitlement.RequestorSettings{EnableTargetsToSelfUpdateAccess: yes(), EnableTargetsToSelfRemoveAccess: yes()}
	for _, typ := range []entitlement.RequestType{entitlement.TypeUserUpdate, entitlement.TypeUserRemove, entitlement.TypeApproverRemove} {
		as := entitlement.Assignment{ApprovedBy: []entitlement.ID{""}}
		if MayChange(nobody, typ, &as, &entitlement.Policy{RequestorSettings: self}, false) == nil {
			t.Errorf("%s: a caller without an id is the target of an assignment without one", typ)
		}
	}
}

func TestWhichAssignmentsCanBeChanged(t *testing.T) {
	for _, state := range append(entitlement.AssignmentStates, "") {
		want := state == entitlement.AssignmentDelivered || state == entitlement.AssignmentPartiallyDelivered
		if err := Changeable(&entitlement.Assignment{State: state}); (err == nil) != want {
			t.Errorf("%q: %v", state, err)
		}
	}
}

func TestAskingAgainForWhatOneHas(t *testing.T) {
	may := &entitlement.RequestorSettings{EnableTargetsToSelfUpdateAccess: yes()}
	for _, state := range []entitlement.AssignmentState{entitlement.AssignmentDelivered, entitlement.AssignmentPartiallyDelivered, entitlement.AssignmentDelivering} {
		for _, settings := range []*entitlement.RequestorSettings{nil, {EnableTargetsToSelfUpdateAccess: no()}, may} {
			for _, automatic := range []bool{false, true} {
				for _, typ := range entitlement.RequestTypes {
					has := &entitlement.Assignment{Object: entitlement.Object{ID: "the assignment"}, State: state, Automatic: automatic}
					renews, err := Renews(&entitlement.Policy{RequestorSettings: settings}, typ, has)
					want := typ == entitlement.TypeUserAdd && settings == may && state != entitlement.AssignmentDelivering && !automatic
					if renews != want || (err == nil) != want {
						t.Errorf("%s of one that is %s, automatic %v: %v, %v", typ, state, automatic, renews, err)
					}
					if err != nil && (codeOf(t, err) != entitlement.CodeExistingAssignment || !strings.Contains(err.Error(), "the assignment")) {
						t.Errorf("%s: %v", typ, err)
					}
				}
			}
		}
	}
}

func TestWhatExcludesAPackage(t *testing.T) {
	pkg := &entitlement.Package{Object: entitlement.Object{ID: "p"}, DisplayName: "pay"}
	held, in := map[entitlement.ID]string{"p": "pay", "q": "approve"}, map[entitlement.ID]string{"g": "auditors"}
	for _, tt := range []struct {
		name string
		x    entitlement.Incompatibility
		says string // "" for no conflict
	}{
		{"a package that they have", entitlement.Incompatibility{PackageID: "p", OtherPackageID: "q"}, "'approve'"},
		{"a package that they do not have", entitlement.Incompatibility{PackageID: "p", OtherPackageID: "r"}, ""},
		{"the other way round", entitlement.Incompatibility{PackageID: "q", OtherPackageID: "p"}, ""},
		{"the package itself", entitlement.Incompatibility{PackageID: "p", OtherPackageID: "p"}, ""},
		{"a group that they are in", entitlement.Incompatibility{PackageID: "p", GroupID: "g"}, "'auditors'"},
		{"a group that they are not in", entitlement.Incompatibility{PackageID: "p", GroupID: "q"}, ""},
		{"nothing", entitlement.Incompatibility{PackageID: "p"}, ""},
	} {
		err := Conflict(pkg, []*entitlement.Incompatibility{{PackageID: "p", OtherPackageID: "elsewhere"}, &tt.x}, held, in)
		if (err != nil) != (tt.says != "") {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && (codeOf(t, err) != entitlement.CodeIncompatibleAccess || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestARefusalNamesTheOpenRequest(t *testing.T) {
	for _, typ := range entitlement.RequestTypes {
		err := OpenAlready(&entitlement.Request{Object: entitlement.Object{ID: "the request"}, Type: typ})
		if codeOf(t, err) != entitlement.CodeExistingOpenRequest || !strings.Contains(err.Error(), "the request") {
			t.Errorf("%s: %v", typ, err)
		}
	}
}
