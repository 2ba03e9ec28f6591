package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// night says that the long runs are wanted.
var night = os.Getenv("ANTEROOM_NIGHT") != ""

// raced says that the servers are built with the race detector: slower, and each data race
// in their logs is a failure. It needs a C compiler.
var raced = os.Getenv("ANTEROOM_CRASH_RACE") != ""

// times is how often something is done: in CI, which ANTEROOM_CRASH_TIMES multiplies, and at
// night.
func times(ci, atNight int) int {
	if night {
		return atNight
	}
	if n, err := strconv.Atoi(os.Getenv("ANTEROOM_CRASH_TIMES")); err == nil && n > 0 {
		return min(n*ci, atNight)
	}
	return ci
}

// binaries holds what was built in this run.
var binaries struct {
	mu   sync.Mutex
	dir  string
	made map[string]string // by commit; "" is the working tree
}

// build returns the path of the server of the working tree, with failpoints.
func build(t testing.TB) string {
	t.Helper()
	return built(t, "", func(to string) error { return goBuild(".", to) })
}

// built returns the path of a binary, which make makes where it is not there yet.
func built(t testing.TB, commit string, make func(to string) error) string {
	t.Helper()
	b := &binaries
	b.mu.Lock()
	defer b.mu.Unlock()
	if path := b.made[commit]; path != "" {
		return path
	}
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "anteroom-crash")
		if err != nil {
			t.Fatal(err)
		}
		b.dir, b.made = dir, map[string]string{}
	}
	path := filepath.Join(b.dir, "anteroom-"+commit)
	if err := make(path); err != nil {
		t.Fatal(err)
	}
	b.made[commit] = path
	return path
}

// goBuild builds the server from the sources in a directory.
func goBuild(dir, to string) error {
	args := []string{"build", "-buildvcs=false", "-tags", "failpoint", "-o", to}
	cgo := "CGO_ENABLED=0"
	if raced {
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	cmd := exec.Command("go", append(args, "anteroom/cmd/anteroom")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w: %s", strings.Join(cmd.Args[1:], " "), err, out)
	}
	return nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binaries.dir != "" {
		_ = os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}
