package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

const (
	tenant = entitlement.TenantID("c0ffee00-0000-4000-8000-000000000001")
	alice  = entitlement.ID("a11ce000-0000-4000-8000-000000000001")
	bob    = entitlement.ID("b0b00000-0000-4000-8000-000000000001")
	guest  = entitlement.ID("90e57000-0000-4000-8000-000000000001")
	group  = entitlement.ID("96000000-0000-4000-8000-000000000001")
	group2 = entitlement.ID("96000000-0000-4000-8000-000000000002")
)

// start is when the real clock of every test begins.
var start = time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC)

var (
	app     = entitlement.Actor{Tenant: tenant, ObjectID: "a9900000-0000-4000-8000-000000000001", Permissions: []string{entitlement.PermissionReadWrite}, RequestID: "call"}
	answers = entitlement.Actor{Tenant: tenant, ObjectID: "a9900000-0000-4000-8000-000000000002", Permissions: []string{entitlement.PermissionReadWrite}, RequestID: "call"}
)

func person(id entitlement.ID) entitlement.Actor {
	return entitlement.Actor{Tenant: tenant, User: true, ObjectID: id, Permissions: []string{entitlement.PermissionSubjectAccess}}
}

// caller is an extension's endpoint that answers as it is told.
type caller struct {
	mu     sync.Mutex
	calls  []engine.Call
	answer func(engine.Call) error
}

func (c *caller) Call(_ context.Context, call engine.Call) error {
	c.mu.Lock()
	c.calls = append(c.calls, call)
	answer := c.answer
	c.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(call)
}

// unsteady is a store that runs every function twice, as a Store may, and fails commits
// when it is told to.
type unsteady struct {
	*sqlstore.Store
	once bool  // run functions once, as concurrent tests need
	fail error // of every Update, when it would commit
	// gaveWay tells whether the last Update was one that gives way to others.
	gaveWay atomic.Bool
}

var errAgain = errors.New("once more")

func (u *unsteady) Update(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	u.gaveWay.Store(store.IsDeferrable(ctx))
	if !u.once {
		undone := u.Store.Update(ctx, t, func(tx *store.Tx) error { _ = fn(tx); return errAgain })
		if !errors.Is(undone, errAgain) {
			return undone
		}
	}
	return u.Store.Update(ctx, t, func(tx *store.Tx) error {
		if err := fn(tx); err != nil || u.fail == nil {
			return err
		}
		return u.fail
	})
}

// world is an engine on a store of its own, with a small organisation: one package that
// gives one group through one policy that lets everybody in.
type world struct {
	*engine.Engine
	t      *testing.T
	store  *unsteady
	caller *caller
	mu     sync.Mutex
	now    time.Time // the real clock
	told   []store.Job
	// separate is set where deliveries are recorded in transactions of their own.
	separate    bool
	pkg, policy entitlement.ID
	catalog     entitlement.ID
}

func newWorld(t *testing.T, options ...func(*engine.Options)) *world {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{})
	must(t, err)
	w := &world{t: t, store: &unsteady{Store: s}, caller: &caller{}, now: start}
	opts := engine.Options{
		Store: w.store, Caller: w.caller, Directory: directory.BuiltIn{}, Deliverer: delivery.Groups{},
		Clock: w.clock, OnJobs: w.onJobs, AllowDenyAtCreated: true,
	}
	for _, o := range options {
		o(&opts)
	}
	w.Engine = engine.New(opts)
	t.Cleanup(func() {
		if !t.Failed() {
			w.checkHistory()
		}
		must(t, s.Close())
	})
	w.organise()
	return w
}

func (w *world) organise() {
	ctx := w.t.Context()
	user := func(id entitlement.ID, name string, typ entitlement.UserType) entitlement.User {
		return entitlement.User{Object: entitlement.Object{ID: id}, DisplayName: name, UserPrincipalName: name + "@contoso.example", Type: typ, AccountEnabled: true}
	}
	must(w.t, w.EnsureTenant(ctx, tenant, &engine.Seed{
		Users: []entitlement.User{user(alice, "alice", entitlement.UserMember), user(bob, "bob", entitlement.UserMember), user(guest, "guest", entitlement.UserGuest)},
		Groups: []entitlement.Group{
			{Object: entitlement.Object{ID: group}, DisplayName: "one"}, {Object: entitlement.Object{ID: group2}, DisplayName: "two"},
		},
	}))
	w.view(func(tx *store.Tx) error {
		list, err := tx.Catalogs.List(ctx, query.Query{})
		w.catalog = list[0].ID
		return err
	})
	for _, g := range []entitlement.ID{group, group2} {
		_, err := w.RequestResource(ctx, app, engine.ResourceOrder{Type: entitlement.TypeAdminAdd, CatalogID: w.catalog, OriginID: string(g), OriginSystem: entitlement.OriginGroup})
		must(w.t, err)
	}
	w.pkg = w.addPackage("package")
	w.addRole(w.pkg, group)
	w.policy = w.addPolicy(w.pkg)
}

func (w *world) addPackage(name string) entitlement.ID {
	p := &entitlement.Package{DisplayName: name, CatalogID: w.catalog}
	must(w.t, w.CreatePackage(w.t.Context(), app, p))
	return p.ID
}

func (w *world) addRole(pkg, g entitlement.ID) string {
	w.t.Helper()
	rs, err := w.AddRoleScope(w.t.Context(), app, engine.RoleScopeOrder{PackageID: pkg, RoleOriginID: "Member_" + string(g), ScopeOriginID: string(g)})
	must(w.t, err)
	return rs.PublicID()
}

func (w *world) addPolicy(pkg entitlement.ID) entitlement.ID {
	yes := true
	p := &entitlement.Policy{
		PackageID: pkg, DisplayName: "policy", AllowedTargetScope: entitlement.ScopeAllDirectoryUsers,
		RequestorSettings: &entitlement.RequestorSettings{EnableTargetsToSelfAddAccess: &yes},
	}
	must(w.t, w.CreatePolicy(w.t.Context(), app, p))
	return p.ID
}

// bind makes the policy call a new extension at each of the stages; wait is zero for
// launch and continue.
func (w *world) bind(wait time.Duration, stages ...entitlement.Stage) {
	w.t.Helper()
	for _, stage := range stages {
		x := &entitlement.Extension{
			CatalogID: w.catalog, Kind: entitlement.RequestExtension, DisplayName: string(stage), CallbackTimeout: wait,
			Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: "https://example.org/" + string(stage)},
		}
		must(w.t, w.CreateExtension(w.t.Context(), app, x))
		_, err := w.ReplacePolicy(w.t.Context(), app, w.policy, func(p *entitlement.Policy) error {
			p.StageSettings = append(p.StageSettings, entitlement.StageSetting{Stage: stage, ExtensionID: x.ID})
			return nil
		})
		must(w.t, err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// onJobs checks that it is told of what is committed.
func (w *world) onJobs(jobs []store.Job) {
	w.mu.Lock()
	w.told = append(w.told, jobs...)
	w.mu.Unlock()
	if !w.store.once {
		w.view(func(tx *store.Tx) error {
			for _, job := range jobs {
				if job.Tenant != tenant {
					continue
				}
				if stored, err := tx.Jobs.Get(context.Background(), job.JobKey); err != nil || *stored != job {
					w.t.Errorf("OnJobs was told of %v, and stored is %v, %v", job, stored, err)
				}
			}
			return nil
		})
	}
}

func (w *world) view(fn func(*store.Tx) error) {
	w.t.Helper()
	must(w.t, w.store.View(context.Background(), tenant, fn))
}

// run performs what is due.
func (w *world) run() {
	w.t.Helper()
	must(w.t, w.RunDue(w.t.Context(), tenant))
}

// advance moves the real clock without running anything.
func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) add(target entitlement.ID) *entitlement.Request {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, PolicyID: w.policy, TargetID: target})
	must(w.t, err)
	return r
}

// assign gives the package through the policy without any callout.
func (w *world) assign(target entitlement.ID) *entitlement.Request {
	w.t.Helper()
	r := w.add(target)
	w.is(r, "delivered Delivered")
	return r
}

func (w *world) removal(a entitlement.ID) *entitlement.Request {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), app, engine.Order{Type: entitlement.TypeAdminRemove, AssignmentID: a})
	must(w.t, err)
	return r
}

func (w *world) request(id entitlement.ID) (r *entitlement.Request) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		r, err = tx.Requests.Get(context.Background(), id)
		return err
	})
	return r
}

// answer is the event of a callback to the callout that is under way.
func (w *world) answer(id entitlement.ID, outcome entitlement.Outcome) entitlement.Event {
	w.t.Helper()
	r := w.request(id)
	if len(r.Progress.Callouts) == 0 {
		w.t.Fatalf("request %s called nobody", id)
	}
	c := r.Progress.Callouts[len(r.Progress.Callouts)-1]
	return entitlement.Event{Instance: c.ID, Stage: c.Stage, Answer: entitlement.Answer{Outcome: outcome, Source: "source", Detail: "detail"}}
}

// goOn answers the callout under way so that the request goes on.
func (w *world) goOn(r *entitlement.Request) {
	w.t.Helper()
	must(w.t, w.Resume(w.t.Context(), answers, r.ID, w.answer(r.ID, entitlement.OutcomeContinue)))
}

// is checks the state and status of a request, and what must hold beside them.
func (w *world) is(r *entitlement.Request, want string) {
	w.t.Helper()
	now := w.request(r.ID)
	if got := fmt.Sprintf("%s %s", now.State, now.Status); got != want {
		w.t.Errorf("the request is %q, want %q", got, want)
	}
	finished := now.Progress.Phase.Finished()
	if now.CompletedAt.IsZero() == finished {
		w.t.Errorf("the request is in phase %s and completed at %v", now.Progress.Phase, now.CompletedAt)
	}
	if jobs := w.jobs(r.ID); finished && len(jobs) > 0 {
		w.t.Errorf("the request is finished and leaves jobs: %v", jobs)
	} else if !finished && len(jobs) == 0 {
		w.t.Errorf("the request is in phase %s and nothing is left to be done for it", now.Progress.Phase)
	}
}

func (w *world) jobs(ref entitlement.ID) (list []store.Job) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		list, err = tx.Jobs.Of(context.Background(), ref)
		return err
	})
	return list
}

// due lists the jobs of a request by kind, wait and how long until they are due.
func (w *world) due(r *entitlement.Request) []string {
	w.t.Helper()
	var list []string
	for _, j := range w.jobs(r.ID) {
		list = append(list, fmt.Sprintf("%s %d in %s", j.Kind, j.N, j.Due.Sub(w.clock())))
	}
	return list
}

// assignment returns the state of an assignment, "" for none.
func (w *world) assignment(id entitlement.ID) (state entitlement.AssignmentState) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		a, err := tx.Assignments.Get(context.Background(), id)
		if err == nil {
			state = a.State
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	return state
}

func (w *world) member(g, u entitlement.ID) (in bool) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		m, err := directory.BuiltIn{}.MemberOf(context.Background(), tx, u, []entitlement.ID{g})
		in = m[g]
		return err
	})
	return in
}

// membership checks who is in the groups: a word of letters, "1" for group, "2" for group2.
func (w *world) membership(u entitlement.ID, want string) {
	w.t.Helper()
	got := ""
	if w.member(group, u) {
		got += "1"
	}
	if w.member(group2, u) {
		got += "2"
	}
	if got != want {
		w.t.Errorf("the user is in groups %q, want %q", got, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is a refusal with that code.
func refused(t testing.TB, err error, want entitlement.Code) {
	t.Helper()
	var refusal *entitlement.Error
	if !errors.As(err, &refusal) || refusal.Code != want || refusal.Message == "" {
		t.Errorf("error %v, want code %s", err, want)
	}
}
