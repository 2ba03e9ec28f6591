package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"anteroom/internal/config"
	"anteroom/internal/server"
	"anteroom/internal/store/sqlstore"
)

func newWaits() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "waits",
		Short: "List the requests that wait for somebody outside, and why",
		Long: "Lists the requests that wait: for a callback, for an extension that cannot be reached, or for a delivery.\n" +
			"It only reads the database, and may be used while the server runs.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(file)
			if err != nil {
				return inFile(file, err)
			}
			if asJSON {
				// One object a line: there may be many.
				enc := json.NewEncoder(cmd.OutOrStdout())
				return server.Waits(cmd.Context(), server.StoreOptions(c), func(w server.Wait) error { return enc.Encode(waitJSON(w)) })
			}
			return printWaits(cmd, server.StoreOptions(c))
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each wait")
	return cmd
}

func printWaits(cmd *cobra.Command, o sqlstore.Options) error {
	t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	n := 0
	err := server.Waits(cmd.Context(), o, func(w server.Wait) error {
		if n++; n == 1 {
			fmt.Fprintln(t, "TENANT\tREQUEST\tWAITS FOR\tSTAGE\tEXTENSION\tENDPOINT\tAGE\tATTEMPTS\tDEADLINE\tLAST ERROR")
		}
		_, err := fmt.Fprintln(t, strings.Join([]string{
			string(w.Tenant), string(w.Request), string(w.Kind), or(string(w.Stage)), or(w.Extension), or(w.Endpoint),
			age(w.Age), fmt.Sprint(w.Attempts), or(stamp(w.Deadline)), or(w.LastError),
		}, "\t"))
		return err
	})
	if err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return summary(cmd.OutOrStdout(), n)
}

func summary(w io.Writer, n int) error {
	text := fmt.Sprintf("%d requests wait.", n)
	switch n {
	case 0:
		text = "Nothing waits."
	case 1:
		text = "1 request waits."
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// waitJSON gives times in their usual form and the age in seconds.
func waitJSON(w server.Wait) map[string]any {
	m := map[string]any{
		"tenant": w.Tenant, "request": w.Request, "state": w.State, "status": w.Status, "waitsFor": w.Kind,
		"since": stamp(w.Since), "ageSeconds": int64(w.Age.Seconds()), "attempts": w.Attempts,
		"stage": nil, "customExtensionStageInstanceId": nil, "extension": nil, "endpoint": nil,
		"lastError": nil, "nextAttempt": nil, "deadline": nil,
	}
	for name, value := range map[string]string{
		"stage": string(w.Stage), "customExtensionStageInstanceId": string(w.Instance), "extension": w.Extension,
		"endpoint": w.Endpoint, "lastError": w.LastError, "nextAttempt": stamp(w.NextAttempt), "deadline": stamp(w.Deadline),
	} {
		if value != "" {
			m[name] = value
		}
	}
	return m
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// or stands for what is not there.
func or(s string) string {
	return cmp.Or(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) { // what would move the cursor or turn the text around
			return ' '
		}
		return r
	}, s), "-")
}

// age is a duration at a glance: its two largest units.
func age(d time.Duration) string {
	days := int(d.Hours()) / 24
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, int(d.Hours())%24)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}
