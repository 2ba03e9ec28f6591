package main

import (
	"github.com/spf13/cobra"

	"anteroom/internal/config"
	"anteroom/internal/server"
)

func newServe() *cobra.Command {
	var file string
	var noMigrate bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server as a configuration file says",
		Long: "Runs the server as a configuration file says. SIGTERM stops it: it finishes what is under way and loses\n" +
			"nothing; a second one ends it at once.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(file)
			if err != nil {
				return inFile(file, err)
			}
			c.NoMigrate = noMigrate
			s, err := server.Serve(cmd.Context(), c, server.NewServeLog(cmd.ErrOrStderr(), c.Log))
			if err != nil {
				return err
			}
			return s.Wait(cmd.Context())
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&noMigrate, "no-migrate", false, "refuse to start while migrations are pending, instead of applying them")
	return cmd
}

// configFlag adds the flag --config, which is required.
func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "configuration `file`")
	if err := cmd.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag is there
	}
}
