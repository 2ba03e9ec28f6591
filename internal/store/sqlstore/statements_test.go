package sqlstore

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// TestStatementsOfAJob compares the statements of each step of a job with a golden file:
// each of them is time of the one writer. One that is added shows there, and needs a reason.
func TestStatementsOfAJob(t *testing.T) {
	statementsOfAJob(t, Options{}, "testdata/job.golden")
}

// TestRoundTripsOfAJob does the same where what counts are round trips: the statements that
// travel together are one step in.
func TestRoundTripsOfAJob(t *testing.T) {
	statementsOfAJob(t, onPostgres(t), "testdata/job.postgres.golden")
}

func statementsOfAJob(t *testing.T, o Options, name string) {
	t.Helper()
	h := newHouse(t, o)
	h.bind(entitlement.StageCreated)
	admin := manager
	admin.ObjectID, admin.User, admin.Administrator = h.person(), true, true
	people := []entitlement.ID{h.person(), h.person()}
	order := engine.Order{Type: entitlement.TypeAdminAdd, PackageID: h.pkg, PolicyID: h.policy, TargetID: people[0]}
	create := func() (err error) {
		h.request, err = h.e.Submit(t.Context(), admin, order)
		return err
	}
	must(t, create())
	must(t, h.resuming(entitlement.OutcomeContinue)()) // what is kept in memory is there from now on
	order.TargetID = people[1]
	log := h.record()
	var b strings.Builder
	total := 0
	step := func(name string, run func() error) {
		t.Helper()
		*log = nil
		must(t, run())
		total += len(*log)
		fmt.Fprintf(&b, "%s: %d\n", name, len(*log))
		for _, text := range *log {
			b.WriteString(abridged(text))
		}
	}
	step("create", create)
	callout, sent := h.calling()
	step("callout prepared", callout)
	step("callout sent", sent)
	step("resume and deliver", h.resuming(entitlement.OutcomeContinue))
	step("read", func() error {
		r, err := h.e.Reader(owner).Requests.Get(t.Context(), h.request.ID)
		if err == nil && r.State != entitlement.RequestDelivered {
			t.Errorf("the request is %s, want it delivered", r.State)
		}
		return err
	})
	fmt.Fprintf(&b, "all of the job: %d\n", total)

	if *updateGolden {
		must(t, os.WriteFile(name, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(name)
	must(t, err)
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("a job runs other statements; if they are needed, run with -update (-want +got):\n%s", d)
	}
}

// calling returns the two halves of performing the callout of the request: what happens
// until the endpoint is called, and what after that.
func (h *house) calling() (before, after func() error) {
	called, answer, done := make(chan struct{}), make(chan struct{}), make(chan error)
	perform := h.performing(store.JobCallout)
	was := h.e.Caller
	h.e.Caller = callFunc(func(context.Context, engine.Call) error {
		close(called)
		<-answer
		return nil
	})
	before = func() error {
		go func() { done <- perform() }()
		<-called
		return nil
	}
	after = func() error {
		close(answer)
		err := <-done
		h.e.Caller = was
		return err
	}
	return before, after
}

type callFunc func(context.Context, engine.Call) error

func (f callFunc) Call(ctx context.Context, c engine.Call) error { return f(ctx, c) }

// record lets all statements be written down that the store runs from now on.
func (h *house) record() *[]string {
	h.t.Helper()
	log := new([]string)
	must(h.t, h.s.writer(tenantKey{}).do(h.t.Context(), tenantKey{}, func(x *txn) error {
		x.conn.session = recorded{x.conn.session, log, h.s.readers.db.remote}
		return nil
	}))
	if h.s.readers.db.remote {
		return log // how a View ends is nobody's wait
	}
	for range len(h.s.readers.idle) {
		c := <-h.s.readers.idle
		c.session = recorded{c.session, log, false}
		h.s.readers.idle <- c
	}
	return log
}

// recorded is a session that writes down what is run in it.
type recorded struct {
	session
	log   *[]string
	trips bool // those that travel together are one
}

func (r recorded) run(ctx context.Context, list []*statement) error {
	for i, s := range list {
		if i > 0 && r.trips {
			(*r.log)[len(*r.log)-1] += "\t\t" + s.text + "\n"
			continue
		}
		*r.log = append(*r.log, "\t"+s.text+"\n")
	}
	return r.session.run(ctx, list)
}

var (
	columnNames = regexp.MustCompile(`(SELECT|INSERT INTO \w+) \(?\w+(, \w+)+\)?`)
	values_     = regexp.MustCompile(`\(\$\d+(, \$\d+)*\)`)
	settings    = regexp.MustCompile(`SET version.* WHERE`)
)

// abridged is a statement without the names of columns that follow from its table.
func abridged(text string) string {
	text = columnNames.ReplaceAllString(text, "$1 …")
	text = values_.ReplaceAllString(text, "(…)")
	return settings.ReplaceAllString(text, "SET … WHERE")
}
