package pgtest

import (
	"os"
	"strings"
	"testing"
)

// logLines is how much of a log is shown: its last lines.
const logLines = 60

// Log returns the last lines of the server's log.
func (c *Cluster) Log() string { return tail(c.logFile(), "") }

// Logged returns the last lines of the server's log that contain the word.
func (c *Cluster) Logged(word string) string { return tail(c.logFile(), word) }

// ShowLog shows the server's log if the test fails.
func (c *Cluster) ShowLog(tb testing.TB) {
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("log of PostgreSQL (%s):\n%s", c.name, c.Log())
		}
	})
}

// tail returns the last lines of the log that contain the word.
func tail(file, word string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for l := range strings.Lines(string(b)) {
		if strings.Contains(l, word) {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines[max(0, len(lines)-logLines):], "")
}
