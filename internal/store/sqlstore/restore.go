package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Restore makes the SQLite file o.Data, which must not exist, from a backup, which it only
// reads. The new file is looked through, brought up to date, passed to check, and marked as
// restored at a time before it gets its name: what fails leaves nothing.
func Restore(ctx context.Context, backup string, o Options, at time.Time, check func(*Store) error) (c Copy, err error) {
	if IsPostgres(o.Data) {
		return c, errors.New("a PostgreSQL database is restored by its own tools; docs/backup.md says how")
	}
	file, err := trueName(o.Data)
	if err != nil {
		return c, fmt.Errorf("%s cannot be made: %w", o.Data, err)
	}
	release, err := lockFile(file + ".lock")
	if err != nil {
		return c, fmt.Errorf("%s cannot be made: %w; stop the server first, and move its files away", o.Data, err)
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, end := range []string{"", "-wal", "-shm"} { // a strange log would be taken for its own
		if err := absent(file + end); err != nil {
			return c, err
		}
	}
	part, err := partial(file)
	if err != nil {
		return c, fmt.Errorf("%s cannot be made: %w", o.Data, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(part))
		}
	}()
	if err := copyBackup(backup, part); err != nil {
		return c, fmt.Errorf("the backup %s cannot be read: %w", backup, err)
	}
	const refused = "the backup %s is not restored, and nothing was changed; use another backup: %w"
	if err := onFile(ctx, part, func(k *conn) error { return sound(ctx, k) }); err != nil {
		return c, fmt.Errorf(refused, backup, err)
	}
	o.Data, o.ReadOnly, o.NoMigrate = part, false, false
	if err := prepareRestored(ctx, o, at, check); err != nil {
		return c, fmt.Errorf(refused, backup, err)
	}
	if err := onFile(ctx, part, func(k *conn) error { c, err = describe(ctx, k); return err }); err != nil {
		return c, err
	}
	if err := os.Remove(part + ".lock"); err != nil {
		return c, err
	}
	c.Bytes, err = put(part, file)
	return c, err
}

// copyBackup copies a backup that nobody has changed since it was made.
func copyBackup(backup, to string) (err error) {
	if info, err := os.Stat(backup + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("there is %s-wal beside it: some program has changed it since it was made; use another backup", backup)
	}
	from, err := os.Open(backup)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	into, err := os.OpenFile(to, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(into, from)
	return errors.Join(err, into.Close())
}

// sound refuses what is no complete and undamaged backup, and takes the mark off.
func sound(ctx context.Context, c *conn) error {
	switch marked, err := hasMark(ctx, c); {
	case err != nil:
		return fmt.Errorf("it is damaged, or no database at all: %w", err)
	case !marked:
		return errors.New("it was not made by anteroom backup, or not completed (of a bare database file make one first: anteroom backup --data FILE BACKUP)")
	}
	if err := intact(ctx, c); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	return setMark(ctx, c, 0)
}

// Intact has SQLite look through all that a database holds. PostgreSQL has tools of its own
// for that, such as pg_amcheck; nothing is looked at there.
func (s *Store) Intact(ctx context.Context) error {
	return s.readers.use(ctx, func(c *conn) error {
		if c.remote {
			return nil
		}
		return intact(ctx, c)
	})
}

func intact(ctx context.Context, c *conn) error {
	var first string
	n := 0
	err := c.query(ctx, "PRAGMA integrity_check", nil, func(v []driver.Value) error {
		if text, _ := v[0].(string); text != "ok" {
			if n++; n == 1 {
				first = text
			}
		}
		return nil
	})
	if err == nil && n > 0 {
		err = fmt.Errorf("integrity_check finds %d faults, first: %s", n, first)
	}
	return err
}

// prepareRestored brings the schema up to date, checks what the database holds, and marks it.
func prepareRestored(ctx context.Context, o Options, at time.Time, check func(*Store) error) error {
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	if err := check(s); err != nil {
		return errors.Join(err, s.Close())
	}
	if err := s.Close(); err != nil {
		return err
	}
	return MarkRestored(ctx, o, at)
}
