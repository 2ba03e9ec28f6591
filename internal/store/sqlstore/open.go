package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"anteroom/internal/store"
)

// Options are the settings of a Store.
type Options struct {
	// Data is the path of an SQLite file, "" or ":memory:" for one that is gone after Close,
	// or the URL of a PostgreSQL database: postgres://…
	Data string
	// MaxGroup is the most changes that share a commit; zero means 256, with PostgreSQL 64.
	MaxGroup int
	// MaxQueue is the most changes that may wait; zero means 4096. Others are refused
	// with store.ErrUnavailable, those that are store.Deferrable at a quarter of it.
	MaxQueue int
	// CommitDelay makes each commit slower, as a slow disk does, for measurements.
	CommitDelay time.Duration
	// Logger is told of failures of the database; nil means nobody is.
	Logger *slog.Logger
	// OnCommit is told of each commit: how many changes shared it, how long it took, and
	// why it failed. It must not block.
	OnCommit func(changes int, took time.Duration, err error)
	// ReadOnly looks at data that another process may be using. Every change is refused
	// with store.ErrUnavailable.
	ReadOnly bool
	// Postgres is read where Data is the URL of such a database.
	Postgres PostgresOptions
	// NoMigrate refuses a database with pending migrations instead of migrating it.
	NoMigrate bool
}

// Store is a store.Store in an SQLite or PostgreSQL database.
type Store struct {
	writers  []*writer
	readers  *readers
	tenants  *numbers
	analyst  *analyst     // nil but for PostgreSQL
	replica  *replica     // nil where this process performs no jobs beside others
	release  func() error // gives up the lock on the file
	disposed string       // directory to remove at Close
	volume   string       // directory of a file that stays; see Room
	once     sync.Once    // Close has been called
}

var _ store.Store = (*Store)(nil)

// IsPostgres reports whether data names a PostgreSQL database.
func IsPostgres(data string) bool {
	return strings.HasPrefix(data, "postgres://") || strings.HasPrefix(data, "postgresql://")
}

// Open opens the database, makes it where there is none, and brings its schema up to
// date. It refuses a file that another process has open, one whose schema is more than one
// migration ahead of this program, a backup, and a database that does not make its commits
// durable.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{release: func() error { return nil }}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	open := s.openSQLite
	switch {
	case IsPostgres(o.Data):
		open = s.openPostgres
	case o.ReadOnly:
		open = s.openReadOnly
	}
	if err := open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newWriter(db *database, c *conn, o Options) *writer {
	w := &writer{
		db: db, conn: c,
		log: o.Logger, maxGroup: o.MaxGroup, delay: o.CommitDelay, onCommit: o.OnCommit,
		stop: make(chan struct{}), stopped: make(chan struct{}),
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

// closedWriter takes nothing.
func closedWriter(c *conn) *writer {
	w := &writer{conn: c, stop: make(chan struct{}), stopped: make(chan struct{})}
	w.closing.Store(true)
	close(w.stopped)
	return w
}

// Ready implements store.Store: it changes something and waits until that is durable.
func (s *Store) Ready(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		done <- s.writer(tenantKey{}).do(ctx, tenantKey{}, func(x *txn) error {
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
	s.analyst.close()
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	for _, w := range s.writers {
		errs = append(errs, w.close())
	}
	s.replica.close()
	errs = append(errs, s.release())
	if s.disposed != "" {
		errs = append(errs, os.RemoveAll(s.disposed))
	}
	return errors.Join(errs...)
}
