package simulation

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/modelstore"
)

const (
	tenant  entitlement.TenantID = "c0ffee00-0000-4000-8000-000000000001"
	adminID entitlement.ID       = "c0ffee00-0000-4000-8000-00000000000a"
	ownerID entitlement.ID       = "c0ffee00-0000-4000-8000-00000000000e"
)

// epoch is when every run begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is one run: an engine on a store that forgets and refuses, and all that happens
// around it.
type world struct {
	*engine.Engine
	seed  uint64
	rng   *rand.Rand
	store *modelstore.Store
	ctx   context.Context
	now   time.Time
	// latest is the latest time that the clock has shown.
	latest time.Time
	calm   bool // nothing goes wrong: the world is being made, or looked at
	ids    int
	trace  func(format string, args ...any)
	sum    uint64 // of everything that was done

	people   []entitlement.ID
	groups   []entitlement.ID
	packages []entitlement.ID
	policies []entitlement.ID
	// What was answered with success, and has to be true for as long as it is kept.
	created map[entitlement.ID]bool
	deleted map[entitlement.ID]bool
	answers map[entitlement.ID]entitlement.Outcome      // by callout instance
	decided map[entitlement.ID]entitlement.ReviewResult // by stage of approval
	sent    map[entitlement.ID]int                      // notices, by event id
	crashed map[entitlement.ID]bool                     // notices whose sending was cut off, or whose record was lost
}

func newWorld(seed uint64, trace func(string, ...any)) *world {
	w := &world{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 7)), ctx: context.Background(), now: epoch, calm: true, trace: trace, sum: 14695981039346656037,
		created: map[entitlement.ID]bool{}, deleted: map[entitlement.ID]bool{}, answers: map[entitlement.ID]entitlement.Outcome{},
		decided: map[entitlement.ID]entitlement.ReviewResult{}, sent: map[entitlement.ID]int{}, crashed: map[entitlement.ID]bool{},
	}
	w.store = modelstore.New(modelstore.Options{Faults: w.fault})
	w.Engine = engine.New(engine.Options{
		Store: w.store, Caller: w, Notifier: w, Directory: directory.BuiltIn{}, Deliverer: delivery.Groups{},
		Clock: func() time.Time { return w.now }, AllowDenyAtCreated: true,
		NewID:   func() entitlement.ID { return w.id() },
		NewSeed: func() string { return fmt.Sprintf("%016x%016x", w.rng.Uint64(), w.rng.Uint64()) },
	})
	w.organise()
	w.calm = false
	return w
}

// id makes ids that sort by time, as those of the server do.
func (w *world) id() entitlement.ID {
	w.ids++
	return entitlement.ID(fmt.Sprintf("%08x-%04x-7000-8000-%012x", w.now.Unix()>>8, w.ids>>16&0xffff, w.ids))
}

// did adds a line to the run: two runs of a seed are the same if their sums are.
func (w *world) did(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", w.sum, line)
	w.sum = h.Sum64()
	w.trace("%s %s", w.now.Format("2006-01-02T15:04:05"), line)
}

// fault lets one change in twenty go wrong in one of three ways.
func (w *world) fault(op modelstore.Op, _ int) modelstore.Fault {
	if w.calm {
		return modelstore.None
	}
	switch n := w.rng.IntN(100); {
	case op == modelstore.OpView && n < 1:
		return modelstore.Refuse
	case op != modelstore.OpCommit || n >= 6:
		return modelstore.None
	case n < 2:
		return modelstore.Refuse
	case n < 4:
		return modelstore.Forget
	}
	return modelstore.Repeat
}

// Call is the endpoint of every extension: it takes what it gets, refuses it, or the
// server dies over it.
func (w *world) Call(ctx context.Context, c engine.Call) error {
	switch w.rng.IntN(8) {
	case 0:
		return errors.New("the endpoint answered 503")
	case 1:
		return context.Canceled
	}
	return ctx.Err()
}

// Sinks implements engine.Notifier: there is one sink.
func (w *world) Sinks() []string { return []string{"webhook"} }

// Send is the sink. It counts what it gets.
func (w *world) Send(_ context.Context, _ string, _ entitlement.TenantID, _ []byte, n entitlement.Notice) error {
	if w.rng.IntN(6) == 0 {
		return errors.New("the sink answered 503")
	}
	w.sent[n.ID]++
	return nil
}

func (w *world) admin() entitlement.Actor {
	return entitlement.Actor{Tenant: tenant, ObjectID: adminID, AppID: string(adminID), Permissions: []string{entitlement.PermissionReadWrite}}
}

func (w *world) owner() entitlement.Actor {
	return entitlement.Actor{Tenant: tenant, ObjectID: ownerID, AppID: string(ownerID), Permissions: []string{entitlement.PermissionReadWrite}}
}

func (w *world) person(id entitlement.ID) entitlement.Actor {
	return entitlement.Actor{Tenant: tenant, User: true, ObjectID: id, Permissions: []string{entitlement.PermissionSubjectAccess}}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// organise makes people, a group each of three packages gives, and random policies.
func (w *world) organise() {
	must(w.EnsureTenant(w.ctx, tenant, nil))
	for i := range 6 {
		u := &entitlement.User{
			DisplayName: fmt.Sprintf("Person %d", i), UserPrincipalName: fmt.Sprintf("p%d@example.org", i), Type: entitlement.UserMember, AccountEnabled: true,
		}
		if i == 5 {
			u.Type = entitlement.UserGuest
		}
		if i > 0 {
			u.ManagerID = w.people[0]
		}
		must(w.CreateUser(w.ctx, w.admin(), u))
		w.people = append(w.people, u.ID)
	}
	c := &entitlement.Catalog{DisplayName: "Catalog", State: entitlement.CatalogPublished, IsExternallyVisible: true}
	must(w.CreateCatalog(w.ctx, w.admin(), c))
	var extensions []entitlement.ID
	for i := range 3 {
		x := &entitlement.Extension{
			CatalogID: c.ID, Kind: entitlement.RequestExtension, DisplayName: fmt.Sprintf("Extension %d", i),
			Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: fmt.Sprintf("https://x%d.example.org/", i)},
		}
		switch i {
		case 1:
			x.CallbackTimeout = time.Duration(1+w.rng.IntN(14*24)) * time.Hour
		case 2:
			x.Kind = entitlement.AssignmentExtension
		}
		must(w.CreateExtension(w.ctx, w.admin(), x))
		extensions = append(extensions, x.ID)
	}
	for i := range 3 {
		w.addPackage(c.ID, fmt.Sprintf("Package %d", i), extensions)
	}
}

func (w *world) addPackage(catalog entitlement.ID, name string, extensions []entitlement.ID) {
	p := &entitlement.Package{CatalogID: catalog, DisplayName: name}
	must(w.CreatePackage(w.ctx, w.admin(), p))
	for range 2 {
		g := &entitlement.Group{DisplayName: "Group of " + name, SecurityEnabled: true}
		must(w.CreateGroup(w.ctx, w.admin(), g))
		w.groups = append(w.groups, g.ID)
		rr, err := w.RequestResource(w.ctx, w.admin(), engine.ResourceOrder{Type: entitlement.TypeAdminAdd, CatalogID: catalog, OriginSystem: entitlement.OriginGroup, OriginID: string(g.ID)})
		must(err)
		_, err = w.AddRoleScope(w.ctx, w.admin(), engine.RoleScopeOrder{PackageID: p.ID, ResourceID: rr.ResourceID, RoleOriginID: "Member_" + string(g.ID)})
		must(err)
	}
	w.packages = append(w.packages, p.ID)
	for range 1 + w.rng.IntN(2) {
		policy := w.randomPolicy(p.ID, extensions)
		must(w.CreatePolicy(w.ctx, w.admin(), policy))
		w.policies = append(w.policies, policy.ID)
	}
	if w.rng.IntN(3) == 0 {
		w.addAutomatic(p.ID)
	}
}

func (w *world) addAutomatic(pkg entitlement.ID) {
	yes, grace := true, time.Duration(w.rng.IntN(3)*7*24)*time.Hour
	must(w.CreatePolicy(w.ctx, w.admin(), &entitlement.Policy{
		PackageID: pkg, DisplayName: "Automatic", AllowedTargetScope: entitlement.ScopeSpecificDirectoryUsers,
		SpecificAllowedTargets: []entitlement.SubjectSet{{Kind: entitlement.AttributeRuleMembers, Rule: `user.department -eq "Sales"`}},
		Automatic:              &entitlement.AutomaticSettings{RequestForAllowed: &yes, RemoveWhenLeaving: &yes, GracePeriod: &grace},
	}))
}

func (w *world) chance(one int) *bool {
	b := w.rng.IntN(one) == 0
	return &b
}

func (w *world) randomPolicy(pkg entitlement.ID, extensions []entitlement.ID) *entitlement.Policy {
	yes := true
	p := &entitlement.Policy{
		PackageID: pkg, DisplayName: "Policy", AllowedTargetScope: entitlement.ScopeAllDirectoryUsers,
		RequestorSettings: &entitlement.RequestorSettings{
			EnableTargetsToSelfAddAccess: &yes, EnableTargetsToSelfUpdateAccess: w.chance(2), EnableTargetsToSelfRemoveAccess: w.chance(2),
			AllowCustomAssignmentSchedule: w.chance(2),
		},
	}
	if w.rng.IntN(3) == 0 {
		p.AllowedTargetScope = entitlement.ScopeAllMemberUsers
	}
	if w.rng.IntN(2) == 0 {
		p.Expiration = &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: time.Duration(1+w.rng.IntN(60*24)) * time.Hour}
	}
	if stages := w.rng.IntN(3); stages > 0 {
		p.ApprovalSettings = &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: &yes, IsApprovalRequiredForUpdate: w.chance(2)}
		for range stages {
			p.ApprovalSettings.Stages = append(p.ApprovalSettings.Stages, w.randomStage())
		}
	}
	bind := func(stage entitlement.Stage, x entitlement.ID) {
		if w.rng.IntN(3) == 0 {
			p.StageSettings = append(p.StageSettings, entitlement.StageSetting{Stage: stage, ExtensionID: x})
		}
	}
	for _, stage := range entitlement.RequestStages {
		bind(stage, extensions[w.rng.IntN(2)])
	}
	bind(entitlement.StageFourteenDays, extensions[2])
	bind(entitlement.StageOneDay, extensions[2])
	return p
}

func (w *world) randomStage() entitlement.ApprovalStage {
	yes := true
	s := entitlement.ApprovalStage{
		AutomaticDenial: time.Duration(5+w.rng.IntN(10)) * 24 * time.Hour,
		Primary:         []entitlement.SubjectSet{{Kind: entitlement.RequestorManager, ManagerLevel: 1}},
	}
	switch w.rng.IntN(3) {
	case 0:
		s.FallbackPrimary = []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: w.people[1]}, {Kind: entitlement.SingleUser, ID: w.people[2]}}
	case 1:
		s.Primary = []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: w.people[2]}, {Kind: entitlement.SingleUser, ID: w.people[3]}}
		s.EscalationEnabled, s.Escalation = &yes, 2*24*time.Hour
		s.Alternates = []entitlement.SubjectSet{{Kind: entitlement.SingleUser, ID: w.people[1]}}
	}
	return s
}

// look reads the store without anything going wrong.
func (w *world) look(fn func(*store.Tx) error) {
	was := w.calm
	w.calm = true
	defer func() { w.calm = was }()
	must(w.store.View(w.ctx, tenant, fn))
}

func (w *world) requests(filter query.Expr) (list []*entitlement.Request) {
	w.look(func(tx *store.Tx) (err error) {
		list, err = tx.Requests.List(w.ctx, query.Query{Filter: filter})
		return err
	})
	return list
}

func (w *world) assignments(filter query.Expr) (list []*entitlement.Assignment) {
	w.look(func(tx *store.Tx) (err error) {
		list, err = tx.Assignments.List(w.ctx, query.Query{Filter: filter})
		return err
	})
	return list
}

// pick returns one of a list, or nil.
func pick[T any](w *world, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[w.rng.IntN(len(list))], true
}

func sorted[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
