package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
)

// openReadOnly opens a database that another process may be writing to. It takes no lock,
// makes no file and changes no schema; changes are refused.
func (s *Store) openReadOnly(ctx context.Context, path string) error {
	file, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	d := &sqliteDialect
	read, err := sqlite.NewConnector(dsn(file, true, true))
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	c, err := connect(ctx, read, d)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", path, err)
	}
	if _, ok, err := c.number(ctx, "SELECT version_id FROM schema_version LIMIT 1"); err != nil || !ok {
		return errors.Join(fmt.Errorf("sqlstore: %s holds no data of this program", path), err, c.close())
	}
	s.readers = newReaders(read, d, runtime.GOMAXPROCS(0))
	s.tenants = &numbers{readers: s.readers}
	s.writer = &writer{conn: c, stop: make(chan struct{}), stopped: make(chan struct{})}
	s.writer.closing.Store(true) // it takes nothing
	close(s.writer.stopped)
	return nil
}
