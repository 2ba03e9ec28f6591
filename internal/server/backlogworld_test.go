package server

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

const (
	backlogTenant = entitlement.TenantID("c0ffee00-0000-4000-8000-000000000001")
	backlogGroup  = entitlement.ID("96000000-0000-4000-8000-000000000001")
)

var backlogApp = entitlement.Actor{Tenant: backlogTenant, ObjectID: "a9900000-0000-4000-8000-000000000001", Permissions: []string{entitlement.PermissionReadWrite}}

func backlogPerson(n int) entitlement.ID {
	return entitlement.DeriveID("person", strconv.Itoa(n))
}

// backlog is an engine on a store, and a process that goes up and down. Its clock stands
// still but for wait.
type backlog struct {
	t      *testing.T
	store  *sqlstore.Store
	engine *engine.Engine
	began  time.Time
	called chan struct{} // for each call of an extension that is not waited for
	calls  atomic.Int64
	left   int // of the backlog when the new requests were called for

	mu         sync.Mutex
	now        time.Time
	dispatcher *Dispatcher // nil while the process is down
	catalog    entitlement.ID
}

func newBacklog(t *testing.T) *backlog {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{})
	b := &backlog{t: t, store: s, began: time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC), called: make(chan struct{}, newcomers)}
	b.must(err)
	t.Cleanup(func() {
		b.down()
		b.must(s.Close())
	})
	b.now = b.began
	b.engine = engine.New(engine.Options{
		Store: s, Caller: b, Directory: directory.BuiltIn{}, Deliverer: delivery.Groups{}, Clock: b.clock, OnJobs: b.announce,
	})
	seed := &engine.Seed{Groups: []entitlement.Group{{Object: entitlement.Object{ID: backlogGroup}, DisplayName: "group"}}}
	for n := range backlogSize/4 + 1 {
		id := backlogPerson(n)
		seed.Users = append(seed.Users, entitlement.User{
			Object: entitlement.Object{ID: id}, DisplayName: "person", UserPrincipalName: string(id), Type: entitlement.UserMember, AccountEnabled: true,
		})
	}
	b.must(b.engine.EnsureTenant(t.Context(), backlogTenant, seed))
	b.must(s.View(t.Context(), backlogTenant, func(tx *store.Tx) error {
		list, err := tx.Catalogs.List(t.Context(), query.Query{})
		b.catalog = list[0].ID
		return err
	}))
	_, err = b.engine.RequestResource(t.Context(), backlogApp, engine.ResourceOrder{
		Type: entitlement.TypeAdminAdd, CatalogID: b.catalog, OriginID: string(backlogGroup), OriginSystem: entitlement.OriginGroup,
	})
	b.must(err)
	return b
}

func (b *backlog) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *backlog) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *backlog) wait(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// Call takes every call.
func (b *backlog) Call(_ context.Context, c engine.Call) error {
	b.calls.Add(1)
	if !c.Planned.Waits() {
		b.called <- struct{}{}
	}
	return nil
}

func (b *backlog) announce(jobs []store.Job) {
	b.mu.Lock()
	d := b.dispatcher
	b.mu.Unlock()
	if d != nil {
		d.Announce(jobs)
	}
}

// up starts the process, down stops it.
func (b *backlog) up() {
	d := NewDispatcher(b.store, b.engine, DispatcherOptions{Now: b.clock})
	b.mu.Lock()
	b.dispatcher = d
	b.mu.Unlock()
	d.Start()
}

func (b *backlog) down() {
	b.mu.Lock()
	d := b.dispatcher
	b.dispatcher = nil
	b.mu.Unlock()
	if d != nil {
		ctx, cancel := context.WithTimeout(context.Background(), backlogHangs)
		defer cancel()
		d.Stop(ctx)
	}
}

// drain waits until nothing is due.
func (b *backlog) drain() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), backlogHangs)
	defer cancel()
	b.must(b.dispatcher.Drain(ctx, backlogTenant))
}

// addPackage makes a package that gives the group, with a policy; calls says that it calls
// an extension when it is asked for.
func (b *backlog) addPackage(name string, wait time.Duration, calls bool, p entitlement.Policy) entitlement.ID {
	b.t.Helper()
	ctx := b.t.Context()
	pkg := &entitlement.Package{DisplayName: name, CatalogID: b.catalog}
	b.must(b.engine.CreatePackage(ctx, backlogApp, pkg))
	_, err := b.engine.AddRoleScope(ctx, backlogApp, engine.RoleScopeOrder{
		PackageID: pkg.ID, RoleOriginID: "Member_" + string(backlogGroup), ScopeOriginID: string(backlogGroup),
	})
	b.must(err)
	p.PackageID, p.DisplayName, p.AllowedTargetScope = pkg.ID, name, entitlement.ScopeAllDirectoryUsers
	if calls {
		x := &entitlement.Extension{
			CatalogID: b.catalog, Kind: entitlement.RequestExtension, DisplayName: name, CallbackTimeout: wait,
			Endpoint: entitlement.Endpoint{Kind: entitlement.HTTPRequestEndpoint, URL: "https://example.org/" + name},
		}
		b.must(b.engine.CreateExtension(ctx, backlogApp, x))
		p.StageSettings = []entitlement.StageSetting{{Stage: entitlement.StageCreated, ExtensionID: x.ID}}
	}
	b.must(b.engine.CreatePolicy(ctx, backlogApp, &p))
	return pkg.ID
}

// backlogState is what there is, and how often what happened.
type backlogState struct {
	requests    map[entitlement.ID]*entitlement.Request
	assignments map[entitlement.ID]*entitlement.Assignment
	timedOut    map[entitlement.ID]int // timers of requests
	woken       map[entitlement.ID]int // changes of assignments that move them nowhere
	expired     map[entitlement.ID]int
	removals    map[entitlement.ID]int // requests of the server, by assignment
}

func (b *backlog) read() *backlogState {
	b.t.Helper()
	ctx := context.Background()
	s := &backlogState{
		requests: map[entitlement.ID]*entitlement.Request{}, assignments: map[entitlement.ID]*entitlement.Assignment{},
		timedOut: map[entitlement.ID]int{}, woken: map[entitlement.ID]int{}, expired: map[entitlement.ID]int{}, removals: map[entitlement.ID]int{},
	}
	b.must(b.store.View(ctx, backlogTenant, func(tx *store.Tx) error {
		requests, err := tx.Requests.List(ctx, query.Query{})
		for _, r := range requests {
			if s.requests[r.ID] = r; r.Type == entitlement.TypeSystemRemove {
				s.removals[r.AssignmentID]++
			}
		}
		if err != nil {
			return err
		}
		assignments, err := tx.Assignments.List(ctx, query.Query{})
		for _, a := range assignments {
			s.assignments[a.ID] = a
		}
		if err != nil {
			return err
		}
		records, err := tx.History.List(ctx, 0, 100*backlogSize)
		for _, r := range records {
			s.count(r)
		}
		return err
	}))
	return s
}

func (s *backlogState) count(r *entitlement.Record) {
	switch {
	case r.Action == string(entitlement.EventTimedOut):
		s.timedOut[r.Ref]++
	case r.Kind != string(rules.Assignments) || r.Action != "update":
	case r.From == r.To:
		s.woken[r.Ref]++
	case r.To == string(entitlement.AssignmentExpired):
		s.expired[r.Ref]++
	}
}
