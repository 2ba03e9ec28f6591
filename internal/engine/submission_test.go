package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const day = 24 * time.Hour

func yes() *bool { b := true; return &b }

// put changes what is stored without asking the engine.
func (w *world) put(fn func(*store.Tx) error) {
	w.t.Helper()
	must(w.t, w.store.Store.Update(w.t.Context(), tenant, fn))
}

// editPolicy changes the policy of the world.
func (w *world) editPolicy(change func(*entitlement.Policy)) {
	w.t.Helper()
	w.put(func(tx *store.Tx) error {
		p, err := tx.Policies.Get(w.t.Context(), w.policy)
		if err != nil {
			return err
		}
		change(p)
		return tx.Policies.Update(w.t.Context(), p)
	})
}

// fresh makes a package of its own, with one policy that changes says.
func (w *world) fresh(change func(*entitlement.Policy)) {
	w.t.Helper()
	w.pkg = w.addPackage("package " + string(entitlement.DeriveID(string(w.pkg))))
	w.policy = w.addPolicy(w.pkg)
	w.editPolicy(change)
}

func (w *world) holding(id entitlement.ID) (a *entitlement.Assignment) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		a, err = tx.Assignments.Get(w.t.Context(), id)
		return err
	})
	return a
}

// uid is the id of somebody by their name.
func uid(name string) entitlement.ID { return entitlement.DeriveID("somebody", name) }

const (
	robot = entitlement.ID("50000000-0000-4000-8000-000000000001")
	agent = entitlement.ID("50000000-0000-4000-8000-000000000002")
	org   = entitlement.ID("06000000-0000-4000-8000-000000000001")
)

// people adds to the organisation: alice's manager is bob, whose manager is carol; she is
// sponsored by dave, who is disabled, and erin. visitor comes from partner.example, an
// organization sponsored by frank within and gina outside. robot is owned by henry, agent
// by ivan, and sponsored by judy. kate is a member of group, liam works in HR.
func (w *world) people() {
	w.t.Helper()
	domain := func(u *entitlement.User) { mail := "x@Partner.example"; u.Mail, u.Type = &mail, entitlement.UserGuest }
	for name, change := range map[string]func(*entitlement.User){
		"carol": nil, "dave": func(u *entitlement.User) { u.AccountEnabled = false }, "erin": nil, "frank": nil, "gina": domain,
		"henry": nil, "ivan": nil, "judy": nil, "kate": nil, "outsider": nil, "visitor": domain,
		"liam": func(u *entitlement.User) { d := "HR"; u.SetAttribute("department", &d) },
	} {
		u := &entitlement.User{Object: entitlement.Object{ID: uid(name)}, DisplayName: name, UserPrincipalName: name + "@contoso.example", AccountEnabled: true}
		if change != nil {
			change(u)
		}
		must(w.t, w.CreateUser(w.t.Context(), app, u))
	}
	must(w.t, w.AddMember(w.t.Context(), app, group, uid("kate")))
	w.put(func(tx *store.Tx) error {
		ctx := w.t.Context()
		a, errA := tx.Users.Get(ctx, alice)
		b, errB := tx.Users.Get(ctx, bob)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		a.ManagerID, a.Sponsors, b.ManagerID = bob, []entitlement.ID{uid("dave"), uid("erin"), group}, uid("carol")
		sp := func(id entitlement.ID, typ entitlement.ServicePrincipalType, owner string, sponsors ...entitlement.ID) error {
			return tx.Principals.Insert(ctx, &entitlement.ServicePrincipal{
				Object: entitlement.Object{ID: id}, DisplayName: string(typ), Type: typ, AccountEnabled: true, Owners: []entitlement.ID{uid(owner)}, Sponsors: sponsors,
			})
		}
		return errors.Join(tx.Users.Update(ctx, a), tx.Users.Update(ctx, b),
			sp(robot, entitlement.PrincipalApplication, "henry"), sp(agent, entitlement.PrincipalAgentIdentity, "ivan", uid("judy")),
			tx.Organizations.Insert(ctx, &entitlement.ConnectedOrganization{
				Object: entitlement.Object{ID: org}, DisplayName: "partner", State: entitlement.OrganizationConfigured,
				IdentitySources:  []entitlement.IdentitySource{{Kind: entitlement.SourceDomain, Key: "partner.example"}},
				InternalSponsors: []entitlement.ID{uid("frank")}, ExternalSponsors: []entitlement.ID{uid("gina")},
			}))
	})
}

// TestWhomAPolicyLetsIn: what the directory knows of the target reaches the rule.
func TestWhomAPolicyLetsIn(t *testing.T) {
	w := newWorld(t)
	w.people()
	for _, tt := range []struct {
		name    string
		scope   entitlement.TargetScope
		targets []entitlement.SubjectSet
		in, out []entitlement.ID
	}{
		{"a group", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.GroupMembers, ID: group}},
			[]entitlement.ID{uid("kate")}, []entitlement.ID{alice, guest, robot}},
		{"a rule", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -eq "HR"`}},
			[]entitlement.ID{uid("liam")}, []entitlement.ID{alice, guest, robot}},
		{"a rule that cannot be read", entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -ne "HR`}},
			nil, []entitlement.ID{alice, uid("liam"), robot}},
		{"an organization", entitlement.ScopeSpecificConnectedOrganizationUsers, []entitlement.SubjectSet{{Kind: entitlement.ConnectedOrganizationMembers, ID: org}},
			[]entitlement.ID{uid("visitor")}, []entitlement.ID{alice, guest, robot}},
		{"configured organizations", entitlement.ScopeAllConfiguredOrganizationUsers, nil, []entitlement.ID{uid("visitor")}, []entitlement.ID{alice, guest, robot}},
		{"everybody outside", entitlement.ScopeAllExternalUsers, nil, []entitlement.ID{uid("visitor"), guest}, []entitlement.ID{alice, robot}},
		{"a service principal", entitlement.ScopeSpecificServicePrincipals, []entitlement.SubjectSet{{Kind: entitlement.SingleServicePrincipal, ID: robot}},
			[]entitlement.ID{robot}, []entitlement.ID{agent, alice}},
		{"agents", entitlement.ScopeAllAgentIdentities, nil, []entitlement.ID{agent}, []entitlement.ID{robot, alice}},
		{"nobody asks", entitlement.ScopeNotSpecified, nil, []entitlement.ID{alice, robot, uid("visitor")}, []entitlement.ID{uid("dave")}},
	} {
		w.fresh(func(p *entitlement.Policy) { p.AllowedTargetScope, p.SpecificAllowedTargets = tt.scope, tt.targets })
		for _, target := range tt.in {
			r, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: target})
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			} else if r.TargetID != target || r.Target.ObjectID != target {
				t.Errorf("%s: the target is %+v", tt.name, r.Target)
			}
		}
		for _, target := range tt.out {
			_, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: target})
			t.Run(tt.name, func(t *testing.T) { refused(t, err, entitlement.CodePolicyRequirements) })
		}
	}
}

func TestTheTargetIsDescribedAsItIs(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.fresh(func(p *entitlement.Policy) { p.AllowedTargetScope = entitlement.ScopeNotSpecified })
	for target, want := range map[entitlement.ID]entitlement.Subject{
		uid("visitor"): {ObjectID: uid("visitor"), Type: entitlement.SubjectUser, DisplayName: "visitor", PrincipalName: "visitor@contoso.example", Email: "x@Partner.example", ConnectedOrganizationID: org},
		robot:          {ObjectID: robot, Type: entitlement.SubjectServicePrincipal, DisplayName: "Application"},
	} {
		r, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: target})
		must(t, err)
		if r.Target != want {
			t.Errorf("the target is %+v, want %+v", r.Target, want)
		}
	}
}

func TestWhatIsNotOfferedIsNotAskedFor(t *testing.T) {
	w := newWorld(t)
	edit := func(change func(*entitlement.Catalog)) {
		w.put(func(tx *store.Tx) error {
			c, err := tx.Catalogs.Get(t.Context(), w.catalog)
			if err != nil {
				return err
			}
			change(c)
			return tx.Catalogs.Update(t.Context(), c)
		})
	}
	ask := func(id entitlement.ID) error {
		_, err := w.Submit(t.Context(), person(id), engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg})
		return err
	}
	edit(func(c *entitlement.Catalog) { c.IsExternallyVisible = false })
	must(t, ask(guest))              // who is in the directory is inside
	w.put(func(tx *store.Tx) error { // hidden: who knows it may ask
		p, err := tx.Packages.Get(t.Context(), w.pkg)
		if err != nil {
			return err
		}
		p.IsHidden = true
		return tx.Packages.Update(t.Context(), p)
	})
	must(t, ask(alice))
	edit(func(c *entitlement.Catalog) { c.State = entitlement.CatalogUnpublished })
	refused(t, ask(bob), entitlement.CodePolicyRequirements)
	w.assign(bob)
}

// TestThePolicyThatAnOrderMeans: the narrowest that lets the target in.
func TestThePolicyThatAnOrderMeans(t *testing.T) {
	w := newWorld(t)
	wide, pkg := w.policy, w.pkg
	w.policy = w.addPolicy(pkg)
	narrow := w.policy
	w.editPolicy(func(p *entitlement.Policy) {
		p.AllowedTargetScope, p.SpecificAllowedTargets = entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: alice}}
	})
	w.policy = w.addPolicy(pkg)
	w.editPolicy(func(p *entitlement.Policy) { // never chosen
		p.AllowedTargetScope, p.SpecificAllowedTargets = entitlement.ScopeSpecificDirectoryUsers, []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.accountEnabled -eq true`}}
		p.Automatic = &entitlement.AutomaticSettings{RequestForAllowed: yes()}
	})
	automatic := w.policy
	for id, want := range map[entitlement.ID]entitlement.ID{alice: narrow, bob: wide} {
		r, err := w.Submit(t.Context(), person(id), engine.Order{Type: entitlement.TypeUserAdd, PackageID: pkg})
		must(t, err)
		if r.PolicyID != want {
			t.Errorf("the policy is %s, want %s", r.PolicyID, want)
		}
	}
	for by, o := range map[*entitlement.Actor]engine.Order{
		ptr(person(guest)): {Type: entitlement.TypeUserAdd, PackageID: pkg, PolicyID: automatic},
		&app:               {Type: entitlement.TypeAdminAdd, PackageID: pkg, PolicyID: automatic, TargetID: guest},
	} {
		_, err := w.Submit(t.Context(), *by, o)
		refused(t, err, entitlement.CodePolicyRequirements)
	}
	w.addPolicy(pkg)
	_, err := w.Submit(t.Context(), person(guest), engine.Order{Type: entitlement.TypeUserAdd, PackageID: pkg})
	refused(t, err, entitlement.CodeInvalidModel)
	if err != nil && !strings.Contains(err.Error(), string(wide)) {
		t.Errorf("%q does not name the candidates", err)
	}
	_, err = w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.addPackage("bare"), TargetID: guest})
	refused(t, err, entitlement.CodePolicyRequirements)
}

func ptr[T any](v T) *T { return &v }

// TestADisabledAccountAsksForNothing: neither for itself nor for others.
func TestADisabledAccountAsksForNothing(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.editPolicy(func(p *entitlement.Policy) {
		p.RequestorSettings = &entitlement.RequestorSettings{
			EnableTargetsToSelfAddAccess: yes(), EnableOnBehalfRequestorsToAddAccess: yes(),
			OnBehalfRequestors: []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: uid("dave")}},
		}
	})
	w.unchanged("a refusal", func() {
		for _, o := range []engine.Order{
			{Type: entitlement.TypeUserAdd, PackageID: w.pkg}, {Type: entitlement.TypeOnBehalfAdd, PackageID: w.pkg, TargetID: alice},
		} {
			_, err := w.Submit(t.Context(), person(uid("dave")), o)
			refused(t, err, entitlement.CodePolicyRequirements)
		}
		_, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: uid("dave")})
		refused(t, err, entitlement.CodePolicyRequirements)
	})
}

func TestWhatExcludesAPackageIsLookedFor(t *testing.T) {
	w := newWorld(t)
	pay := w.pkg
	w.assign(alice)
	w.fresh(func(*entitlement.Policy) {})
	approve, order := w.pkg, engine.Order{Type: entitlement.TypeUserAdd, PackageID: w.pkg}
	exclude := func(pkg, other, group entitlement.ID) {
		w.put(func(tx *store.Tx) error {
			return tx.Incompatible.Insert(t.Context(), &entitlement.Incompatibility{
				Object: entitlement.Object{ID: entitlement.IncompatibilityID(pkg, other+group)}, PackageID: pkg, OtherPackageID: other, GroupID: group,
			})
		})
	}
	exclude(approve, pay, "")
	exclude(approve, "", group2)
	must(t, w.AddMember(t.Context(), app, group2, bob))
	w.unchanged("a refusal", func() {
		for _, target := range []entitlement.ID{alice, bob} { // the one has the package, the other is in the group
			_, err := w.Submit(t.Context(), person(target), order)
			refused(t, err, entitlement.CodeIncompatibleAccess)
			_, err = w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: approve, TargetID: target})
			refused(t, err, entitlement.CodeIncompatibleAccess)
			refused(t, w.Conflict(t.Context(), tenant, approve, target), entitlement.CodeIncompatibleAccess)
		}
	})
	must(t, w.Conflict(t.Context(), tenant, pay, alice)) // the link is one-way
	w.assign(guest)
	w.removal(holdingOf(w, pay, alice))
	must(t, w.Conflict(t.Context(), tenant, approve, alice))
}

// holdingOf is the assignment of a package to somebody.
func holdingOf(w *world, pkg, target entitlement.ID) (id entitlement.ID) {
	for _, a := range w.dump().Assignments {
		if a.PackageID == pkg && a.TargetID == target {
			id = a.ID
		}
	}
	return id
}
