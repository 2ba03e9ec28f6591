package sqlstore

import (
	"bytes"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// backedUp returns the file of a store in use with some groups in it, and a backup of it.
func backedUp(t *testing.T) (s *Store, data, backup string) {
	t.Helper()
	dir := t.TempDir()
	data, backup = filepath.Join(dir, "a.db"), filepath.Join(dir, "backup.db")
	s = openSample(t, Options{Data: data})
	must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
		for i := range 50 {
			o := storetest.Filled[entitlement.Group](i)
			text := strings.Repeat("x", 2000)
			o.Description = &text
			must(t, tx.Groups.Insert(t.Context(), o))
		}
		return tx.History.Append(t.Context(), storetest.Filled[entitlement.Record](1))
	}))
	c, err := Backup(t.Context(), Options{Data: data}, backup)
	must(t, err)
	if c.Records != 1 || c.Tenants != 1 || c.Schema < 3 || c.Bytes < 100_000 {
		t.Errorf("the backup is said to hold %+v", c)
	}
	return s, data, backup
}

func good(*Store) error { return nil }

func TestBackupAndRestore(t *testing.T) {
	s, data, backup := backedUp(t)
	must(t, s.Update(t.Context(), sampleTenant, insertUser(t, 1))) // after the backup
	info, err := os.Stat(backup)
	must(t, err)
	if info.Mode() != fs.FileMode(0o600) {
		t.Errorf("the backup has mode %v, want 0600", info.Mode())
	}
	to := filepath.Join(t.TempDir(), "b.db")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	_, err = Restore(t.Context(), backup, Options{Data: to}, at, func(s *Store) error { return s.Intact(t.Context()) })
	must(t, err)
	r := opened(t, Options{Data: to})
	if u, g := userCount(t, r), rowCount(t, r, "directory_group"); u != 0 || g != 50 {
		t.Errorf("there are %d users and %d groups, want 0 and 50", u, g)
	}
	for range 2 {
		restored, err := r.RestoredAt(t.Context())
		must(t, err)
		if !restored.Equal(at) {
			t.Errorf("it was restored at %v, want %v", restored, at)
		}
		// While it is open, as an operator does.
		released, err := Release(t.Context(), Options{Data: to})
		must(t, err)
		if !released.Equal(at) {
			t.Errorf("released what was restored at %v, want %v", released, at)
		}
		at = time.Time{}
	}
	onlyNames(t, filepath.Dir(backup), "a.db", "backup.db")
	onlyNames(t, filepath.Dir(to), "b.db")
	if at, err := s.RestoredAt(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("%s was restored at %v (%v)", data, at, err)
	}
}

// onlyNames holds that nothing but databases and what belongs to them is in a directory.
func onlyNames(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		known := false
		for _, name := range names {
			for _, end := range []string{"", "-wal", "-shm", ".lock"} {
				known = known || e.Name() == name+end
			}
		}
		if !known {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// TestBackupRefuses holds what is not overwritten and not taken for a backup.
func TestBackupRefuses(t *testing.T) {
	_, data, backup := backedUp(t)
	whole, err := os.ReadFile(backup)
	must(t, err)
	dir := t.TempDir()
	spoiled := func(name string, change func([]byte) []byte) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, change(append([]byte(nil), whole...)), 0o600))
		return file
	}
	flip := func(from, to int) func([]byte) []byte {
		return func(b []byte) []byte {
			for i := from; i < to && i < len(b); i += 7 {
				b[i] ^= 0x55
			}
			return b
		}
	}
	page := 4096
	to := filepath.Join(dir, "to.db")
	into := func(from, to string) error {
		_, err := Restore(t.Context(), from, Options{Data: to}, time.Now(), good)
		return err
	}
	for _, tc := range []struct {
		what string
		err  error
		want string
	}{
		{"a file that is there", second(Backup(t.Context(), Options{Data: data}, backup)), "nothing is overwritten"},
		{"a backup", second(Backup(t.Context(), Options{Data: backup}, to)), "is a backup itself"},
		{"no database", second(Backup(t.Context(), Options{Data: data + "x"}, to)), "no such file"},
		{"another file", second(Backup(t.Context(), Options{Data: spoiled("text", func([]byte) []byte { return []byte("hello, I am no database") })}, to)), "not a database"},
		{"restoring over a database in use", into(backup, data), "stop the server first"},
		{"restoring over a file", into(backup, spoiled("there", flip(0, 0))), "nothing is overwritten"},
		{"restoring the database itself", into(data, to), "use another backup"},
		{"no backup", into(backup+"x", to), "no such file"},
		{"a header that was changed", into(spoiled("header", flip(0, 16)), to), "use another backup"},
		{"pages that were changed", into(spoiled("pages", flip(10*page, 20*page)), to), "damaged"},
		{"the last page cut off", into(spoiled("cut", func(b []byte) []byte { return b[:len(b)-page] }), to), "use another backup"},
		{"a half", into(spoiled("half", func(b []byte) []byte { return b[:len(b)/2] }), to), "use another backup"},
		{"nothing", into(spoiled("empty", func(b []byte) []byte { return nil }), to), "use another backup"},
		{"a copy that was not completed", into(spoiled("partial", func(b []byte) []byte { clear(b[68:72]); return b }), to), "not completed"},
		{"serving it", second(Open(t.Context(), Options{Data: spoiled("served", flip(0, 0))})), "anteroom restore"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.what, tc.err, tc.want)
		}
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("a refused restore left a file")
	}
}

func second[T any](_ T, err error) error { return err }

// TestMigrationStatus lists what a database has and misses, and applies it.
func TestMigrationStatus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	applied, err := Migrate(t.Context(), Options{Data: path})
	must(t, err)
	latest := len(applied)
	if latest < 3 {
		t.Fatalf("a new database got %v", applied)
	}
	s := openSample(t, Options{Data: path})
	list, err := MigrationStatus(t.Context(), Options{Data: path}) // while it is open
	must(t, err)
	for i, m := range list {
		if m.Version != int64(i+1) || m.Name == "" || !m.Applied || m.AppliedAt.IsZero() {
			t.Errorf("migration %d is %+v", i+1, m)
		}
	}
	for _, table := range []string{
		"catalog", "access_package", "policy", "extension", "resource", "role_scope", "incompatibility", "connected_organization",
		"service_principal", "directory_user", "directory_group",
	} {
		for _, change := range []string{"insert", "update", "delete"} {
			raw(t, s, "DROP TRIGGER "+table+"_"+change)
		}
	}
	for _, undo := range []string{ // all that came after the second
		"ALTER TABLE tenant DROP COLUMN revision",
		"DROP TABLE installation", "DROP TABLE replica", "DROP TABLE writer", "DROP INDEX job_holder", "ALTER TABLE job DROP COLUMN holder",
		"DROP INDEX request_waits", "CREATE INDEX role_grant_role_scope ON role_grant (tenant, role_scope)", "CREATE INDEX role_grant_group ON role_grant (tenant, group_id)", "ALTER TABLE request DROP COLUMN waits_at", "ALTER TABLE request DROP COLUMN waits_since",
		"DROP INDEX request_created", "DROP INDEX request_state", "DROP INDEX assignment_state", "DROP INDEX policy_automatic_each",
	} {
		raw(t, s, undo)
	}
	raw(t, s, "DELETE FROM schema_version WHERE version_id >= 3")
	must(t, s.Close())

	if _, err := Release(t.Context(), Options{Data: path}); err == nil || !strings.Contains(err.Error(), "anteroom migrate up") {
		t.Errorf("Release of an older database says %v", err)
	}
	if _, err := Open(t.Context(), Options{Data: path, NoMigrate: true}); err == nil || !strings.Contains(err.Error(), "anteroom migrate up") {
		t.Errorf("Open says %v, want that migrations are pending", err)
	}
	list, err = MigrationStatus(t.Context(), Options{Data: path})
	must(t, err)
	if len(list) != latest || !list[1].Applied || list[2].Applied || !list[2].AppliedAt.IsZero() {
		t.Errorf("the status is %+v", list)
	}
	applied, err = Migrate(t.Context(), Options{Data: path})
	must(t, err)
	if len(applied) != latest-2 || applied[0].Version != 3 {
		t.Errorf("applied %+v, want from 3 on", applied)
	}
	must(t, opened(t, Options{Data: path, NoMigrate: true}).Close())
}

// TestMigrateEmpty: a database that was made and not used has all migrations before it, and
// gets them; looking at it makes nothing in it.
func TestMigrateEmpty(t *testing.T) {
	onEach(t, func(t *testing.T, o Options) {
		if o.Data == "" {
			o.Data = emptyFile(t)
		} else {
			o.Data = emptyPostgres(t)
		}
		for range 2 {
			list, err := MigrationStatus(t.Context(), o)
			must(t, err)
			if len(list) < 5 || list[0].Name == "" || list[0].Applied || list[len(list)-1].Applied {
				t.Errorf("the status of an empty database is %+v", list)
			}
			reading := o
			reading.ReadOnly = true
			if _, err := Open(t.Context(), reading); err == nil || !strings.Contains(err.Error(), "holds no data of this program; is it the right one?") {
				t.Errorf("an empty database is read with %v", err)
			}
		}
		applied, err := Migrate(t.Context(), o)
		must(t, err)
		if len(applied) < 5 || !applied[0].Applied {
			t.Errorf("an empty database got %+v", applied)
		}
		o.NoMigrate = true
		must(t, opened(t, o).Close())
	})
}

func emptyFile(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "empty.db")
	must(t, os.WriteFile(file, nil, 0o600))
	return file
}

// TestStrangersFile: what is asked about a file that is somebody else's, or empty, leaves it
// as it is.
func TestStrangersFile(t *testing.T) {
	strange := filepath.Join(t.TempDir(), "strange.db")
	db, err := sql.Open("sqlite", strange)
	must(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE theirs (x)")
	must(t, err)
	must(t, db.Close())
	for _, file := range []string{strange, emptyFile(t)} {
		before, err := os.ReadFile(file)
		must(t, err)
		o := Options{Data: file}
		for what, err := range map[string]error{
			"backup":  second(Backup(t.Context(), o, filepath.Join(t.TempDir(), "b.db"))),
			"release": second(Release(t.Context(), o)),
			"mark":    MarkRestored(t.Context(), o, time.Now()),
			"reading": second(Open(t.Context(), Options{Data: file, ReadOnly: true})),
		} {
			if err == nil || !strings.Contains(err.Error(), "is it the right one?") {
				t.Errorf("%s of %s: %v", what, file, err)
			}
		}
		must(t, second(MigrationStatus(t.Context(), o)))
		after, err := os.ReadFile(file)
		must(t, err)
		if !bytes.Equal(before, after) {
			t.Errorf("%s was written to", file)
		}
		onlyNames(t, filepath.Dir(file), filepath.Base(file))
	}
}
