package sqlstore

import (
	"context"
	"errors"
	"fmt"
)

// migrationLock is the number of the lock that who brings the schema up to date holds. It is
// the program's own: the letters of its name.
const migrationLock = 0x616e7465726f6f6d

// migratePostgres is migrate by one process at a time: several may start together. The lock
// belongs to a transaction, so that it works through poolers, and is gone with it.
func migratePostgres(ctx context.Context, db *database, only bool) (err error) {
	c, err := db.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.begin(c.beginWrite); err != nil {
		return err
	}
	for _, limit := range []string{"lock_timeout", "idle_in_transaction_session_timeout"} {
		c.later("SET LOCAL " + limit + " = 0")
	}
	wait, cancel := context.WithTimeout(ctx, migrateWithin)
	defer cancel()
	if _, err := c.exec(wait, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("waiting for another process that migrates: %w", err)
	}
	return errors.Join(db.migrate(ctx, only), c.rollback())
}
