package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// behind queues changes while the writer is held, so that they share a commit, and
// returns their results.
func behind(t *testing.T, s *Store, changes ...func(*store.Tx) error) []error {
	t.Helper()
	return behindWith(t, s, func() {}, changes...)
}

// behindWith is behind with something done, inside the writer, before it goes on.
func behindWith(t *testing.T, s *Store, then func(), changes ...func(*store.Tx) error) []error {
	t.Helper()
	return behindWithin(t, s, t.Context(), then, changes...)
}

// behindWithin is behindWith with a context for the changes.
func behindWithin(t *testing.T, s *Store, ctx context.Context, then func(), changes ...func(*store.Tx) error) []error { //nolint:revive // t comes first in tests
	t.Helper()
	results := make([]error, len(changes))
	var wg sync.WaitGroup
	must(t, s.Update(t.Context(), sampleTenant, func(*store.Tx) error {
		for i, fn := range changes {
			wg.Go(func() { results[i] = s.Update(ctx, sampleTenant, fn) })
			for len(s.writers[0].queue) <= i { // they queue in this order
				runtime.Gosched()
			}
		}
		then()
		return nil
	}))
	wg.Wait()
	return results
}

func insertUser(t *testing.T, n int) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.Users.Insert(t.Context(), storetest.Filled[entitlement.User](n)) }
}

func userCount(t *testing.T, s *Store) (n int) {
	t.Helper()
	must(t, s.View(t.Context(), sampleTenant, func(tx *store.Tx) (err error) {
		n, err = tx.Users.Count(t.Context(), nil)
		return err
	}))
	return n
}

func TestGrouping(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		o.MaxGroup = 16
		s := openSample(t, o)
		changes := make([]func(*store.Tx) error, 64)
		for i := range changes {
			changes[i] = insertUser(t, i)
		}
		before := s.writers[0].commits.Load()
		for _, err := range behind(t, s, changes...) {
			must(t, err)
		}
		// One for the change that held the writer, which the first ones may have joined.
		if n := s.writers[0].commits.Load() - before; n != 5 {
			t.Errorf("%d changes took %d commits, want 5", len(changes), n)
		}
		if n := userCount(t, s); n != len(changes) {
			t.Errorf("there are %d users, want %d", n, len(changes))
		}
	})
}

func TestGroupMembersArePrivate(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		mine := errors.New("mine")
		var panicked any
		got := behind(t, s,
			insertUser(t, 1),
			func(tx *store.Tx) error { return errors.Join(insertUser(t, 2)(tx), mine) },
			insertUser(t, 1), // a duplicate
			insertUser(t, 3),
		)
		for i, want := range []error{nil, mine, store.ErrDuplicate, nil} {
			if !errors.Is(got[i], want) {
				t.Errorf("change %d: %v, want %v", i, got[i], want)
			}
		}
		// A panic is its caller's alone.
		got = behind(t, s, insertUser(t, 4), insertUser(t, 5))
		func() {
			defer func() { panicked = recover() }()
			_ = s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error { must(t, insertUser(t, 6)(tx)); panic("mine") })
		}()
		if panicked != "mine" || errors.Join(got...) != nil {
			t.Errorf("panic %v, others %v", panicked, got)
		}
		if n := userCount(t, s); n != 4 {
			t.Errorf("there are %d users, want 4", n)
		}
	})
}

// TestFailsAtOnce: a change that fails before its first statement harms nobody, and who
// comes after it has the tenant alone.
func TestFailsAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		mine := errors.New("mine")
		var alone error
		got := behind(t, s,
			func(*store.Tx) error { return mine },
			func(tx *store.Tx) error {
				if err := insertUser(t, 1)(tx); err != nil || !s.readers.db.remote {
					return err
				}
				return s.readers.use(t.Context(), func(c *conn) error {
					_, alone = c.exec(t.Context(), "SELECT number FROM tenant FOR UPDATE NOWAIT")
					return nil
				})
			},
			func(*store.Tx) error { return mine },
			insertUser(t, 2),
		)
		for i, want := range []error{mine, nil, mine, nil} {
			if !errors.Is(got[i], want) {
				t.Errorf("change %d: %v, want %v", i, got[i], want)
			}
		}
		if n := userCount(t, s); n != 2 || s.readers.db.remote && alone == nil {
			t.Errorf("there are %d users, want 2; locking the tenant beside the change: %v, want a refusal", n, alone)
		}
	})
}

// TestUndoneAmongOthers: who comes after a change that is undone although it has written has
// the tenant alone, and numbers its records as if that had not been.
func TestUndoneAmongOthers(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		mine := errors.New("mine")
		record := func(tx *store.Tx) (*entitlement.Record, error) {
			r := storetest.Filled[entitlement.Record](1)
			return r, tx.History.Append(t.Context(), r)
		}
		fails := func(write bool) func(*store.Tx) error {
			return func(tx *store.Tx) error {
				_, err := record(tx)
				must(t, err)
				if write {
					must(t, insertUser(t, 7)(tx))
				}
				return mine
			}
		}
		want := int64(0)
		for _, write := range []bool{false, true} {
			want++
			var alone error
			var seq int64
			got := behind(t, s, fails(write), func(tx *store.Tx) error {
				r, err := record(tx)
				must(t, err)
				seq = r.Seq
				if !s.readers.db.remote {
					return nil
				}
				return s.readers.use(t.Context(), func(c *conn) error {
					_, alone = c.exec(t.Context(), "SELECT number FROM tenant FOR UPDATE NOWAIT")
					return nil
				})
			})
			if !errors.Is(got[0], mine) || got[1] != nil {
				t.Errorf("the changes: %v", got)
			}
			if seq != want || s.readers.db.remote && alone == nil {
				t.Errorf("after one that wrote %v: the record has number %d, want %d; locking the tenant beside it: %v, want a refusal", write, seq, want, alone)
			}
		}
	})
}

// TestGoexit ends the writer's goroutine from within, as t.Fatal does.
func TestGoexit(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		got := behind(t, s, insertUser(t, 1), func(*store.Tx) error { runtime.Goexit(); return nil }, insertUser(t, 2))
		for i, err := range got {
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("change %d: %v, want ErrUnavailable", i, err)
			}
		}
		if n := userCount(t, s); n != 0 {
			t.Errorf("there are %d users, want none", n)
		}
		must(t, s.Update(t.Context(), sampleTenant, insertUser(t, 1)))
	})
}

func TestQueueIsBounded(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		o.MaxQueue = 2
		s := openSample(t, o)
		for _, err := range behindWith(t, s, func() {
			err := s.Update(t.Context(), sampleTenant, insertUser(t, 3))
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Update with a full queue: %v, want ErrUnavailable", err)
			}
		}, insertUser(t, 1), insertUser(t, 2)) {
			must(t, err)
		}
	})
}

// TestNewThingsGiveWay: what begins something is refused while there is room for what ends
// something.
func TestNewThingsGiveWay(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		o.MaxQueue = 8
		s := openSample(t, o)
		refused := func(want bool) {
			err := s.Update(store.Deferrable(t.Context()), sampleTenant, insertUser(t, 9))
			if errors.Is(err, store.ErrUnavailable) != want {
				t.Errorf("what begins something: %v, want a refusal: %v", err, want)
			}
		}
		for _, err := range behindWith(t, s, func() { refused(true) }, insertUser(t, 1), insertUser(t, 2), insertUser(t, 3)) {
			must(t, err)
		}
		refused(false)
	})
}

// tables are those that changes write to, each with a change that does.
func tables(t *testing.T) map[string]func(*store.Tx) error {
	ctx := t.Context()
	return map[string]func(*store.Tx) error{
		"catalog":        func(tx *store.Tx) error { return tx.Catalogs.Insert(ctx, storetest.Filled[entitlement.Catalog](1)) },
		"access_package": func(tx *store.Tx) error { return tx.Packages.Insert(ctx, storetest.Filled[entitlement.Package](1)) },
		"policy":         func(tx *store.Tx) error { return tx.Policies.Insert(ctx, storetest.Filled[entitlement.Policy](1)) },
		"extension":      func(tx *store.Tx) error { return tx.Extensions.Insert(ctx, storetest.Filled[entitlement.Extension](1)) },
		"resource":       func(tx *store.Tx) error { return tx.Resources.Insert(ctx, storetest.Filled[entitlement.Resource](1)) },
		"role_scope":     func(tx *store.Tx) error { return tx.RoleScopes.Insert(ctx, storetest.Filled[entitlement.RoleScope](1)) },
		"request":        func(tx *store.Tx) error { return tx.Requests.Insert(ctx, storetest.Filled[entitlement.Request](1)) },
		"assignment": func(tx *store.Tx) error {
			return tx.Assignments.Insert(ctx, storetest.Filled[entitlement.Assignment](1))
		},
		"role_grant":      func(tx *store.Tx) error { return tx.Grants.Insert(ctx, storetest.Filled[entitlement.Grant](1)) },
		"directory_user":  insertUser(t, 1),
		"directory_group": func(tx *store.Tx) error { return tx.Groups.Insert(ctx, storetest.Filled[entitlement.Group](1)) },
		"membership": func(tx *store.Tx) error {
			return tx.Memberships.Insert(ctx, storetest.Filled[entitlement.Membership](1))
		},
		"resource_request": func(tx *store.Tx) error {
			return tx.ResourceRequests.Insert(ctx, storetest.Filled[entitlement.ResourceRequest](1))
		},
		"job": func(tx *store.Tx) error {
			return tx.Jobs.Put(ctx, store.Job{JobKey: store.JobKey{Ref: "r", Kind: store.JobCallout}, Due: sampleTime})
		},
		"history": func(tx *store.Tx) error { return tx.History.Append(ctx, storetest.Filled[entitlement.Record](1)) },
	}
}

func rowCount(t *testing.T, s *Store, table string) (n int64) {
	t.Helper()
	must(t, s.readers.use(t.Context(), func(c *conn) (err error) {
		n, _, err = c.number(t.Context(), "SELECT count(*) FROM "+table)
		return err
	}))
	return n
}

// TestTriggers makes the database refuse writes to one table after another: nothing
// of the change is left, and the others in its group are not harmed.
func TestTriggers(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		for table := range tables(t) {
			t.Run(table, func(t *testing.T) { refusesOne(t, s, table) })
		}
	})
}

// refusesOne has the database refuse writes to one table.
func refusesOne(t *testing.T, s *Store, table string) {
	all := tables(t)
	for name := range all {
		raw(t, s, "DELETE FROM "+name)
	}
	plant(t, s, "INSERT", table)
	defer pull(t, s, "INSERT", table)
	healthy := func(tx *store.Tx) error {
		if table == "job" {
			return all["directory_group"](tx)
		}
		return all["job"](tx)
	}
	whole := func(tx *store.Tx) error {
		for name, fn := range all {
			if name != table {
				if err := fn(tx); err != nil && !errors.Is(err, store.ErrDuplicate) {
					return err
				}
			}
		}
		return all[table](tx)
	}
	check := func(err error) {
		t.Helper()
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "planted") {
			t.Errorf("error %v, want ErrUnavailable for what was planted", err)
		}
	}
	check(s.Update(t.Context(), sampleTenant, whole))
	for name := range all {
		if n := rowCount(t, s, name); n != 0 {
			t.Errorf("table %s has %d rows, want none", name, n)
		}
	}
	got := behind(t, s, healthy, whole, insertSecond(t, table))
	must(t, got[0])
	check(got[1])
	must(t, got[2])
}

// insertSecond writes to a table that is not the one named.
func insertSecond(t *testing.T, not string) func(*store.Tx) error {
	if not == "directory_user" {
		return func(tx *store.Tx) error {
			return tx.Catalogs.Insert(t.Context(), storetest.Filled[entitlement.Catalog](9))
		}
	}
	return insertUser(t, 9)
}

func TestSwallowedError(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		plant(t, s, "INSERT", "catalog")
		err := s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
			if err := tables(t)["catalog"](tx); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Insert: %v, want ErrUnavailable", err)
			}
			_ = insertUser(t, 1)(tx)
			return nil
		})
		// A statement that fails takes all of its change with it.
		if n := userCount(t, s); n != 0 || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("there are %d users, want none; the change says %v", n, err)
		}
	})
}

// TestDiskFull fills the database: the group that meets the end fails as a whole, even
// a member that takes no notice, and the writer goes on when there is room again.
func TestDiskFull(t *testing.T) {
	s := openSample(t, Options{})
	limit := func(pages int) {
		must(t, s.writer(tenantKey{}).do(t.Context(), tenantKey{}, func(x *txn) error {
			_, _, err := x.conn.number(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}))
	}
	limit(1) // the least that it takes is what there is
	fill := func(tx *store.Tx) error {
		for i := range 1000 {
			o := storetest.Filled[entitlement.Group](i)
			text := strings.Repeat("x", 4000)
			o.Description = &text
			if err := tx.Groups.Insert(t.Context(), o); err != nil {
				return err
			}
		}
		return nil
	}
	careless := func(tx *store.Tx) error {
		if fill(tx) == nil {
			t.Error("the disk did not fill")
		}
		_ = insertUser(t, 2)(tx)
		return nil
	}
	for i, err := range behind(t, s, insertUser(t, 1), careless) {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("change %d: %v, want ErrUnavailable", i, err)
		}
	}
	if err := s.Update(t.Context(), sampleTenant, fill); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Update: %v, want ErrUnavailable", err)
	}
	if u, g := userCount(t, s), rowCount(t, s, "directory_group"); u != 0 || g != 0 {
		t.Errorf("there are %d users and %d groups, want none", u, g)
	}
	limit(1 << 20)
	must(t, s.Update(t.Context(), sampleTenant, fill))
	must(t, s.Ready(t.Context()))
}
