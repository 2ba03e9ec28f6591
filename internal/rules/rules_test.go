package rules

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

const (
	me    = entitlement.ID("00000000-0000-0000-0000-00000000000a")
	other = entitlement.ID("00000000-0000-0000-0000-00000000000b")
)

const (
	readWrite = entitlement.PermissionReadWrite
	read      = entitlement.PermissionRead
	subject   = entitlement.PermissionSubjectAccess
)

// actors are all kinds of caller with each permission; the name says which.
func actors() map[string]entitlement.Actor {
	all := make(map[string]entitlement.Actor)
	for _, permission := range []string{readWrite, read, subject, ""} {
		var given []string
		short := map[string]string{readWrite: "ReadWrite", read: "Read", subject: "SubjectAccess", "": "nothing"}[permission]
		if permission != "" {
			given = []string{permission}
		}
		all["application with "+short] = entitlement.Actor{ObjectID: me, Permissions: given}
		all["user with "+short] = entitlement.Actor{ObjectID: me, User: true, Permissions: given}
		all["administrator with "+short] = entitlement.Actor{ObjectID: me, User: true, Administrator: true, Permissions: given}
	}
	return all
}

// codeOf is the code of a refusal, "" for none.
func codeOf(t *testing.T, err error) entitlement.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	var refusal *entitlement.Error
	if !errors.As(err, &refusal) || refusal.Message == "" {
		t.Errorf("%v is no refusal that a caller can read", err)
		return "?"
	}
	return refusal.Code
}

// allowed checks that a decision lets exactly those of the actors who are listed pass.
func allowed(t *testing.T, decide func(entitlement.Actor) error, want ...string) {
	t.Helper()
	may := make(map[string]bool)
	for _, name := range want {
		may[name] = true
	}
	for name, a := range actors() {
		if err := decide(a); (err == nil) != may[name] {
			t.Errorf("%s: %v, want allowed: %v", name, err, may[name])
		}
		delete(may, name)
	}
	for name := range may {
		t.Errorf("there is no actor %q", name)
	}
}

func TestOnlyApplicationsAndAdministratorsWithReadWriteManage(t *testing.T) {
	allowed(t, Manages, "application with ReadWrite", "administrator with ReadWrite")
}

func TestWhoMaySubmitWhat(t *testing.T) {
	managers := []string{"application with ReadWrite", "administrator with ReadWrite"}
	people := []string{"user with ReadWrite", "user with SubjectAccess", "administrator with ReadWrite", "administrator with SubjectAccess"}
	for _, typ := range append([]entitlement.RequestType{"", "nonsense"}, entitlement.RequestTypes...) {
		var forMe, forOther []string
		unserved := false
		switch typ {
		case entitlement.TypeAdminAdd, entitlement.TypeAdminUpdate, entitlement.TypeAdminRemove:
			forMe, forOther = managers, managers
		case entitlement.TypeUserAdd:
			forMe = people
		case entitlement.TypeOnBehalfAdd:
			forOther = people
		case entitlement.TypeUserUpdate, entitlement.TypeUserRemove, entitlement.TypeApproverRemove:
			forMe, forOther = people, people // MayChange decides about whose
		default:
			unserved = true
		}
		t.Run(string(typ), func(t *testing.T) {
			allowed(t, func(a entitlement.Actor) error { return MaySubmit(a, typ, me) }, forMe...)
			allowed(t, func(a entitlement.Actor) error { return MaySubmit(a, typ, other) }, forOther...)
			for name, a := range actors() {
				if got := codeOf(t, MaySubmit(a, typ, me)); unserved && got != entitlement.CodeInvalidModel {
					t.Errorf("%s reads %s", name, got)
				}
				if a.ObjectID = ""; a.User && !a.Administrator && MaySubmit(a, typ, "") == nil {
					t.Errorf("%s without an id is let through", name)
				}
			}
		})
	}
}

func TestWhoSeesWhat(t *testing.T) {
	mine := &query.Or{Parts: []query.Expr{
		query.Equal("requestor/objectId", string(me)), query.Equal("target/objectId", string(me)), query.Equal("approver/objectId", string(me)),
	}}
	own := map[Kind]query.Expr{
		Requests:    mine,
		Approvals:   mine,
		Assignments: &query.Or{Parts: []query.Expr{query.Equal("target/objectId", string(me)), query.Equal("requestor/objectId", string(me))}},
	}
	for _, k := range []Kind{Catalogs, Packages, Policies, Extensions, Resources, RoleScopes, ResourceRequests, Requests, Approvals, Assignments, Users, Groups, Memberships, "nonsense"} {
		t.Run(string(k), func(t *testing.T) {
			all := []string{"application with ReadWrite", "application with Read", "administrator with ReadWrite", "administrator with Read"}
			part := []string{"user with ReadWrite", "user with Read", "user with SubjectAccess", "administrator with SubjectAccess"}
			if own[k] == nil {
				part = nil
			}
			allowed(t, func(a entitlement.Actor) error { _, err := Visible(a, k); return err }, append(all, part...)...)
			for _, name := range all {
				if filter, _ := Visible(actors()[name], k); filter != nil {
					t.Errorf("%s sees only %v", name, filter)
				}
			}
			for _, name := range part {
				filter, _ := Visible(actors()[name], k)
				if diff := cmp.Diff(own[k], filter); diff != "" {
					t.Errorf("%s sees (-want +got):\n%s", name, diff)
				}
			}
			if k == Packages {
				part = []string{"user with ReadWrite", "user with Read", "user with SubjectAccess", "user with nothing",
					"application with SubjectAccess", "application with nothing", "administrator with SubjectAccess", "administrator with nothing"}
			}
			allowed(t, func(a entitlement.Actor) error { return MayExpand(a, k) }, append(all, part...)...)
		})
	}
}

// TestNobodyResumesTheirOwn goes through every caller and every tie to the request.
func TestNobodyResumesTheirOwn(t *testing.T) {
	managers := []string{"application with ReadWrite", "administrator with ReadWrite"}
	for _, tt := range []struct {
		name              string
		requestor, target entitlement.ID
		may               []string
		user              entitlement.Code // what a user reads who does not act as an administrator
	}{
		{"nothing to do with it", other, other, managers, entitlement.CodeNotFound},
		{"its requestor", me, other, nil, entitlement.CodeForbidden},
		{"its target", other, me, nil, entitlement.CodeForbidden},
		{"both", me, me, nil, entitlement.CodeForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &entitlement.Request{RequestorID: tt.requestor, TargetID: tt.target}
			allowed(t, func(a entitlement.Actor) error { return MayResume(a, r) }, tt.may...)
			for name, a := range actors() {
				if got := codeOf(t, MayResume(a, r)); a.Person() && got != tt.user {
					t.Errorf("%s reads %s, want %s", name, got, tt.user)
				} else if !a.Person() && got != "" && got != entitlement.CodeForbidden {
					t.Errorf("%s reads %s", name, got)
				}
			}
		})
	}
}

func TestACallerWithoutAnIDDoesNotResumeWhatOneMade(t *testing.T) {
	nobody := entitlement.Actor{Permissions: []string{readWrite}}
	if got := codeOf(t, MayResume(nobody, &entitlement.Request{TargetID: other})); got != entitlement.CodeForbidden {
		t.Errorf("a caller that may be the requestor reads %q", got)
	}
	if err := MayResume(nobody, &entitlement.Request{RequestorID: other, TargetID: other}); err != nil {
		t.Errorf("a caller that is not the requestor: %v", err)
	}
}

func TestWhoMayCancel(t *testing.T) {
	managers := []string{"application with ReadWrite", "administrator with ReadWrite"}
	own := append([]string{"user with ReadWrite", "user with SubjectAccess", "administrator with SubjectAccess"}, managers...)
	for _, typ := range []entitlement.RequestType{entitlement.TypeUserAdd, entitlement.TypeAdminAdd, entitlement.TypeAdminRemove, entitlement.TypeSystemRemove} {
		for _, r := range []*entitlement.Request{
			{Type: typ, RequestorID: me, TargetID: other}, {Type: typ, RequestorID: other, TargetID: me}, {Type: typ, RequestorID: other, TargetID: other},
		} {
			t.Run(fmt.Sprintf("%s of %s for %s", typ, r.RequestorID[35:], r.TargetID[35:]), func(t *testing.T) {
				want := managers
				if mine := r.RequestorID == me || r.TargetID == me; mine && !typ.Removes() {
					want = own
				}
				allowed(t, func(a entitlement.Actor) error { return MayCancel(a, r) }, want...)
				if r.RequestorID == other && r.TargetID == other {
					if got := codeOf(t, MayCancel(actors()["user with ReadWrite"], r)); got != entitlement.CodeNotFound {
						t.Errorf("a stranger reads %s, so knows that it exists", got)
					}
				}
			})
		}
	}
}

// An approver sees the request, and that gives them no other right to it.
func TestAnApproverSeesTheRequestAndNoMore(t *testing.T) {
	run := func(escalated bool, approvers, alternates []entitlement.ID) *entitlement.Request {
		return &entitlement.Request{Type: entitlement.TypeUserAdd, RequestorID: other, TargetID: other, Progress: entitlement.Progress{
			Approvals: []entitlement.ApprovalRun{{}, {Escalated: escalated, Approvers: approvers, Alternates: alternates}},
		}}
	}
	mine, nobody := []entitlement.ID{"x", me}, []entitlement.ID{"x"}
	for name, tt := range map[string]struct {
		r    *entitlement.Request
		sees bool
	}{
		"an approver":                    {run(false, mine, nobody), true},
		"an alternate":                   {run(true, nobody, mine), true},
		"an alternate before escalation": {run(false, nobody, mine), false},
		"somebody else":                  {run(true, nobody, nobody), false},
	} {
		want := entitlement.CodeNotFound
		if tt.sees {
			want = entitlement.CodeForbidden
		}
		a := actors()["user with SubjectAccess"]
		for what, err := range map[string]error{"resume": MayResume(a, tt.r), "cancel": MayCancel(a, tt.r), "reprocess": MayReprocess(a, tt.r)} {
			if got := codeOf(t, err); got != want {
				t.Errorf("%s: %s answers %q, want %s", name, what, got, want)
			}
		}
		allowed(t, func(a entitlement.Actor) error { return MayReprocess(a, tt.r) }, "application with ReadWrite", "administrator with ReadWrite")
	}
}

func TestWhoHasNoPermissionDoesNotEnter(t *testing.T) {
	allowed(t, Enters, "application with ReadWrite", "application with Read", "administrator with ReadWrite", "administrator with Read",
		"administrator with SubjectAccess", "user with ReadWrite", "user with Read", "user with SubjectAccess")
}
