package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"anteroom/internal/store/sqlstore"
)

func newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Look at the schema of the database, and bring it up to date",
		Long: "anteroom serve migrates by itself when it starts; with serve --no-migrate this is a step of its own. Migrations only\n" +
			"go forward. A server goes on while the database is one migration ahead of it, as during an upgrade.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrateStatus(), newMigrateUp())
	return cmd
}

func newMigrateStatus() *cobra.Command {
	return onDatabase(&cobra.Command{
		Use:   "status",
		Short: "List the migrations and when they were applied",
		Long:  "Lists the migrations and when they were applied. It only reads, and may be used while the server runs.",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, o sqlstore.Options, _ []string) error {
		list, err := sqlstore.MigrationStatus(cmd.Context(), o)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
		fmt.Fprintln(t, "VERSION\tNAME\tAPPLIED")
		pending := 0
		for _, m := range list {
			name, applied := m.Name, stamp(m.AppliedAt)
			switch {
			case !m.Applied:
				applied = "pending"
				pending++
			case m.Name == "":
				name, applied = "(of a newer version)", "yes"
			}
			fmt.Fprintf(t, "%d\t%s\t%s\n", m.Version, name, applied)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d pending\n", pending)
		return err
	})
}

func newMigrateUp() *cobra.Command {
	return onDatabase(&cobra.Command{
		Use:   "up",
		Short: "Apply the migrations that are pending",
		Long:  "Applies the migrations that are pending, and makes a database where there is none. Of SQLite no server may be using it.",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, o sqlstore.Options, _ []string) error {
		applied, err := sqlstore.Migrate(cmd.Context(), o)
		if err != nil {
			return err
		}
		for _, m := range applied {
			fmt.Fprintf(cmd.OutOrStdout(), "applied %s\n", m.Name)
		}
		if len(applied) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "The schema is up to date.")
		}
		return nil
	})
}
