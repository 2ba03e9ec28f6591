package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func TestRestartKeepsEverything(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "a.db")
	s := opened(t, Options{Data: path})
	must(t, s.CreateTenant(ctx, &entitlement.Tenant{ID: sampleTenant, CreatedAt: sampleTime}))
	want := storetest.Filled[entitlement.Request](1)
	must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
		for _, fn := range tables(t) {
			must(t, fn(tx))
		}
		return nil
	}))
	must(t, s.Close())

	s = opened(t, Options{Data: path})
	for table := range tables(t) {
		if n := rowCount(t, s, table); n != 1 {
			t.Errorf("table %s has %d rows after the restart, want 1", table, n)
		}
	}
	must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
		got, err := tx.Requests.Get(ctx, want.ID)
		must(t, err)
		want.Version = 1
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		records, err := tx.History.List(ctx, 0, 10)
		if len(records) != 1 || records[0].Seq != 1 {
			t.Errorf("the history is %v", records)
		}
		return err
	}))
	must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
		r := storetest.Filled[entitlement.Record](2)
		err := tx.History.Append(ctx, r)
		if r.Seq != 2 {
			t.Errorf("the next record has Seq %d, want 2", r.Seq)
		}
		return err
	}))
}

func TestFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	must(t, os.WriteFile(path, nil, 0o644))
	s := openSample(t, Options{Data: path})
	must(t, s.Update(t.Context(), sampleTenant, insertUser(t, 1)))
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + end)
		must(t, err)
		if info.Mode() != fs.FileMode(0o600) {
			t.Errorf("the file %q has mode %v, want 0600", end, info.Mode())
		}
	}
}

// TestSecondProcess opens a file that this process has open from another process, and
// from this one.
func TestSecondProcess(t *testing.T) {
	if path := os.Getenv("SQLSTORE_TEST_SECOND"); path != "" {
		_, err := Open(t.Context(), Options{Data: path})
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.db")
	openSample(t, Options{Data: path})
	cmd := exec.Command(os.Args[0], "-test.run", "^TestSecondProcess$")
	cmd.Env = append(os.Environ(), "SQLSTORE_TEST_SECOND="+path)
	out, _ := cmd.CombinedOutput()
	const want = "another process has it open"
	if !strings.Contains(string(out), want) {
		t.Errorf("the second process says %q, want %q", out, want)
	}
	if _, err := Open(t.Context(), Options{Data: path}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a second Open says %v, want %q", err, want)
	}
}

// TestNewerDatabase holds that a process goes on beside the next version, which has
// migrated, and refuses what is further ahead.
func TestNewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := openSample(t, Options{Data: path})
	var newest int64
	must(t, s.readers.use(t.Context(), func(c *conn) (err error) {
		newest, err = schemaVersion(t.Context(), c)
		return err
	}))
	ahead := func(s *Store, n int64) {
		raw(t, s, fmt.Sprintf("INSERT INTO schema_version (version_id, is_applied) VALUES (%d, 1)", newest+n))
		must(t, s.Close())
	}
	ahead(s, 1)
	s = opened(t, Options{Data: path})
	list, err := MigrationStatus(t.Context(), Options{Data: path})
	must(t, err)
	if last := list[len(list)-1]; last != (Migration{Version: newest + 1, Applied: true}) {
		t.Errorf("the newest migration is %+v", last)
	}
	ahead(s, 2)
	_, err = Open(t.Context(), Options{Data: path})
	if err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open says %v, want that the file is of a newer version", err)
	}
}

func TestOnlyDurableIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	for _, test := range []struct {
		name, pragmas string
		ok            bool
	}{
		{"WAL and FULL", "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)", true},
		{"WAL and EXTRA", "?_pragma=journal_mode(WAL)&_pragma=synchronous(EXTRA)", true},
		{"NORMAL", "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)", false},
		{"OFF", "?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)", false},
		{"DELETE", "?_pragma=journal_mode(DELETE)&_pragma=synchronous(FULL)", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, err := sqliteDatabase("file://" + path + test.pragmas)
			must(t, err)
			c, err := db.connect(t.Context())
			must(t, err)
			defer func() { must(t, c.close()) }()
			if err := checkDurable(t.Context(), c, true); (err == nil) != test.ok {
				t.Errorf("checkDurable says %v", err)
			}
		})
	}
}

func TestPragmas(t *testing.T) {
	s := openSample(t, Options{Data: filepath.Join(t.TempDir(), "a.db")})
	check := func(what string, c *conn, queryOnly int64) {
		for pragma, want := range map[string]driver.Value{
			"journal_mode": "wal", "synchronous": int64(2), "foreign_keys": int64(1), "busy_timeout": int64(5000),
			"trusted_schema": int64(0), "query_only": queryOnly,
		} {
			must(t, c.query(context.Background(), "PRAGMA "+pragma, nil, func(v []driver.Value) error {
				if v[0] != want {
					t.Errorf("%s of a %s is %v, want %v", pragma, what, v[0], want)
				}
				return nil
			}))
		}
	}
	must(t, s.readers.use(t.Context(), func(c *conn) error { check("reader", c, 1); return nil }))
	must(t, s.writer(tenantKey{}).do(t.Context(), tenantKey{}, func(x *txn) error { check("writer", x.conn, 0); return nil }))
}

func TestMemoryLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := opened(t, Options{Data: ":memory:"})
	must(t, s.Close())
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
