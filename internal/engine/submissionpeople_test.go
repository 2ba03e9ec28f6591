package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// sets says for subject sets whom they mean for a target: as approvers, and as those who
// may ask for the target.
var sets = []struct {
	name      string
	set       entitlement.SubjectSet
	target    entitlement.ID
	approvers []entitlement.ID
	behalf    []entitlement.ID
}{
	{"a user", one(entitlement.SingleUser, bob), alice, []entitlement.ID{bob}, []entitlement.ID{bob}},
	{"the target", one(entitlement.SingleUser, alice), alice, nil, nil},
	{"a disabled user", one(entitlement.SingleUser, uid("dave")), alice, nil, nil},
	{"nobody of that id", one(entitlement.SingleUser, group), alice, nil, nil},
	{"a service principal as a user", one(entitlement.SingleUser, robot), alice, nil, nil},
	{"a group", one(entitlement.GroupMembers, group), alice, []entitlement.ID{uid("kate")}, []entitlement.ID{uid("kate")}},
	{"an empty group", one(entitlement.GroupMembers, group2), alice, nil, nil},
	{"the manager", level(entitlement.TargetManager, 1), alice, []entitlement.ID{bob}, []entitlement.ID{bob}},
	{"the manager's manager", level(entitlement.TargetManager, 2), alice, []entitlement.ID{uid("carol")}, []entitlement.ID{uid("carol")}},
	{"nobody above", level(entitlement.TargetManager, 3), alice, nil, nil},
	{"no level", level(entitlement.TargetManager, 0), alice, nil, nil},
	{"the manager of nobody's report", level(entitlement.TargetManager, 1), guest, nil, nil},
	{"the manager of a service principal", level(entitlement.TargetManager, 1), robot, nil, nil},
	// An application asks, which has no manager; and nobody is their own.
	{"the requestor's manager", level(entitlement.RequestorManager, 1), alice, nil, nil},
	{"the sponsors", entitlement.SubjectSet{Kind: entitlement.TargetUserSponsors}, alice, []entitlement.ID{uid("erin")}, []entitlement.ID{uid("erin")}},
	{"the sponsors of a service principal", entitlement.SubjectSet{Kind: entitlement.TargetUserSponsors}, agent, nil, nil},
	{"within", entitlement.SubjectSet{Kind: entitlement.InternalSponsors}, uid("visitor"), []entitlement.ID{uid("frank")}, []entitlement.ID{uid("frank")}},
	{"outside", entitlement.SubjectSet{Kind: entitlement.ExternalSponsors}, uid("visitor"), []entitlement.ID{uid("gina")}, []entitlement.ID{uid("gina")}},
	{"of no organization", entitlement.SubjectSet{Kind: entitlement.InternalSponsors}, alice, nil, nil},
	{"of the organization of a guest of none", entitlement.SubjectSet{Kind: entitlement.ExternalSponsors}, guest, nil, nil},
	{"the owners", entitlement.SubjectSet{Kind: entitlement.TargetApplicationOwners}, robot, []entitlement.ID{uid("henry")}, []entitlement.ID{uid("henry")}},
	{"the owners of a user", entitlement.SubjectSet{Kind: entitlement.TargetApplicationOwners}, alice, nil, nil},
	{"who answers for an agent", entitlement.SubjectSet{Kind: entitlement.TargetAgentSponsorsOrOwners}, agent,
		[]entitlement.ID{uid("judy"), uid("ivan")}, []entitlement.ID{uid("judy"), uid("ivan")}},
	{"who answers for an application", entitlement.SubjectSet{Kind: entitlement.TargetAgentSponsorsOrOwners}, robot, nil, nil},
	{"whom a rule means", entitlement.SubjectSet{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -eq "HR"`}, alice, nil, []entitlement.ID{uid("liam")}},
	{"whom a broken rule means", entitlement.SubjectSet{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -ne`}, alice, nil, nil},
	{"members of an organization", one(entitlement.ConnectedOrganizationMembers, org), alice, nil, []entitlement.ID{uid("gina"), uid("visitor")}},
	{"a kind that is not known", one("nonsense", bob), alice, nil, nil},
}

func one(k entitlement.SubjectSetKind, id entitlement.ID) entitlement.SubjectSet {
	return entitlement.SubjectSet{Kind: k, ID: id}
}

func level(k entitlement.SubjectSetKind, n int) entitlement.SubjectSet {
	return entitlement.SubjectSet{Kind: k, ManagerLevel: n}
}

func TestWhoIsAskedToApprove(t *testing.T) {
	w := newWorld(t)
	w.people()
	fallback := []entitlement.SubjectSet{one(entitlement.SingleUser, uid("outsider"))}
	for _, tt := range sets {
		w.fresh(func(p *entitlement.Policy) {
			p.AllowedTargetScope = entitlement.ScopeNotSpecified
			p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: yes(), Stages: []entitlement.ApprovalStage{
				{AutomaticDenial: 4 * day, Primary: []entitlement.SubjectSet{tt.set}, FallbackPrimary: fallback},
			}}
		})
		r, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: tt.target})
		must(t, err)
		want := tt.approvers
		if want == nil {
			want = []entitlement.ID{uid("outsider")}
		}
		if len(r.Progress.Approvals) != 1 {
			t.Fatalf("%s: the request is %s %s", tt.name, r.State, r.Status)
		}
		if diff := cmp.Diff(want, r.Progress.Approvals[0].Approvers); diff != "" {
			t.Errorf("%s: asked are (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestTheManagerOfWhoAsksIsAsked, and never of who would decide on their own request.
func TestTheManagerOfWhoAsksIsAsked(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.put(func(tx *store.Tx) error { // carol's manager is alice: the line goes round
		c, err := tx.Users.Get(t.Context(), uid("carol"))
		if err != nil {
			return err
		}
		c.ManagerID = alice
		return tx.Users.Update(t.Context(), c)
	})
	for n, want := range map[int][]entitlement.ID{1: {bob}, 2: {uid("carol")}, 3: {uid("outsider")}, 4: {bob}} {
		w.fresh(func(p *entitlement.Policy) {
			p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: yes(), Stages: []entitlement.ApprovalStage{{
				AutomaticDenial: 4 * day, Primary: []entitlement.SubjectSet{level(entitlement.RequestorManager, n)},
				FallbackPrimary: []entitlement.SubjectSet{one(entitlement.SingleUser, alice), one(entitlement.SingleUser, uid("outsider"))},
			}}}
		})
		r := w.ask(engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
		if diff := cmp.Diff(want, r.Progress.Approvals[0].Approvers); diff != "" {
			t.Errorf("level %d: asked are (-want +got):\n%s", n, diff)
		}
	}
}

func TestWhoMayAskForOthers(t *testing.T) {
	w := newWorld(t)
	w.people()
	everybody := []entitlement.ID{alice, bob, guest}
	for _, name := range []string{"carol", "dave", "erin", "frank", "gina", "henry", "ivan", "judy", "kate", "liam", "outsider", "visitor"} {
		everybody = append(everybody, uid(name))
	}
	for _, tt := range sets {
		scope := entitlement.ScopeAllDirectoryUsers
		switch tt.target {
		case robot:
			scope = entitlement.ScopeAllServicePrincipals
		case agent:
			scope = entitlement.ScopeAllAgentIdentities
		}
		w.fresh(func(p *entitlement.Policy) {
			p.AllowedTargetScope = scope
			p.RequestorSettings = &entitlement.RequestorSettings{EnableOnBehalfRequestorsToAddAccess: yes(), OnBehalfRequestors: []entitlement.SubjectSet{tt.set}}
		})
		var may []entitlement.ID
		for _, by := range everybody {
			r, err := w.Submit(t.Context(), person(by), engine.Order{Type: entitlement.TypeOnBehalfAdd, PackageID: w.pkg, TargetID: tt.target})
			if err == nil {
				may = append(may, by)
				if r.RequestorID != by || r.TargetID != tt.target {
					t.Errorf("%s: the request is by %s for %s", tt.name, r.RequestorID, r.TargetID)
				}
				w.removal(r.AssignmentID)
			}
		}
		want := make(map[entitlement.ID]bool)
		for _, id := range tt.behalf {
			want[id] = true
		}
		for _, id := range may {
			if !want[id] {
				t.Errorf("%s: %s may ask", tt.name, id)
			}
		}
		if len(may) != len(tt.behalf) {
			t.Errorf("%s: %v may ask, want %v", tt.name, may, tt.behalf)
		}
		w.editPolicy(func(p *entitlement.Policy) { p.RequestorSettings.EnableOnBehalfRequestorsToAddAccess = nil })
		for _, by := range tt.behalf {
			_, err := w.Submit(t.Context(), person(by), engine.Order{Type: entitlement.TypeOnBehalfAdd, PackageID: w.pkg, TargetID: tt.target})
			refused(t, err, entitlement.CodePolicyRequirements)
		}
	}
}
