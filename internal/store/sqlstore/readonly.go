package sqlstore

import (
	"context"
	"fmt"
	"runtime"
)

// openReadOnly opens a database that another process may be writing to. It takes no lock,
// makes no file and changes no schema; changes are refused.
func (s *Store) openReadOnly(ctx context.Context, o Options) error {
	read, version, err := look(ctx, o)
	switch {
	case err != nil:
		return err
	case version == 0:
		return notOurs(o)
	}
	c, err := read.connect(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", o.Data, err)
	}
	s.readers = newReaders(read, runtime.GOMAXPROCS(0))
	s.tenants = &numbers{readers: s.readers}
	s.writers = []*writer{closedWriter(c)}
	return nil
}
