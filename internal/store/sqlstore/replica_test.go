package sqlstore

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// hang is how long a test waits for what must come: a limit for hangs.
const hang = time.Minute

// shortLease is the lease of replicas in tests.
const shortLease = 400 * time.Millisecond

// member is one process of several on a database, in this one.
type member struct {
	*Store
	woken, lost chan struct{}
}

// join opens a store that performs jobs.
func join(t *testing.T, o Options) *member {
	t.Helper()
	m := &member{woken: make(chan struct{}, 1), lost: make(chan struct{}, 1)}
	o.Postgres.Performs = true
	if o.Postgres.Lease == 0 {
		o.Postgres.Lease = shortLease
	}
	o.Postgres.OnWake = func() { signal(m.woken) }
	o.Postgres.OnLost = func() { signal(m.lost) }
	m.Store = openSample(t, o)
	return m
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// within waits for something that must come.
func within(t *testing.T, c chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(hang):
		t.Fatalf("%s: it never came", what)
	}
}

// until asks again and again, in a test whose subject lives by the database's clock.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(hang); !holds(); <-tick.C {
		if time.Now().After(limit) {
			t.Fatalf("%s: it never came", what)
		}
	}
}

func jobKey(n int) store.JobKey {
	return store.JobKey{Tenant: sampleTenant, Kind: store.JobNotice, Ref: "0191aaaa-0000-7000-8000-00000000000c", N: n}
}

// put stores jobs that fall due in a while, and so are held by nobody.
func (m *member) put(t *testing.T, from, to int) {
	t.Helper()
	must(t, m.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
		for n := from; n < to; n++ {
			if err := tx.Jobs.Put(t.Context(), store.Job{JobKey: jobKey(n), Due: time.Now().Add(time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// dueBy lists the numbers of the jobs that the member finds to be its own by then.
func (m *member) dueBy(t *testing.T, limit int) (list []int) {
	t.Helper()
	jobs, err := m.DueJobs(t.Context(), time.Now().Add(2*time.Hour), nil, limit)
	must(t, err)
	for _, j := range jobs {
		list = append(list, j.N)
	}
	slices.Sort(list)
	return list
}

// take performs a job as the dispatcher and the engine do, and reports whether it counted.
func (m *member) take(t *testing.T, n int) (taken bool) {
	t.Helper()
	var held error
	err := m.Update(t.Context(), sampleTenant, func(tx *store.Tx) (err error) {
		_, held = tx.Jobs.Held(t.Context(), jobKey(n))
		return tx.Jobs.Take(t.Context(), jobKey(n))
	})
	if err != nil && !errors.Is(err, store.ErrNotHeld) {
		t.Errorf("job %d: taking it: %v", n, err)
	}
	if (err == nil) != (held == nil) || held != nil && !errors.Is(held, store.ErrNotFound) {
		t.Errorf("job %d: Take says %v, Held %v", n, err, held)
	}
	return err == nil
}

// TestEachJobIsHeldByOne lets three claim all at once, page by page.
func TestEachJobIsHeldByOne(t *testing.T) {
	o := onPostgres(t)
	o.Postgres.Lease = hang
	members := []*member{join(t, o), join(t, o), join(t, o)}
	const all = 600
	members[0].put(t, 0, all)
	var mu sync.Mutex
	owner := map[int]int{}
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() {
			for limit := 10; limit <= all; limit += 10 {
				for _, n := range m.dueBy(t, limit) {
					mu.Lock()
					if was, ok := owner[n]; ok && was != i {
						t.Errorf("job %d is held by %d and %d", n, was, i)
					}
					owner[n] = i
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if len(owner) != all {
		t.Errorf("%d jobs are held, want %d", len(owner), all)
	}
	const n = all / 2
	for i, m := range members {
		if i != owner[n] && m.take(t, n) {
			t.Errorf("job %d was taken by %d, and is held by %d", n, i, owner[n])
		}
	}
	if m := members[owner[n]]; !m.take(t, n) || m.take(t, n) {
		t.Errorf("job %d was not taken once by who holds it", n)
	}
}

// TestClaimsNoMoreThanAskedFor: who looks for a few leaves the rest to others.
func TestClaimsNoMoreThanAskedFor(t *testing.T) {
	o := onPostgres(t)
	o.Postgres.Lease = hang
	a, b := join(t, o), join(t, o)
	a.put(t, 0, 500)
	if n := len(a.dueBy(t, 100)); n != 100 {
		t.Errorf("100 of 500 were asked for, and %d found", n)
	}
	if n := len(b.dueBy(t, 500)); n != 400 {
		t.Errorf("%d of 500 were left for another, want 400", n)
	}
}

// TestDueAtOnceIsHeldByItsMaker, so that nobody else looks at it.
func TestDueAtOnceIsHeldByItsMaker(t *testing.T) {
	o := onPostgres(t)
	o.Postgres.Lease = hang
	a, b := join(t, o), join(t, o)
	must(t, a.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
		return tx.Jobs.Put(t.Context(), store.Job{JobKey: jobKey(1), Due: time.Now().Add(-time.Second)})
	}))
	if n := len(b.dueBy(t, 10)); n != 0 || b.take(t, 1) {
		t.Errorf("another finds %d jobs that are due", n)
	}
	if n := len(a.dueBy(t, 10)); n != 1 || !a.take(t, 1) {
		t.Errorf("who made it finds %d jobs", n)
	}
}

// TestDeadReplica: what a process held that died, and says nothing, is done by another.
func TestDeadReplica(t *testing.T) {
	o := onPostgres(t)
	alive := join(t, o)
	through, p := proxied(t)
	through.Data = viaSame(t, o.Data, p)
	dead := join(t, through)
	dead.put(t, 0, 50)
	if n := len(dead.dueBy(t, 50)); n != 50 {
		t.Fatalf("it holds %d jobs, want 50", n)
	}
	if n := len(alive.dueBy(t, 50)); n != 0 {
		t.Fatalf("the other holds %d jobs, want none", n)
	}
	drained(alive.woken)
	p.Refuse(true)
	p.Cut() // nothing of it is heard any more
	within(t, alive.woken, "free jobs")
	if n := len(alive.dueBy(t, 50)); n != 50 {
		t.Errorf("it took over %d jobs, want 50", n)
	}
	p.Refuse(false)
	within(t, dead.lost, "that the lease was lost")
	until(t, "that it joins again", dead.Performing)
	if dead.take(t, 7) || !alive.take(t, 7) || alive.take(t, 7) {
		t.Error("a job was not done once, by who took it over")
	}
}

// TestHungReplica: a process whose connections hang for longer than its lease stops
// performing by itself, and what it does after that is refused.
func TestHungReplica(t *testing.T) {
	o := onPostgres(t)
	alive := join(t, o)
	through, p := proxied(t)
	through.Data = viaSame(t, o.Data, p)
	hung := join(t, through)
	hung.put(t, 0, 10)
	first := hung.replica.id()
	if n := len(hung.dueBy(t, 10)); n != 10 {
		t.Fatalf("it holds %d jobs, want 10", n)
	}
	p.Hold(true)
	until(t, "that it stops performing", func() bool { return !hung.Performing() })
	until(t, "that the other takes over", func() bool { return len(alive.dueBy(t, 10)) == 10 })
	p.Hold(false)
	within(t, hung.lost, "that the lease was lost")
	until(t, "that it joins again", hung.Performing)
	if id := hung.replica.id(); id == first || id == 0 {
		t.Errorf("it has the number %d, and had %d", id, first)
	}
	if hung.take(t, 3) {
		t.Error("what it held before was taken by it")
	}
	hung.put(t, 20, 21)
	until(t, "a job of its own", func() bool { return slices.Contains(hung.dueBy(t, 50), 20) || slices.Contains(alive.dueBy(t, 50), 20) })
}

// TestKeeperIsCut: a lease outlives the connection that renews it.
func TestKeeperIsCut(t *testing.T) {
	through, p := proxied(t)
	through.Postgres.Lease = 3 * time.Second
	m := join(t, through)
	first := m.replica.id()
	for range 5 {
		good := m.replica.good.Load()
		p.Cut()
		until(t, "the next renewal", func() bool { return m.replica.good.Load() > good })
	}
	if id := m.replica.id(); id != first || !m.Performing() {
		t.Errorf("it has the number %d, and had %d", id, first)
	}
}

// TestKeeperHangs: a lease outlives a connection that hangs, where new ones do not.
func TestKeeperHangs(t *testing.T) {
	o := onPostgres(t)
	o.Postgres.Lease = 3 * time.Second
	m := join(t, o)
	first, good := m.replica.id(), m.replica.good.Load()
	var pid int64
	until(t, "the session of the keeper", func() bool {
		must(t, m.readers.use(t.Context(), func(c *conn) (err error) {
			pid, _, err = c.number(t.Context(), "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query LIKE '%replica%' AND pid <> pg_backend_pid()")
			return err
		}))
		return pid != 0
	})
	must(t, syscall.Kill(int(pid), syscall.SIGSTOP))
	defer func() { must(t, syscall.Kill(int(pid), syscall.SIGCONT)) }()
	for range 2 { // one may have been under way
		until(t, "a renewal", func() bool { return m.replica.good.Load() > good })
		good = m.replica.good.Load()
	}
	if id := m.replica.id(); id != first || !m.Performing() {
		t.Errorf("it has the number %d, and had %d", id, first)
	}
}

// TestLeaveGivesBack: who is closed frees its jobs at once and wakes the others.
func TestLeaveGivesBack(t *testing.T) {
	o := onPostgres(t)
	o.Postgres.Lease = hang
	stays, leaves := join(t, o), join(t, o)
	leaves.put(t, 0, 20)
	if n := len(leaves.dueBy(t, 20)); n != 20 {
		t.Fatalf("it holds %d jobs, want 20", n)
	}
	drained(stays.woken)
	must(t, leaves.Close())
	within(t, stays.woken, "that jobs are free")
	if n := len(stays.dueBy(t, 20)); n != 20 {
		t.Errorf("it took over %d jobs, want 20", n)
	}
	if n := rowCount(t, stays.Store, "replica"); n != 1 {
		t.Errorf("%d replicas are left, want 1", n)
	}
	if n := rowCount(t, stays.Store, "writer"); n != 1 {
		t.Errorf("%d writers are left, want 1", n)
	}
}

// TestReplicasStartTogether on an empty database.
func TestReplicasStartTogether(t *testing.T) {
	data := emptyPostgres(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), Options{Data: data, Logger: slog.New(slog.DiscardHandler), Postgres: PostgresOptions{Performs: true}})
			if err != nil {
				t.Error(err)
				return
			}
			err = s.CreateTenant(t.Context(), &entitlement.Tenant{ID: sampleTenant, CreatedAt: sampleTime})
			if err != nil && !errors.Is(err, store.ErrDuplicate) {
				t.Error(err)
			}
			must(t, s.Close())
		})
	}
	wg.Wait()
}

func drained(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}
