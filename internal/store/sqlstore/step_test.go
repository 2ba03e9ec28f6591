package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// step is one thing that happens to a request, and in which tables it is stored.
type step struct {
	name   string
	tables string
	// before brings a new request to the point at which the step can happen.
	before func(*house) (run func() error)
}

var steps = []step{
	{"an add that waits is created", "history job request", func(h *house) func() error {
		return h.adding(entitlement.StageCreated)
	}},
	{"an add is created and delivered", "assignment history membership request role_grant", func(h *house) func() error {
		return h.adding()
	}},
	{"a callout is sent", "history job request", func(h *house) func() error {
		h.added(entitlement.StageCreated)
		return h.performing(store.JobCallout)
	}},
	{"a callout fails", "history job request", func(h *house) func() error {
		h.added(entitlement.StageCreated)
		h.answer = errors.New("the endpoint answered 500")
		return h.performing(store.JobCallout)
	}},
	{"an answer leads to the next callout", "assignment history job request", func(h *house) func() error {
		h.added(entitlement.StageCreated, entitlement.StageGranted)
		return h.resuming(entitlement.OutcomeContinue)
	}},
	{"an answer leads to delivery", "assignment history job membership request role_grant", func(h *house) func() error {
		h.added(entitlement.StageGranted)
		return h.resuming(entitlement.OutcomeContinue)
	}},
	{"an answer denies", "history job request", func(h *house) func() error {
		h.added(entitlement.StageApproved)
		return h.resuming(entitlement.OutcomeDenied)
	}},
	{"an add is canceled", "history job request", func(h *house) func() error {
		h.added(entitlement.StageCreated)
		return h.canceling
	}},
	{"an add is canceled late", "assignment history job request", func(h *house) func() error {
		h.added(entitlement.StageGranted)
		return h.canceling
	}},
	{"a wait times out", "history job request", func(h *house) func() error {
		h.added(entitlement.StageCreated)
		h.now = h.now.Add(time.Hour)
		return h.performing(store.JobTimeout)
	}},
	{"a wait times out late", "assignment history job request", func(h *house) func() error {
		h.added(entitlement.StageGranted)
		h.now = h.now.Add(time.Hour)
		return h.performing(store.JobTimeout)
	}},
	{"a removal is created and done", "assignment history membership request role_grant", func(h *house) func() error {
		h.added()
		return h.removing()
	}},
	{"a removal that waits is created", "assignment history job membership request role_grant", func(h *house) func() error {
		h.added()
		return h.removing(entitlement.StageRemoved)
	}},
	{"a removal is answered", "history job request", func(h *house) func() error {
		h.added()
		must(h.t, h.removing(entitlement.StageRemoved)())
		return h.resuming(entitlement.OutcomeContinue)
	}},
	{"a removal times out", "history job request", func(h *house) func() error {
		h.added()
		must(h.t, h.removing(entitlement.StageRemoved)())
		h.now = h.now.Add(time.Hour)
		return h.performing(store.JobTimeout)
	}},
}

// TestNothingHalfDoneIsVisible plants a trigger that fails on each table in turn while
// each step happens: the step is refused as a whole, nothing of it is seen, and it
// succeeds when the trigger is gone. Tables in which it is not stored do not matter to it.
func TestNothingHalfDoneIsVisible(t *testing.T) {
	oncePerRun(t)
	onEach(t, func(t *testing.T, o Options) {
		h := newHouse(t, o)
		tables := h.tables()
		for _, s := range steps {
			t.Run(s.name, func(t *testing.T) {
				h.t = t
				h.step(s, tables)
			})
		}
	})
}

// step lets a step fail on each of its tables, and shows that it has no others.
func (h *house) step(s step, tables []string) {
	others := slices.Clone(tables)
	for _, table := range strings.Fields(s.tables) {
		h.fails(s, table, tables)
		others = slices.DeleteFunc(others, func(o string) bool { return o == table })
	}
	h.answer = nil
	run := s.before(h)
	h.plant(others...)
	err := run()
	h.pull(others...)
	if err != nil {
		h.t.Errorf("it is stored in more tables than %s: %v", s.tables, err)
	}
}

// fails lets the step happen while nothing can be stored in the table, and again after.
func (h *house) fails(s step, table string, tables []string) {
	h.t.Helper()
	h.answer = nil
	run := s.before(h)
	before := h.dump(tables)
	h.plant(table)
	err := run()
	h.pull(table)
	var refusal *entitlement.Error
	if !errors.Is(err, store.ErrUnavailable) {
		h.t.Errorf("%s: the error does not say that the store is unavailable: %v", table, err)
	} else if errors.As(err, &refusal) && refusal.Code != entitlement.CodeUnavailable {
		h.t.Errorf("%s: code %s", table, refusal.Code)
	}
	if diff := cmp.Diff(before, h.dump(tables)); diff != "" {
		h.t.Errorf("%s: something of the step is there (-before +after):\n%s", table, diff)
	}
	if err := run(); err != nil {
		h.t.Errorf("%s: the trigger is gone, and the step fails: %v", table, err)
	}
}

// house is an engine on a store, and the request that the steps happen to.
type house struct {
	t      *testing.T
	s      *Store
	e      *engine.Engine
	now    time.Time
	answer error // of the endpoint

	catalog, pkg, policy entitlement.ID
	settings             map[entitlement.Stage]entitlement.StageSetting
	people               int
	request              *entitlement.Request
}

func (h *house) Call(context.Context, engine.Call) error { return h.answer }

var (
	manager = entitlement.Actor{Tenant: sampleTenant, ObjectID: "0191aaaa-0000-7000-8000-00000000000a", Permissions: []string{entitlement.PermissionReadWrite}}
	owner   = entitlement.Actor{Tenant: sampleTenant, ObjectID: "0191aaaa-0000-7000-8000-00000000000b", Permissions: []string{entitlement.PermissionReadWrite}}
)

func newHouse(t *testing.T, o Options) *house {
	h := &house{t: t, s: opened(t, o), now: sampleTime, settings: map[entitlement.Stage]entitlement.StageSetting{}}
	h.e = engine.New(engine.Options{
		Store: h.s, Caller: h, Directory: directory.BuiltIn{}, Deliverer: delivery.Groups{},
		Clock: func() time.Time { return h.now }, AllowDenyAtCreated: true,
	})
	ctx := t.Context()
	must(t, h.e.EnsureTenant(ctx, sampleTenant, nil))
	must(t, h.s.View(ctx, sampleTenant, func(tx *store.Tx) error {
		list, err := tx.Catalogs.List(ctx, query.Query{})
		h.catalog = list[0].ID
		return err
	}))
	g := &entitlement.Group{DisplayName: "group"}
	must(t, h.e.CreateGroup(ctx, manager, g))
	_, err := h.e.RequestResource(ctx, manager, engine.ResourceOrder{Type: entitlement.TypeAdminAdd, CatalogID: h.catalog, OriginID: string(g.ID), OriginSystem: entitlement.OriginGroup})
	must(t, err)
	pkg := &entitlement.Package{DisplayName: "package", CatalogID: h.catalog}
	must(t, h.e.CreatePackage(ctx, manager, pkg))
	_, err = h.e.AddRoleScope(ctx, manager, engine.RoleScopeOrder{PackageID: pkg.ID, RoleOriginID: "Member_" + string(g.ID), ScopeOriginID: string(g.ID)})
	must(t, err)
	p := &entitlement.Policy{PackageID: pkg.ID, DisplayName: "policy", AllowedTargetScope: entitlement.ScopeAllDirectoryUsers}
	must(t, h.e.CreatePolicy(ctx, manager, p))
	h.pkg, h.policy = pkg.ID, p.ID
	for _, stage := range entitlement.RequestStages {
		x := &entitlement.Extension{
			CatalogID: h.catalog, Kind: entitlement.RequestExtension, DisplayName: string(stage), CallbackTimeout: time.Hour,
			Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: "https://example.org/"},
		}
		must(t, h.e.CreateExtension(ctx, manager, x))
		h.settings[stage] = entitlement.StageSetting{Stage: stage, ExtensionID: x.ID}
	}
	return h
}

// bind makes the policy wait at the stages, and at no other.
func (h *house) bind(stages ...entitlement.Stage) {
	h.t.Helper()
	_, err := h.e.ReplacePolicy(h.t.Context(), manager, h.policy, func(p *entitlement.Policy) error {
		p.StageSettings = nil
		for _, stage := range stages {
			p.StageSettings = append(p.StageSettings, h.settings[stage])
		}
		return nil
	})
	must(h.t, err)
}

func (h *house) submitting(o engine.Order) func() error {
	return func() (err error) {
		h.request, err = h.e.Submit(h.t.Context(), manager, o)
		return err
	}
}

// adding asks for access for a new person.
func (h *house) adding(stages ...entitlement.Stage) func() error {
	h.t.Helper()
	h.bind(stages...)
	return h.submitting(engine.Order{Type: entitlement.TypeAdminAdd, PackageID: h.pkg, PolicyID: h.policy, TargetID: h.person()})
}

// person makes a new user.
func (h *house) person() entitlement.ID {
	h.t.Helper()
	h.people++
	u := &entitlement.User{DisplayName: "user", UserPrincipalName: fmt.Sprintf("user%d@contoso.example", h.people), AccountEnabled: true}
	must(h.t, h.e.CreateUser(h.t.Context(), manager, u))
	return u.ID
}

func (h *house) added(stages ...entitlement.Stage) {
	h.t.Helper()
	must(h.t, h.adding(stages...)())
}

// removing takes away what the latest request gave.
func (h *house) removing(stages ...entitlement.Stage) func() error {
	h.t.Helper()
	h.bind(stages...)
	return h.submitting(engine.Order{Type: entitlement.TypeAdminRemove, AssignmentID: h.request.AssignmentID})
}

func (h *house) resuming(o entitlement.Outcome) func() error {
	c := h.request.Progress.Callouts[0]
	return func() error {
		return h.e.Resume(h.t.Context(), owner, h.request.ID, entitlement.Event{Instance: c.ID, Stage: c.Stage, Answer: entitlement.Answer{Outcome: o}})
	}
}

func (h *house) canceling() error { return h.e.Cancel(h.t.Context(), manager, h.request.ID) }

func (h *house) performing(kind store.JobKind) func() error {
	key := store.JobKey{Tenant: sampleTenant, Kind: kind, Ref: h.request.ID, N: 1}
	if len(h.request.Progress.Callouts) > 0 {
		key.N = h.request.Progress.Callouts[0].Wait
	}
	return func() error { return h.e.Perform(h.t.Context(), store.Job{JobKey: key}) }
}

// plant makes every change of the tables fail; pull ends that.
func (h *house) plant(tables ...string) {
	h.t.Helper()
	for _, change := range []string{"INSERT", "UPDATE", "DELETE"} {
		plant(h.t, h.s, change, tables...)
	}
}

func (h *house) pull(tables ...string) {
	h.t.Helper()
	for _, change := range []string{"INSERT", "UPDATE", "DELETE"} {
		pull(h.t, h.s, change, tables...)
	}
}

// tables lists all tables of the store.
func (h *house) tables() []string {
	h.t.Helper()
	text := "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
	if h.s.readers.db.remote {
		text = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
	}
	all := slices.DeleteFunc(h.rows(text), func(name string) bool {
		return strings.HasPrefix(name, "sqlite_") || name == "writer" // which counts the commits
	})
	if !slices.Contains(all, "history") || !slices.Contains(all, "job") {
		h.t.Fatalf("the tables are %q", all)
	}
	return all
}

// dump is all that the tables hold.
func (h *house) dump(tables []string) map[string][]string {
	h.t.Helper()
	all := make(map[string][]string)
	for _, table := range tables {
		all[table] = h.rows("SELECT * FROM " + table)
		slices.Sort(all[table])
	}
	return all
}

func (h *house) rows(text string) (list []string) {
	h.t.Helper()
	must(h.t, h.s.readers.use(h.t.Context(), func(c *conn) error {
		return c.query(context.Background(), text, nil, func(v []driver.Value) error {
			list = append(list, strings.TrimSuffix(fmt.Sprintln(values(v)...), "\n"))
			return nil
		})
	}))
	return list
}

// values are v as Sprintln takes them.
func values(v []driver.Value) []any {
	list := make([]any, len(v))
	for i := range v {
		list[i] = v[i]
	}
	return list
}
