package load_test

import (
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/load"
	"anteroom/internal/query"
	"anteroom/internal/server"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
	"anteroom/internal/testenv"
)

// place is a database that a server and the loader use in turn.
type place struct {
	t        *testing.T
	file     string
	endpoint *testenv.Endpoint
}

func newPlace(t *testing.T) *place {
	p := &place{t: t, file: filepath.Join(t.TempDir(), "anteroom.db"), endpoint: testenv.NewEndpoint("202")}
	t.Cleanup(p.endpoint.Close)
	return p
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// serve lets a server run for as long as fn.
func (p *place) serve(fn func(*testenv.Server)) {
	p.t.Helper()
	s, err := server.Dev(context.Background(), server.DevOptions{Data: p.file})
	p.must(err)
	defer func() { p.must(s.Stop()) }()
	fn(testenv.Attach(s.URL()))
}

// open lets fn use the database.
func (p *place) open(fn func(*sqlstore.Store)) {
	p.t.Helper()
	s, err := sqlstore.Open(p.t.Context(), sqlstore.Options{Data: p.file})
	p.must(err)
	defer func() { p.must(s.Close()) }()
	fn(s)
}

// story is all that is stored of one request and what it led to.
type story struct {
	Request    *entitlement.Request
	Assignment *entitlement.Assignment
	Grants     []*entitlement.Grant
	Member     *entitlement.Membership
	Jobs       []store.Job
	History    []*entitlement.Record
}

func (p *place) read(tx *store.Tx, id entitlement.ID) (s story) {
	p.t.Helper()
	ctx := p.t.Context()
	about := func(ref entitlement.ID) {
		jobs, err := tx.Jobs.Of(ctx, ref)
		p.must(err)
		records, err := tx.History.Of(ctx, ref)
		p.must(err)
		s.Jobs, s.History = append(s.Jobs, jobs...), append(s.History, records...)
	}
	var err error
	s.Request, err = tx.Requests.Get(ctx, id)
	p.must(err)
	about(id)
	if s.Request.State != entitlement.RequestDelivered {
		return s
	}
	s.Assignment, err = tx.Assignments.Get(ctx, s.Request.AssignmentID)
	p.must(err)
	about(s.Assignment.ID)
	s.Grants, err = tx.Grants.List(ctx, query.Query{Filter: query.Equal("assignment/id", string(s.Assignment.ID))})
	p.must(err)
	s.Member, err = tx.Memberships.Get(ctx, entitlement.MembershipID(s.Grants[0].GroupID, s.Grants[0].MemberID))
	p.must(err)
	return s
}

// What is loaded is what the server makes: it differs in nothing but ids, times, and the numbers in
// names.
func TestWhatIsLoadedIsWhatTheServerMakes(t *testing.T) {
	const people, packages = 40, 5
	p := newPlace(t)
	p.serve(func(*testenv.Server) {})
	p.open(func(s *sqlstore.Store) {
		p.must(load.Fill(t.Context(), load.Options{
			Store: s, Tenant: server.SampleTenant, App: testenv.AppID, Catalogs: 2, Packages: packages, People: people,
			Assignments: 2 * packages, Waiting: 3 * packages, Endpoint: p.endpoint.URL, AllowDenyAtCreated: true,
		}))
	})
	loaded, made := make(map[string]entitlement.ID), make(map[string]entitlement.ID)
	var person *entitlement.User
	orders := make(map[string]map[string]any) // of the same person, by what becomes of them
	p.open(func(s *sqlstore.Store) {
		p.must(s.View(t.Context(), server.SampleTenant, func(tx *store.Tx) error {
			person = p.someone(tx, loaded)
			p.orders(tx, person, orders)
			return nil
		}))
	})
	p.serve(func(s *testenv.Server) {
		for what, order := range orders {
			r, err := s.Call(string(server.SampleTenant), person.UserPrincipalName, http.MethodPost, "/assignmentRequests", order)
			p.must(err)
			if r.Status != http.StatusCreated {
				t.Fatalf("%s: %d %s", what, r.Status, r.Body)
			}
			made[what] = entitlement.ID(r.Value("id"))
		}
		p.must(s.Advance(string(server.SampleTenant), "PT0S")) // all that is due is done
	})
	p.open(func(s *sqlstore.Store) {
		p.must(s.View(t.Context(), server.SampleTenant, func(tx *store.Tx) error {
			for what := range orders {
				if diff := cmp.Diff(p.read(tx, made[what]), p.read(tx, loaded[what]), alike...); diff != "" {
					t.Errorf("a request that is %s (-made by the server +loaded):\n%s", what, diff)
				}
			}
			return nil
		}))
	})
}

// someone finds a person who has access by one loaded request and waits with another.
func (p *place) someone(tx *store.Tx, loaded map[string]entitlement.ID) *entitlement.User {
	p.t.Helper()
	all, err := tx.Requests.List(p.t.Context(), query.Query{})
	p.must(err)
	for _, first := range all {
		for _, second := range all {
			if first.TargetID == second.TargetID && first.State == entitlement.RequestDelivered && second.State == entitlement.RequestSubmitted {
				loaded["delivered"], loaded["waiting"] = first.ID, second.ID
				u, err := tx.Users.Get(p.t.Context(), first.TargetID)
				p.must(err)
				return u
			}
		}
	}
	p.t.Fatal("nobody asked for two packages")
	return nil
}

// orders are for a package that the person has not asked for, by each of its policies.
func (p *place) orders(tx *store.Tx, who *entitlement.User, orders map[string]map[string]any) {
	p.t.Helper()
	ctx := p.t.Context()
	asked, err := tx.Requests.List(ctx, query.Query{Filter: query.Equal("target/objectId", string(who.ID))})
	p.must(err)
	has := make(map[entitlement.ID]bool)
	for _, r := range asked {
		has[r.PackageID] = true
	}
	policies, err := tx.Policies.List(ctx, query.Query{})
	p.must(err)
	for _, policy := range policies {
		what := "delivered"
		if len(policy.StageSettings) > 0 {
			what = "waiting"
		}
		if orders[what] == nil && !has[policy.PackageID] {
			orders[what] = map[string]any{"requestType": "userAdd", "assignment": map[string]any{
				"accessPackageId": policy.PackageID, "assignmentPolicyId": policy.ID,
			}}
			has[policy.PackageID] = true
		}
	}
	if len(orders) != 2 {
		p.t.Fatalf("there is nothing left to ask for: %v", orders)
	}
}

var (
	uuids   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	seeds   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	numbers = regexp.MustCompile(`[0-9]+$`)
)

// alike compares ids and times by whether there are any, and names but for their numbers.
var alike = []cmp.Option{
	cmp.Comparer(func(a, b entitlement.ID) bool { return (a == "") == (b == "") }),
	cmp.Comparer(func(a, b time.Time) bool { return a.IsZero() == b.IsZero() }),
	cmp.Comparer(func(a, b string) bool { return plain(a) == plain(b) }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Seq" }, cmp.Ignore()),
}

func plain(s string) string {
	return numbers.ReplaceAllString(seeds.ReplaceAllString(uuids.ReplaceAllString(s, "an id"), "a seed"), "1")
}
