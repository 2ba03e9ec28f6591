package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"anteroom/internal/store"

	"modernc.org/sqlite"
)

// Options are the settings of a Store.
type Options struct {
	// Path is the database file; "" or ":memory:" means one that is gone after Close.
	Path string
	// MaxGroup is the most changes that share a commit; zero means 256.
	MaxGroup int
	// MaxQueue is the most changes that may wait; zero means 4096. Others are refused
	// with store.ErrUnavailable.
	MaxQueue int
	// CommitDelay makes each commit slower, as a slow disk does, for measurements.
	CommitDelay time.Duration
	// Logger is told of failures of the database; nil means nobody is.
	Logger *slog.Logger
	// OnCommit is told of each commit: how many changes shared it, how long it took, and
	// why it failed. It must not block.
	OnCommit func(changes int, took time.Duration, err error)
	// ReadOnly looks at a file that another process may have open. Every change is
	// refused with store.ErrUnavailable.
	ReadOnly bool
}

// Store is a store.Store in an SQLite database.
type Store struct {
	writer   *writer
	readers  *readers
	tenants  *numbers
	release  func() error // gives up the lock on the file
	disposed string       // directory to remove at Close
	once     sync.Once    // Close has been called
}

var _ store.Store = (*Store)(nil)

// Open opens the database, makes it where there is none, and brings its schema up to
// date. It refuses a file that another process has open, one that a newer version has
// written, and a database that does not make its commits durable.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{release: func() error { return nil }}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	if o.ReadOnly {
		return s.openReadOnly(ctx, o.Path)
	}
	path, durable, err := s.place(o.Path)
	if err != nil {
		return err
	}
	d := &sqliteDialect
	write, err := sqlite.NewConnector(dsn(path, durable, false))
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	read, err := sqlite.NewConnector(dsn(path, durable, true))
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	if err := migrate(ctx, write, d); err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	c, err := connect(ctx, write, d)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	if err := checkDurable(ctx, c, durable); err != nil {
		return errors.Join(fmt.Errorf("sqlstore: opening %s: %w", path, err), c.close())
	}
	s.readers = newReaders(read, d, max(8, 4*runtime.GOMAXPROCS(0)))
	s.tenants = &numbers{readers: s.readers}
	s.writer = newWriter(write, d, c, o)
	go s.writer.run()
	return nil
}

func newWriter(connector driver.Connector, d *dialect, c *conn, o Options) *writer {
	w := &writer{
		connector: connector, dialect: d, conn: c,
		log: o.Logger, maxGroup: o.MaxGroup, delay: o.CommitDelay, onCommit: o.OnCommit,
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.maxGroup <= 0 {
		w.maxGroup = 256
	}
	queue := o.MaxQueue
	if queue <= 0 {
		queue = 4096
	}
	w.queue = make(chan *change, queue)
	return w
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
	pragmas := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")",
		"foreign_keys(ON)", "trusted_schema(OFF)",
	}
	if readOnly {
		pragmas = append(pragmas, "query_only(ON)")
	} else {
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

// Ready implements store.Store: it changes something and waits until that is durable.
func (s *Store) Ready(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		done <- s.writer.do(ctx, tenantKey{}, func(x *txn) error {
			_, err := x.conn.exec(context.Background(), "UPDATE probe SET count = count + 1 WHERE number = 1")
			return err
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return unavailable(fmt.Errorf("the store did not answer in time: %w", ctx.Err()))
	}
}

// Close implements store.Store. It waits for Views and for the change under way.
// Changes that still wait are refused.
func (s *Store) Close() (err error) {
	s.once.Do(func() { err = s.shut() })
	return err
}

func (s *Store) shut() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	errs = append(errs, s.release())
	if s.disposed != "" {
		errs = append(errs, os.RemoveAll(s.disposed))
	}
	return errors.Join(errs...)
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
