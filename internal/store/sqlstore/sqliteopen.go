package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"modernc.org/sqlite"
)

func (s *Store) openSQLite(ctx context.Context, o Options) error {
	path, durable, err := s.place(o.Data)
	if err != nil {
		return err
	}
	if durable {
		s.volume = filepath.Dir(path)
	}
	write, err := sqliteDatabase(dsn(path, durable, false))
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	read, err := sqliteDatabase(dsn(path, durable, true))
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	if err := refuseBackup(ctx, write); err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	if err := write.migrate(ctx, o.NoMigrate); err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	c, err := write.connect(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	if err := checkDurable(ctx, c, durable); err != nil {
		return errors.Join(fmt.Errorf("sqlstore: opening %s: %w", path, err), c.close())
	}
	read.kept = write.kept
	s.readers = newReaders(read, max(8, 4*runtime.GOMAXPROCS(0)))
	s.tenants = &numbers{readers: s.readers}
	w := newWriter(write, c, o)
	s.writers = []*writer{w}
	go w.run()
	return nil
}

// sqliteDatabase is the database of a data source name.
func sqliteDatabase(name string) (*database, error) {
	c, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	return &database{dialect: &sqliteDialect, open: sqliteOpener(c), sql: func() *sql.DB { return sql.OpenDB(c) }, kept: newKept()}, nil
}

// place prepares the database file and takes the lock on it. A database in memory is a
// file in a directory of its own: the readers and the writer are the same as ever.
func (s *Store) place(path string) (file string, durable bool, err error) {
	if path == "" || path == ":memory:" {
		if s.disposed, err = os.MkdirTemp("", "anteroom-"); err != nil {
			return "", false, fmt.Errorf("sqlstore: a place for the database: %w", err)
		}
		path = filepath.Join(s.disposed, "anteroom.db")
	} else {
		durable = true
	}
	if file, err = trueName(path); err != nil {
		return "", false, fmt.Errorf("sqlstore: %w", err)
	}
	if s.release, err = lockFile(file + ".lock"); err != nil {
		s.release = func() error { return nil }
		return "", false, fmt.Errorf("sqlstore: %s cannot be opened: %w", path, err)
	}
	// SQLite has not opened it yet, so that closing it here drops no lock.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", false, fmt.Errorf("sqlstore: %w", err)
	}
	err = f.Chmod(0o600)
	if errors.Is(err, fs.ErrPermission) {
		err = nil // somebody else's file that we may write
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", false, fmt.Errorf("sqlstore: %w", err)
	}
	return file, durable, nil
}

// dsn names the database file and the settings of each connection.
func dsn(path string, durable, readOnly bool) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a drive letter
	}
	synchronous := "FULL"
	if !durable {
		synchronous = "OFF"
	}
	pragmas := []string{"busy_timeout(5000)", "synchronous(" + synchronous + ")", "foreign_keys(ON)", "trusted_schema(OFF)"}
	if readOnly {
		pragmas = append(pragmas, "query_only(ON)")
	} else {
		pragmas = append(pragmas, "journal_mode(WAL)") // it is written into the file, and stays there
		// The cache may take 16 MiB, as needed. What a savepoint keeps to undo its change is a
		// file otherwise, once a group is longer than a few changes: a fifth of all CPU time.
		pragmas = append(pragmas, "cache_size(-16384)", "temp_store(MEMORY)")
	}
	return (&url.URL{Scheme: "file", Path: p, RawQuery: url.Values{"_pragma": pragmas}.Encode()}).String()
}

// checkDurable reads back what makes a commit durable.
func checkDurable(ctx context.Context, c *conn, durable bool) error {
	if !durable {
		return nil
	}
	var mode string
	err := c.query(ctx, "PRAGMA journal_mode", nil, func(v []driver.Value) error {
		mode, _ = v[0].(string)
		return nil
	})
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("its journal_mode is %q, not WAL; the file system may not support it", mode)
	}
	const full = 2
	switch n, ok, err := c.number(ctx, "PRAGMA synchronous"); {
	case err != nil:
		return err
	case !ok || n < full:
		return fmt.Errorf("its setting synchronous is %d; below FULL (2) a commit can be lost when the power fails", n)
	}
	return nil
}

// trueName returns the name of a file behind all symbolic links, so that one file has one
// lock. A file that does not exist yet has its name in the true name of its directory.
func trueName(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	file, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}
