package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"anteroom/internal/failpoint"
)

// backupMark is the application_id (a field of SQLite's header) of a backup that is
// complete: it is written last, so that what a crash leaves does not have it, and no server
// serves a file that has it. It reads "ABak".
const backupMark = 0x4142616b

// Copy says what is in a backup, or in what was restored from one.
type Copy struct {
	Bytes   int64 // size of the file
	Schema  int64 // the newest migration that it has
	Records int64 // of the history
	Tenants int64
}

// Backup writes a copy of the SQLite file o.Data to a new file, as it is at one moment,
// while a server may be using it. The copy is named out only when it is complete and on the
// disk; what a crash leaves beside it is named out.partial-*, and is no backup.
func Backup(ctx context.Context, o Options, out string) (c Copy, err error) {
	if IsPostgres(o.Data) {
		return c, errors.New("a PostgreSQL database is copied by its own tools; docs/backup.md says how")
	}
	if err := absent(out); err != nil {
		return c, fmt.Errorf("the backup cannot be written: %w", err)
	}
	part, err := partial(out)
	if err != nil {
		return c, fmt.Errorf("the backup cannot be written: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(part))
		}
	}()
	err = beside(ctx, o, func(k *conn) error {
		if marked, err := hasMark(ctx, k); err != nil || marked {
			return errors.Join(err, fmt.Errorf("%s is a backup itself; copy the file", o.Data)) // its mark would be in the copy too soon
		}
		// In one transaction that only reads: the server goes on writing meanwhile.
		_, err := k.exec(ctx, "VACUUM INTO $1", part)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("copying the database: %w", err)
	}
	failpoint.Hit("backup-copied")
	if err := syncFile(part); err != nil {
		return c, fmt.Errorf("the backup cannot be written: %w", err)
	}
	if err := onFile(ctx, part, func(k *conn) error {
		if c, err = describe(ctx, k); err != nil {
			return err
		}
		return setMark(ctx, k, backupMark)
	}); err != nil {
		return c, fmt.Errorf("completing the backup: %w", err)
	}
	if c.Bytes, err = put(part, out); err != nil {
		return c, fmt.Errorf("the backup cannot be written: %w", err)
	}
	return c, nil
}

// absent refuses a name that is taken by anything.
func absent(name string) error {
	switch _, err := os.Lstat(name); {
	case err == nil:
		return fmt.Errorf("%s exists; nothing is overwritten, so give another name or move it away", name)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// partial makes an empty file beside the one that it is to become, for its owner alone.
func partial(name string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".partial-*") // mode 0600
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(f.Name())
	return path, errors.Join(err, f.Close())
}

// removeAll removes a database file and what SQLite keeps beside it.
func removeAll(file string) error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		if err := os.Remove(file + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// put gives a complete file its name, durably, and returns its size.
func put(part, name string) (int64, error) {
	if err := syncFile(part); err != nil {
		return 0, err
	}
	info, err := os.Stat(part)
	if err != nil {
		return 0, err
	}
	if err := absent(name); err != nil {
		return 0, err
	}
	if err := os.Rename(part, name); err != nil {
		return 0, err
	}
	return info.Size(), syncFile(filepath.Dir(name))
}

// syncFile waits until a file, or the names in a directory, are on the disk. No connection
// of this process may have the file open: closing it here would drop SQLite's locks.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// onFile runs fn with a connection to a file that nobody else knows, with durable commits
// and nothing left beside it.
func onFile(ctx context.Context, file string, fn func(*conn) error) error {
	db, err := sqliteDatabase(dsn(file, true, false))
	if err != nil {
		return err
	}
	c, err := db.connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(c), c.close())
}

// describe counts what is in a database.
func describe(ctx context.Context, k *conn) (c Copy, err error) {
	if c.Schema, err = schemaVersion(ctx, k); err != nil {
		return c, err
	}
	if c.Records, _, err = k.number(ctx, "SELECT COUNT(*) FROM history"); err != nil {
		return c, err
	}
	c.Tenants, _, err = k.number(ctx, "SELECT COUNT(*) FROM tenant")
	return c, err
}

func setMark(ctx context.Context, c *conn, mark int64) error {
	_, err := c.exec(ctx, fmt.Sprintf("PRAGMA application_id = %d", mark))
	return err
}

func hasMark(ctx context.Context, c *conn) (bool, error) {
	n, _, err := c.number(ctx, "PRAGMA application_id")
	return n == backupMark, err
}

// refuseBackup refuses to serve a backup as if nothing had happened since.
func refuseBackup(ctx context.Context, db *database) error {
	c, err := db.connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(notBackup(ctx, c), c.close())
}

// notBackup refuses a backup.
func notBackup(ctx context.Context, c *conn) error {
	if c.remote {
		return nil
	}
	marked, err := hasMark(ctx, c)
	if err == nil && marked {
		err = errors.New("it is a backup, which is not served itself; run anteroom restore BACKUP --to DATA, and serve DATA")
	}
	return err
}
