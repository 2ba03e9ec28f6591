package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"anteroom/internal/config"
	"anteroom/internal/server"
)

func newDev() *cobra.Command {
	var o server.DevOptions
	var profiles string
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a server with zero configuration, for developers and tests",
		Long: "Runs a server with zero configuration: tokens for everybody, sample people and groups, callouts to\n" +
			"this machine, and a clock that can be moved (POST /dev/clock). Never for production.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = server.NewDevLog(cmd.ErrOrStderr(), isColour(cmd.ErrOrStderr()), slog.LevelInfo)
			s, err := server.Dev(cmd.Context(), o)
			if err != nil {
				return err
			}
			if profiles != "" {
				if err := servePprof(cmd.Context(), profiles); err != nil {
					return errors.Join(err, s.Stop())
				}
			}
			printDev(cmd.OutOrStdout(), s.URL(), config.ShownData(o.Data))
			return s.Wait(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "listen at `host:port`; port 0 takes a free one")
	f.StringVar(&o.Data, "data", "", "keep the data in this SQLite `file`, or in the PostgreSQL database of a URL; without it, in memory")
	f.BoolVar(&o.InsecureListen, "insecure-listen", false, "allow an address that other machines can reach")
	f.StringVar(&o.NoticeURL, "notices", "", "post notices (who is asked to approve, what was given, what ends) as CloudEvents to this `URL`")
	f.IntVar(&o.MaxGroup, "max-group", 0, "most changes that share a commit")
	f.DurationVar(&o.Lease, "lease", 0, "how long this process may go without a sign of life on a PostgreSQL database")
	f.DurationVar(&o.CommitDelay, "commit-delay", 0, "make each commit slower")
	f.IntVar(&o.PerEndpoint, "per-endpoint", 0, "callouts to one endpoint at a time")
	f.StringVar(&profiles, "pprof", "", "serve profiles at `host:port` of this machine")
	for _, name := range []string{"max-group", "lease", "commit-delay", "per-endpoint", "pprof"} {
		f.Lookup(name).Hidden = true // for measurements and tests
	}
	return cmd
}

// printDev tells what somebody needs who wants to use the server.
func printDev(w io.Writer, url, data string) {
	var people []string
	for _, p := range server.SamplePeople {
		people = append(people, p.Nickname)
	}
	if data == "" {
		data = "in memory; gone when this ends"
	}
	fmt.Fprintf(w, `Anteroom dev at %[1]s
  tenant       %[2]s
  application  %[3]s, secret %[4]s
  people       %[5]s (@%[6]s)
  data         %[7]s
  token        anteroom token --addr %[1]s
  API          %[1]s/v1.0/identityGovernance/entitlementManagement

`, url, server.SampleTenant, server.SampleApp, server.SampleSecret, strings.Join(people, ", "), server.SampleDomain, data)
}

// isColour reports whether w is a terminal that should be written to in colour.
func isColour(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}
