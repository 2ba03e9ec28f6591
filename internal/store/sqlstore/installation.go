package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

// restoredName is the row of the table installation that is there from a restore until an
// operator releases what is held; its value is the time of the restore.
const restoredName = "restored"

const (
	installationSelect = "SELECT value FROM installation WHERE name = $1"
	installationPut    = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	installationDelete = "DELETE FROM installation WHERE name = $1"
)

// RestoredAt returns when the database was restored from a backup, or zero where it was
// not or has been released since.
func (s *Store) RestoredAt(ctx context.Context) (at time.Time, err error) {
	err = s.readers.use(ctx, func(c *conn) error {
		at, err = restoredAt(ctx, c)
		return err
	})
	return at, err
}

// MarkRestored says of a database, which no server uses, that it was restored at a time:
// the next server to start holds back what goes out, until Release.
func MarkRestored(ctx context.Context, o Options, at time.Time) error {
	return beside(ctx, o, func(c *conn) error {
		if err := notBackup(ctx, c); err != nil {
			return fmt.Errorf("sqlstore: %s is not marked: %w", shown(o.Data), err)
		}
		_, err := c.exec(ctx, installationPut, restoredName, at.UTC().Format(time.RFC3339Nano))
		return needsTable(ctx, c, err)
	})
}

// Release ends what MarkRestored began, and returns when that was; zero where nothing was
// held. It may be called while servers use the database: they see it within seconds.
func Release(ctx context.Context, o Options) (at time.Time, err error) {
	err = beside(ctx, o, func(c *conn) error {
		if at, err = restoredAt(ctx, c); err != nil || at.IsZero() {
			return needsTable(ctx, c, err)
		}
		_, err = c.exec(ctx, installationDelete, restoredName)
		return err
	})
	return at, err
}

func restoredAt(ctx context.Context, c *conn) (time.Time, error) {
	text, found := "", false
	err := c.query(ctx, installationSelect, []driver.Value{restoredName}, func(v []driver.Value) error {
		text, found = v[0].(string)
		return nil
	})
	if err != nil || !found {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("sqlstore: the table installation has %q as the time of the restore, which is no time such as 2026-01-01T00:00:00Z; set it to one", text)
	}
	return at, nil
}

// needsTable explains the failure of a statement on a database that is older than the table.
func needsTable(ctx context.Context, c *conn, err error) error {
	const installation = 3 // the migration that made the table
	if err == nil {
		return nil
	}
	c.clear() // of what failed nothing is left
	if version, verr := schemaVersion(ctx, c); verr == nil && version > 0 && version < installation {
		return fmt.Errorf("its schema has version %d; run anteroom migrate up first: %w", version, err)
	}
	return err
}

// schemaVersion returns the newest migration that a database has; zero for none.
func schemaVersion(ctx context.Context, c *conn) (version int64, err error) {
	there := "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'"
	if c.remote {
		there = "SELECT COUNT(to_regclass('schema_version'))"
	}
	if n, _, err := c.number(ctx, there); err != nil || n == 0 {
		return 0, err
	}
	version, _, err = c.number(ctx, "SELECT MAX(version_id) FROM schema_version")
	return version, err
}
