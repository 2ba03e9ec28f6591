package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// existing returns what connects to a database that exists, beside the server that may be
// using it: it takes no lock of its own, as the database keeps statements apart. Where there
// is no database the error is fs.ErrNotExist.
func existing(o Options, readOnly bool) (*database, error) {
	if IsPostgres(o.Data) {
		o.Postgres.complete()
		config, err := postgresConfig(o)
		if err != nil {
			return nil, err
		}
		return postgresDatabase(config), nil
	}
	file, err := trueName(o.Data)
	if err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	db, err := sqliteDatabase(dsn(file, true, readOnly))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: opening %s: %w", o.Data, err)
	}
	return db, nil
}

// look opens a database that exists, only to read, and returns the newest migration that it
// has; zero for one that this program has written nothing to. It leaves no trace in it.
func look(ctx context.Context, o Options) (db *database, version int64, err error) {
	if db, err = existing(o, true); err != nil {
		return nil, 0, err
	}
	c, err := db.connect(ctx)
	if err == nil {
		version, err = schemaVersion(ctx, c)
		err = errors.Join(err, c.close())
	}
	if err != nil {
		return nil, 0, fmt.Errorf("sqlstore: opening %s: %w", shown(o.Data), err)
	}
	return db, version, nil
}

// notOurs refuses a database that this program has written nothing to.
func notOurs(o Options) error {
	return fmt.Errorf("sqlstore: %s holds no data of this program; is it the right one?", shown(o.Data))
}

// beside runs fn with a connection to a database that exists and holds data of this
// program, beside the server that may be using it. What fn does is for the database alone
// to keep apart: one statement that the server has no memory of.
func beside(ctx context.Context, o Options, fn func(*conn) error) error {
	switch _, version, err := look(ctx, o); {
	case err != nil:
		return err
	case version == 0:
		return notOurs(o)
	}
	db, err := existing(o, false)
	if err != nil {
		return err
	}
	c, err := db.connect(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: opening %s: %w", shown(o.Data), err)
	}
	return errors.Join(fn(c), c.close())
}

// shown is data without a password.
func shown(data string) string {
	if !IsPostgres(data) {
		return data
	}
	u, err := url.Parse(data)
	if err != nil {
		return "the database"
	}
	return u.Redacted()
}
