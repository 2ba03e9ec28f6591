package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// hangLimit ends tests that hang.
const hangLimit = 90 * time.Second

func TestDemo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), hangLimit)
	defer cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"demo"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out.String(), errs.String())
	}
	for _, want := range []string{
		"POST …/assignmentRequests  201", "the signature is right", `"CustomExtensionStageInstanceId"`, "status WaitingForCallback",
		"/resume  204", "is in state delivered, status Delivered", "members of the group: Maya Moss",
		`"state": "denied"`, "is in state denied, status Denied",
		"POST /dev/clock  200", "is in state deliveryFailed, status CallbackTimedOut", "is in status callbackTimedOut", "/resume  409",
		"Every step was as expected.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not show %q", want)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("output that goes to no terminal is coloured")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestDemoKeep pastes the curl lines that are printed.
func TestDemoKeep(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	ctx, cancel := context.WithTimeout(t.Context(), hangLimit)
	defer cancel()
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"demo", "--keep"}, w, w)
		_ = w.Close()
	}()
	var lines []string
	for in := bufio.NewScanner(r); in.Scan(); {
		if line := in.Text(); strings.HasPrefix(line, "curl ") {
			lines = append(lines, line)
		} else if strings.HasPrefix(line, "Ctrl-C") {
			break
		}
	}
	want := []string{"WaitingForCallback", "204 No Content", "Carol Clark"}
	if len(lines) != len(want) {
		t.Fatalf("%d curl lines, want %d", len(lines), len(want))
	}
	for i, line := range lines {
		got, err := exec.CommandContext(ctx, "sh", "-c", line).CombinedOutput()
		if err != nil || !bytes.Contains(got, []byte(want[i])) {
			t.Errorf("%s\n%s\n%v; want %q", line, got, err, want[i])
		}
	}
	cancel()
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if c := <-code; c != 0 {
		t.Errorf("exit %d", c)
	}
}
