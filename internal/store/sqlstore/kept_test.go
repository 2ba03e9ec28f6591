package sqlstore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// names are the display names of the catalogs as a View and as an Update see them, through
// Get and through List.
func names(t *testing.T, s *Store, ids ...entitlement.ID) (list []string) {
	t.Helper()
	look := func(tx *store.Tx) error {
		list = nil
		for _, id := range ids {
			c, err := tx.Catalogs.Get(t.Context(), id)
			must(t, err)
			list = append(list, c.DisplayName)
		}
		all, err := tx.Catalogs.List(t.Context(), query.Query{Limit: 10})
		must(t, err)
		for i, c := range all {
			if c.DisplayName != list[i] {
				t.Errorf("List has %q, Get %q", c.DisplayName, list[i])
			}
		}
		return nil
	}
	must(t, s.View(t.Context(), sampleTenant, look))
	seen := list
	must(t, s.Update(t.Context(), sampleTenant, look))
	if !slices.Equal(seen, list) {
		t.Errorf("a View sees %q, an Update %q", seen, list)
	}
	return list
}

func rename(t *testing.T, id entitlement.ID, name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		c, err := tx.Catalogs.Get(t.Context(), id)
		must(t, err)
		c.DisplayName = name
		return tx.Catalogs.Update(t.Context(), c)
	}
}

// TestKeptIsWhatIsStored changes rows that are kept in memory in all ways: what is read is
// never older.
func TestKeptIsWhatIsStored(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		a, b := storetest.Filled[entitlement.Catalog](1), storetest.Filled[entitlement.Catalog](2)
		must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
			return errors.Join(tx.Catalogs.Insert(t.Context(), a), tx.Catalogs.Insert(t.Context(), b))
		}))
		expect := func(how string, want ...string) {
			t.Helper()
			for range 2 { // the second time from memory
				if got := names(t, s, a.ID, b.ID); !slices.Equal(got, want) {
					t.Errorf("%s: the names are %q, want %q", how, got, want)
				}
			}
		}
		expect("as inserted", a.DisplayName, b.DisplayName)

		must(t, s.Update(t.Context(), sampleTenant, rename(t, a.ID, "own")))
		expect("changed here", "own", b.DisplayName)

		raw(t, s, "UPDATE catalog SET display_name = 'by hand' WHERE id = '"+string(a.ID)+"'")
		expect("changed by hand", "by hand", b.DisplayName)

		undone := errors.New("undone")
		if err := s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
			return errors.Join(rename(t, a.ID, "undone")(tx), undone)
		}); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		expect("changed and undone", "by hand", b.DisplayName)

		got := behind(t, s,
			rename(t, a.ID, "first"),
			func(tx *store.Tx) error { // its change was sent, and is undone among others
				must(t, rename(t, b.ID, "undone")(tx))
				if c, err := tx.Catalogs.Get(t.Context(), b.ID); err != nil || c.DisplayName != "undone" {
					t.Errorf("the change sees %v, %v", c, err)
				}
				return undone
			},
			func(tx *store.Tx) error {
				one, err := tx.Catalogs.Get(t.Context(), a.ID)
				must(t, err)
				two, err := tx.Catalogs.Get(t.Context(), b.ID)
				must(t, err)
				if one.DisplayName != "first" || two.DisplayName != b.DisplayName {
					t.Errorf("the next change of the group sees %q and %q", one.DisplayName, two.DisplayName)
				}
				return nil
			},
		)
		if got[0] != nil || !errors.Is(got[1], undone) || got[2] != nil {
			t.Errorf("the group: %v", got)
		}
		expect("changed in a group", "first", b.DisplayName)

		must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error { return tx.Catalogs.Delete(t.Context(), b.ID) }))
		must(t, s.View(t.Context(), sampleTenant, func(tx *store.Tx) error {
			if c, err := tx.Catalogs.Get(t.Context(), b.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what was deleted is %v, %v", c, err)
			}
			return nil
		}))
	})
}

// TestKeptBesideAnotherProcess lets another process change what this one has in memory.
func TestKeptBesideAnotherProcess(t *testing.T) {
	o := onPostgres(t)
	here, there := openSample(t, o), openSample(t, o)
	c := storetest.Filled[entitlement.Catalog](1)
	must(t, there.Update(t.Context(), sampleTenant, func(tx *store.Tx) error { return tx.Catalogs.Insert(t.Context(), c) }))
	for _, name := range []string{"one", "two", "three"} {
		names(t, here, c.ID)
		must(t, here.View(t.Context(), sampleTenant, func(tx *store.Tx) error {
			before, err := tx.Catalogs.Get(t.Context(), c.ID)
			must(t, err)
			must(t, there.Update(t.Context(), sampleTenant, rename(t, c.ID, name)))
			names(t, here, c.ID) // keeps the new one
			after, err := tx.Catalogs.Get(t.Context(), c.ID)
			must(t, err)
			if after.DisplayName != before.DisplayName {
				t.Errorf("a View that sees %q sees %q then", before.DisplayName, after.DisplayName)
			}
			return nil
		}))
		if got := names(t, here, c.ID); got[0] != name {
			t.Errorf("this process sees %q, want %q", got[0], name)
		}
	}
}

// TestKeptCountsEachTable changes a row of each table that is kept, by hand: each change is
// counted.
func TestKeptCountsEachTable(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		s := openSample(t, o)
		revision := func() (n int64) {
			must(t, s.readers.use(t.Context(), func(c *conn) (err error) {
				n, _, err = c.number(t.Context(), "SELECT revision FROM tenant")
				return err
			}))
			return n
		}
		for _, table := range keptTables() {
			for _, change := range []func(){
				func() { must(t, s.Update(t.Context(), sampleTenant, keptRow(t, table))) },
				func() { raw(t, s, "UPDATE "+table+" SET version = version + 1") },
				func() { raw(t, s, "DELETE FROM "+table) },
			} {
				before := revision()
				change()
				if n := revision() - before; n < 1 {
					t.Errorf("%s: a change raises the revision by %d", table, n)
				}
			}
		}
	})
}

// TestKeptAfterLostChange: a database that was failed over to, and has lost the last changes, may
// count others since; what is kept of those that were lost is not taken for them.
func TestKeptAfterLostChange(t *testing.T) {
	s := openSample(t, onPostgres(t))
	c := storetest.Filled[entitlement.Catalog](1)
	must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error { return tx.Catalogs.Insert(t.Context(), c) }))
	var before int64
	must(t, s.readers.use(t.Context(), func(c *conn) (err error) {
		before, _, err = c.number(t.Context(), "SELECT revision FROM tenant")
		return err
	}))
	must(t, s.Update(t.Context(), sampleTenant, rename(t, c.ID, "lost")))
	if got := names(t, s, c.ID); got[0] != "lost" {
		t.Fatalf("the name is %q", got[0])
	}
	raw(t, s, fmt.Sprintf("UPDATE tenant SET revision = %d", before)) // as it is there
	raw(t, s, "UPDATE catalog SET display_name = 'since'")
	if got := names(t, s, c.ID); got[0] != "since" {
		t.Errorf("the name is %q, want the one that is stored", got[0])
	}
}

func keptTables() (list []string) {
	for table, keeps := range map[string]bool{
		catalogs.table: catalogs.keeps, packages.table: packages.keeps, policies.table: policies.keeps, extensions.table: extensions.keeps,
		resources.table: resources.keeps, roleScopes.table: roleScopes.keeps, resourceRequests.table: resourceRequests.keeps,
		requests.table: requests.keeps, assignments.table: assignments.keeps, grants.table: grants.keeps, users.table: users.keeps,
		groups.table: groups.keeps, memberships.table: memberships.keeps, approvers.table: approvers.keeps,
		incompatibilities.table: incompatibilities.keeps, organizations.table: organizations.keeps, principals.table: principals.keeps,
		idempotencyKeys.table: idempotencyKeys.keeps,
	} {
		if keeps {
			list = append(list, table)
		}
	}
	return list
}

// keptRow inserts a row.
func keptRow(t *testing.T, table string) func(*store.Tx) error {
	ctx := t.Context()
	if fn := tables(t)[table]; fn != nil {
		return fn
	}
	return map[string]func(*store.Tx) error{
		incompatibilities.table: func(tx *store.Tx) error {
			return tx.Incompatible.Insert(ctx, storetest.Filled[entitlement.Incompatibility](1))
		},
		organizations.table: func(tx *store.Tx) error {
			return tx.Organizations.Insert(ctx, storetest.Filled[entitlement.ConnectedOrganization](1))
		},
		principals.table: func(tx *store.Tx) error {
			return tx.Principals.Insert(ctx, storetest.Filled[entitlement.ServicePrincipal](1))
		},
	}[table]
}

// TestKeptIsBounded: memory is bounded, whatever is asked.
func TestKeptIsBounded(t *testing.T) {
	k := newKept()
	long := string(make([]byte, 1<<20))
	for i := range int64(100) {
		k.keep(i%7, i/10, question{args: string(rune('a' + i))}, [][]driver.Value{{long}})
		if k.size > mostKept {
			t.Fatalf("%d bytes are kept, want at most %d", k.size, mostKept)
		}
	}
	total := 0
	for _, tenant := range k.tenants {
		total += tenant.size()
	}
	if total != k.size || total == 0 {
		t.Errorf("%d bytes are counted, and %d are there", k.size, total)
	}
	many := make([][]driver.Value, mostKeptRows+1)
	k.keep(99, 1, question{}, many)
	if _, ok := k.find(99, 1, question{}); ok {
		t.Error("a long answer is kept")
	}

}
