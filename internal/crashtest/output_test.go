package crashtest

import (
	"bytes"
	"strings"
	"sync"
)

// output keeps the last of what a process says, and all that nobody should have to read.
type output struct {
	mu     sync.Mutex
	text   []byte
	alarms []string
}

// keptOutput is how much of it is kept, in bytes.
const keptOutput = 256 << 10

// Write adds to it.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for line := range bytes.Lines(b) {
		for _, word := range []string{"DATA RACE", "panic", "fatal error"} {
			if bytes.Contains(line, []byte(word)) {
				o.alarms = append(o.alarms, string(line))
			}
		}
	}
	o.text = append(o.text, b...)
	if len(o.text) > 2*keptOutput {
		o.text = append([]byte(nil), o.text[len(o.text)-keptOutput:]...)
	}
	return len(b), nil
}

// tail returns the last lines.
func (o *output) tail(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := strings.SplitAfter(string(o.text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// alarm returns what nobody should have to read.
func (o *output) alarm() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.alarms, "")
}
