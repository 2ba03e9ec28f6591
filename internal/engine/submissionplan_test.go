package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// extensions adds two extensions that wait, "x" and "dynamic", under ids made from those.
func (w *world) extensions() {
	w.t.Helper()
	w.put(func(tx *store.Tx) error {
		for _, name := range []string{"x", "dynamic"} {
			if err := tx.Extensions.Insert(w.t.Context(), &entitlement.Extension{
				Object: entitlement.Object{ID: uid(name)}, CatalogID: w.catalog, DisplayName: name, Kind: entitlement.RequestExtension, CallbackTimeout: time.Hour,
				Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: "https://example.org/" + name},
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

var tenDays = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 10 * day}

// full makes a policy that calls x at every stage, and is approved in three stages, of
// which two are dynamic.
func full(p *entitlement.Policy) {
	p.StageSettings = nil
	for _, s := range entitlement.Stages {
		p.StageSettings = append(p.StageSettings, entitlement.StageSetting{Stage: s, ExtensionID: uid("x")})
	}
	p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: yes(), Stages: []entitlement.ApprovalStage{
		{AutomaticDenial: 4 * day, Primary: []entitlement.SubjectSet{one(entitlement.SingleUser, bob)}}, {Dynamic: true}, {Dynamic: true, ExtensionID: uid("dynamic")},
	}}
	p.NotificationDisabled, p.Expiration, p.RequestorSettings = yes(), tenDays, all(one(entitlement.SingleUser, uid("nobody")))
}

type planned struct {
	Stage     entitlement.Stage
	Extension string
	Approval  int
}

var (
	plannedCreated  = planned{created, "x", 0}
	plannedApproved = planned{approved, "x", 0}
	plannedRemoved  = planned{removed, "x", 0}
	plannedDynamic  = []planned{{entitlement.StageDetermining, "x", 1}, {entitlement.StageDetermining, "dynamic", 2}}
	plannedAdd      = append([]planned{
		plannedCreated, plannedApproved, {granted, "x", 0}, {entitlement.StageFourteenDays, "x", 0}, {entitlement.StageOneDay, "x", 0},
	}, plannedDynamic...)
)

// TestWhatIsFrozen: each request plans the calls that it can come to, and no others.
func TestWhatIsFrozen(t *testing.T) {
	w := newWorld(t)
	w.extensions()
	for _, tt := range []struct {
		name      string
		by        entitlement.Actor
		typ       entitlement.RequestType
		forUpdate *bool
		want      []planned
		stages    int
		quiet     bool
	}{
		{"userAdd", person(alice), entitlement.TypeUserAdd, nil, plannedAdd, 3, false},
		{"adminAdd", app, entitlement.TypeAdminAdd, nil, plannedAdd, 3, true},
		{"userUpdate", person(alice), entitlement.TypeUserUpdate, nil, []planned{plannedCreated}, 0, false},
		{"userUpdate, approved", person(alice), entitlement.TypeUserUpdate, yes(), append([]planned{plannedCreated, plannedApproved}, plannedDynamic...), 3, false},
		{"renewal", person(alice), entitlement.TypeUserAdd, nil, []planned{plannedCreated}, 0, false},
		{"adminRemove", app, entitlement.TypeAdminRemove, yes(), []planned{plannedRemoved}, 0, true},
		{"userRemove", person(alice), entitlement.TypeUserRemove, nil, []planned{plannedRemoved}, 0, false},
	} {
		w.fresh(func(*entitlement.Policy) {})
		o := engine.Order{Type: tt.typ, PackageID: w.pkg, TargetID: alice, Schedule: entitlement.Schedule{StartAt: start.Add(-day)}}
		if renews := tt.name == "renewal"; renews || tt.typ.Removes() || tt.typ.Updates() {
			if a := w.assign(alice).AssignmentID; !renews {
				o = engine.Order{Type: tt.typ, AssignmentID: a}
			}
		}
		w.editPolicy(full)
		w.editPolicy(func(p *entitlement.Policy) { p.ApprovalSettings.IsApprovalRequiredForUpdate = tt.forUpdate })
		r, err := w.Submit(t.Context(), tt.by, o)
		must(t, err)
		plan := r.Progress.Plan
		checkCallouts(t, tt.name, tt.want, plan.Callouts)
		want := entitlement.Plan{
			Seed: plan.Seed, PackageName: plan.PackageName, Removes: tt.typ.Removes(), Updates: tt.typ.Updates() || tt.name == "renewal", AllowDenyAtCreated: true,
			Callouts: plan.Callouts, Approval: plan.Approval, NotificationDisabled: true, Quiet: tt.quiet,
		}
		if !want.Removes {
			want.Schedule, want.Expiration = o.Schedule, tenDays
		}
		if diff := cmp.Diff(want, plan); diff != "" || len(plan.Approval) != tt.stages || len(plan.Seed) != 32 {
			t.Errorf("%s: %d stages, plan (-want +got):\n%s", tt.name, len(plan.Approval), diff)
		}
	}
}

func checkCallouts(t *testing.T, name string, want []planned, callouts []entitlement.PlannedCallout) {
	t.Helper()
	var got []planned
	for _, x := range callouts {
		got = append(got, planned{x.Stage, x.ExtensionName, x.ApprovalStage})
		if x.ExtensionID != uid(x.ExtensionName) || x.URL != "https://example.org/"+x.ExtensionName || x.CallbackTimeout != time.Hour || x.Timeout != time.Second {
			t.Errorf("%s: a callout is planned as %+v", name, x)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: callouts (-want +got):\n%s", name, diff)
	}
}

// TestTheDatesThatWereAskedFor: requestors choose them only where the policy says so.
func TestTheDatesThatWereAskedFor(t *testing.T) {
	w := newWorld(t)
	w.editPolicy(func(p *entitlement.Policy) {
		p.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 10 * day}
	})
	o := engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg, Schedule: entitlement.Schedule{
		StartAt: start.Add(day), Expiration: &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 20 * day},
	}}
	_, err := w.Submit(t.Context(), person(alice), o)
	refused(t, err, entitlement.CodeInvalidSchedule)
	o.Type, o.TargetID = entitlement.TypeAdminAdd, alice
	r, err := w.Submit(t.Context(), app, o)
	must(t, err)
	w.is(r, "scheduled PendingNotBefore")
	w.membership(alice, "")
	w.advance(day)
	w.run()
	w.is(r, "delivered Delivered")
	w.membership(alice, "1")
	if got := w.holding(w.request(r.ID).AssignmentID).EndAt; !got.Equal(start.Add(11 * day)) {
		t.Errorf("the access ends at %s", got)
	}
}

// TestAReasonIsAskedOfRequestors.
func TestAReasonIsAskedOfRequestors(t *testing.T) {
	w := newWorld(t)
	w.editPolicy(func(p *entitlement.Policy) {
		p.ApprovalSettings = &entitlement.ApprovalSettings{IsRequestorJustificationRequired: yes()}
	})
	o := engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}
	_, err := w.Submit(t.Context(), person(alice), o)
	refused(t, err, entitlement.CodePolicyRequirements)
	why := "work"
	o.Justification = &why
	_, err = w.Submit(t.Context(), person(alice), o)
	must(t, err)
	w.assign(bob)
}
