// Command anteroom runs the Anteroom server and the tools around it.
//
// What lives here: flags, subcommands (one file each), output, and signals. demo and token
// are plain HTTP clients. What a server is made of is package server.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	collectSeldom()
	ctx, stop := onSignal(context.Background())
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// collectSeldom lets the heap grow to nine times what lives before it is collected, and to
// no more than some 200 MiB in all, unless the operator has set GOGC or GOMEMLIMIT. As nothing
// that waits is in memory, little lives: a collection each time that it doubles would be one
// every few requests.
func collectSeldom() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(800)
		debug.SetMemoryLimit(200 << 20)
	}
}

// onSignal returns a context that ends with the first SIGINT or SIGTERM. The second one
// ends the process as if there were no handler: it is as safe as a crash.
func onSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// run runs one command and returns the code to exit with.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "anteroom:", err)
		return 1
	}
	return 0
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "anteroom",
		Short: "A self-hosted server for the Microsoft Graph entitlement management API",
		Long: "Anteroom does what Microsoft Entra entitlement management does, and speaks its Microsoft Graph API.\n" +
			"Begin with: anteroom demo",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newDemo(), newDev(), newToken(), newServe(), newCheck(), newWaits(), newBackup(), newRestore(), newRelease(), newVerify(), newMigrate(), newVersion())
	return root
}
