package main

import (
	"errors"

	"github.com/spf13/cobra"

	"anteroom/internal/config"
	"anteroom/internal/server"
	"anteroom/internal/store/sqlstore"
)

// database is the database that a command is about: named by the configuration of the
// server that uses it, or by itself.
type database struct{ config, data string }

// onDatabase makes a command about one database of cmd: it has the flags --config and --data,
// and runs run.
func onDatabase(cmd *cobra.Command, run func(cmd *cobra.Command, o sqlstore.Options, args []string) error) *cobra.Command {
	var db database
	cmd.Use += " (--config FILE | --data FILE)"
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := db.options()
		if err != nil {
			return err
		}
		return run(cmd, o, args)
	}
	db.flags(cmd)
	return cmd
}

// flags adds --config and --data, of which exactly one is required.
func (d *database) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.config, "config", "", "configuration `file` of the server whose database it is")
	cmd.Flags().StringVar(&d.data, "data", "", "SQLite `file`")
	cmd.MarkFlagsMutuallyExclusive("config", "data")
	cmd.MarkFlagsOneRequired("config", "data")
}

// options says how to open it.
func (d *database) options() (o sqlstore.Options, err error) {
	if o.Data = d.data; d.config != "" {
		c, err := config.Load(d.config)
		if err != nil {
			return o, inFile(d.config, err)
		}
		o = server.StoreOptions(c)
	}
	if o.Data == "" || o.Data == ":memory:" {
		return o, errors.New("--data: a database in memory ends with its process; give the path of a file")
	}
	return o, nil
}
