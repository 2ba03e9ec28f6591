package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"anteroom/internal/store/sqlstore"
)

func newBackup() *cobra.Command {
	return onDatabase(&cobra.Command{
		Use:   "backup OUT",
		Short: "Copy the SQLite database to a new file while the server runs",
		Long: "Copies the SQLite database to a new file, as it is at one moment, while a server may be using it. The copy has its\n" +
			"name only when it is complete and on the disk. See docs/backup.md; anteroom restore makes a database of it.",
		Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, o sqlstore.Options, args []string) error {
		begun := time.Now()
		c, err := sqlstore.Backup(cmd.Context(), o, args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s holds %s; it took %s\n", args[0], copyText(c), time.Since(begun).Round(time.Millisecond))
		return err
	})
}

// copyText says what a copy holds.
func copyText(c sqlstore.Copy) string {
	return fmt.Sprintf("%d bytes, %d tenants, %d records of history, schema version %d", c.Bytes, c.Tenants, c.Records, c.Schema)
}
