package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"anteroom/internal/config"
)

func newCheck() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Explain what is wrong with a configuration file",
		Long:  "Reads a configuration file and what it names, and explains every problem with its line and its key.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(file)
			if err == nil {
				err = c.Check()
			}
			if err != nil {
				return inFile(file, err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good: %s, %d tenants\n", file, c.PublicURL, len(c.Tenants))
			return err
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// inFile puts the name of the file before each problem of it, in the form that editors
// can jump to.
func inFile(file string, err error) error {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	text := fmt.Sprintf("%d problems", len(problems))
	if len(problems) == 1 {
		text = "1 problem"
	}
	text += " in the configuration:"
	for _, p := range problems {
		at := file
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d", file, p.Line)
		}
		if p.Key != "" {
			at += ": " + p.Key
		}
		text += "\n  " + at + ": " + p.Message
	}
	return errors.New(text)
}
