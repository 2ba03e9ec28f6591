package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"anteroom/internal/audit"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

// restore is what the command is asked to do.
type restore struct {
	to      string
	mark    bool
	despite bool
	db      database
}

func newRestore() *cobra.Command {
	var r restore
	cmd := &cobra.Command{
		Use:   "restore BACKUP --to DATA",
		Short: "Make a database of a backup, with callouts held until anteroom release",
		Long: "Makes a new SQLite database of what anteroom backup wrote, after it looked through the whole of it. A server that\n" +
			"starts on it holds back what goes out (callouts, notices, timers that may give something) until anteroom release.\n" +
			"With --mark and no BACKUP it only says so of a database that was restored by other means. See docs/backup.md.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case r.mark && len(args) == 0 && r.to == "" && r.db != (database{}):
				return r.markOnly(cmd)
			case !r.mark && len(args) == 1 && r.to != "" && r.db == (database{}):
				return r.run(cmd, args[0])
			}
			return errors.New("restore wants BACKUP --to DATA, or --mark with --config FILE or --data FILE")
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.to, "to", "", "SQLite `file` to make; it must not exist")
	f.BoolVar(&r.mark, "mark", false, "mark a database as restored that is in place already; no server may be using it")
	f.BoolVar(&r.despite, "despite-differences", false, "restore even where the history does not tell what is stored")
	f.StringVar(&r.db.config, "config", "", "configuration `file` of the server whose database is marked")
	f.StringVar(&r.db.data, "data", "", "SQLite `file` that is marked")
	cmd.MarkFlagsMutuallyExclusive("config", "data")
	return cmd
}

func (r *restore) run(cmd *cobra.Command, backup string) error {
	out := cmd.OutOrStdout()
	check := func(s *sqlstore.Store) error {
		err := verifyStore(cmd.Context(), s, out)
		if err != nil && r.despite && cmd.Context().Err() == nil {
			fmt.Fprintln(cmd.ErrOrStderr(), "anteroom: restored all the same:", err)
			return nil
		}
		return err
	}
	c, err := sqlstore.Restore(cmd.Context(), backup, sqlstore.Options{Data: r.to}, time.Now(), check)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s holds %s.\nA server that starts on it holds callouts, notices and timers until: anteroom release --data %s\n", r.to, copyText(c), r.to)
	return err
}

func (r *restore) markOnly(cmd *cobra.Command) error {
	o, err := r.db.options()
	if err != nil {
		return err
	}
	if err := sqlstore.MarkRestored(cmd.Context(), o, time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "Servers that start from now on hold callouts, notices and timers until anteroom release.")
	return err
}

func newRelease() *cobra.Command {
	return onDatabase(&cobra.Command{
		Use:   "release",
		Short: "Let what is held after a restore go on",
		Long: "Ends what a restore began: callouts, notices and timers are performed again. A server that runs sees it within\n" +
			"seconds, and one that starts later holds nothing.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, o sqlstore.Options, _ []string) error {
		at, err := sqlstore.Release(cmd.Context(), o)
		if err != nil {
			return err
		}
		text := "Nothing was held.\n"
		if !at.IsZero() {
			text = fmt.Sprintf("Released what was held since the restore at %s.\n", stamp(at))
		}
		_, err = io.WriteString(cmd.OutOrStdout(), text)
		return err
	})
}

func newVerify() *cobra.Command {
	return onDatabase(&cobra.Command{
		Use:   "verify",
		Short: "Check that the database is sound and that its history tells what is stored",
		Long: "Looks through the whole database, folds its history, and compares the result with the requests and assignments that\n" +
			"are stored. It only reads, and may be used while the server runs.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, o sqlstore.Options, _ []string) error {
		o.ReadOnly = true
		s, err := sqlstore.Open(cmd.Context(), o)
		if err != nil {
			return err
		}
		err = s.Intact(cmd.Context())
		if err == nil {
			err = verifyStore(cmd.Context(), s, cmd.OutOrStdout())
		}
		return errors.Join(err, s.Close())
	})
}

// verifyStore compares a store with its history and tells how much was compared.
func verifyStore(ctx context.Context, s store.Store, out io.Writer) error {
	report, err := audit.Verify(ctx, s)
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "good: %d tenants, %d records tell %d requests and %d assignments\n",
		report.Tenants, report.Records, report.Requests, report.Assignments)
	return err
}
