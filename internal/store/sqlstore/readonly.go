package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// openReadOnly opens a database that another process may be writing to. It takes no lock,
// makes no file and changes no schema; changes are refused.
func (s *Store) openReadOnly(ctx context.Context, o Options) error {
	file, err := filepath.Abs(o.Data)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	read, err := sqliteDatabase(dsn(file, true, true))
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", o.Data, err)
	}
	c, err := read.connect(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", o.Data, err)
	}
	if _, ok, err := c.number(ctx, "SELECT version_id FROM schema_version LIMIT 1"); err != nil || !ok {
		return errors.Join(fmt.Errorf("sqlstore: %s holds no data of this program", o.Data), err, c.close())
	}
	s.readers = newReaders(read, runtime.GOMAXPROCS(0))
	s.tenants = &numbers{readers: s.readers}
	s.writers = []*writer{closedWriter(c)}
	return nil
}
