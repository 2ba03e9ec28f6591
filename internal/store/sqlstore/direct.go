package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
)

// existing returns what connects to a database that exists, beside the server that may be
// using it: it takes no lock of its own, as the database keeps statements apart. Where there
// is no database the error is fs.ErrNotExist.
func existing(o Options, readOnly bool) (driver.Connector, *dialect, error) {
	file, err := trueName(o.Path)
	if err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: %w", err)
	}
	c, err := sqlite.NewConnector(dsn(file, true, readOnly))
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: opening %s: %w", o.Path, err)
	}
	return c, &sqliteDialect, nil
}

// beside runs fn with a connection to a database that exists and holds data of this
// program, beside the server that may be using it. What fn does is for the database alone
// to keep apart: one statement that the server has no memory of.
func beside(ctx context.Context, o Options, readOnly bool, fn func(*conn) error) error {
	connector, d, err := existing(o, readOnly)
	if err != nil {
		return err
	}
	c, err := connect(ctx, connector, d)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", o.Path, err)
	}
	if _, ok, err := c.number(ctx, "SELECT version_id FROM schema_version LIMIT 1"); err != nil || !ok {
		return errors.Join(fmt.Errorf("sqlstore: %s holds no data of this program; is it the right file?", o.Path), err, c.close())
	}
	return errors.Join(fn(c), c.close())
}
