package crashtest

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// previous names the commit of the version before this one. It moves with each release, and
// may be at most one migration behind.
//
//go:embed previous
var previous string

// TestRollingRestart replaces three servers of the previous version one after another under
// load, and then goes back the same way: no call fails (P19 of the promises).
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	old, now := buildPrevious(t), build(t)
	f := newProduction(t, 3, 2, drain, onPostgresWithoutSchema)
	for _, p := range f.replicas {
		p.binary = old
	}
	f.start()
	c := newQuiet(f)
	c.underLoad(func() {
		for _, binary := range []string{now, old} {
			for _, p := range f.replicas {
				c.progress(30)
				p.signal(syscall.SIGTERM)
				p.endsWell()
				p.binary = binary
				p.start("")
				if p.ended() {
					t.Fatalf("%s does not start beside the others:\n%s", binary, p.out.tail(30))
				}
			}
		}
		c.progress(30)
	})
	c.checkQuiet()
}

// buildPrevious builds the previous version from the history of the repository.
func buildPrevious(t testing.TB) string {
	t.Helper()
	if out, err := exec.Command("git", "rev-parse", "--is-shallow-repository").Output(); err != nil || strings.TrimSpace(string(out)) == "true" {
		t.Skip("this is no clone with a history, from which the previous version is built: git fetch --unshallow")
	}
	commit := strings.TrimSpace(previous)
	return built(t, commit, func(to string) error {
		dir := t.TempDir()
		if out, err := exec.Command("git", "cat-file", "-e", commit+"^{commit}").CombinedOutput(); err != nil {
			return fmt.Errorf("the commit %s of the previous version, which internal/crashtest/previous names, is not in the history of this "+
				"repository: fetch all of it (git fetch --unshallow): %w: %s", commit, err, out)
		}
		archive := filepath.Join(dir, "previous.tar")
		for _, args := range [][]string{
			{"git", "-C", top(t), "archive", "--output", archive, commit},
			{"tar", "-C", dir, "-xf", archive},
		} {
			if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
			}
		}
		return goBuild(dir, to)
	})
}

// top is the directory of the repository: git archive takes only what is below where it is
// called.
func top(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		wd, _ := os.Getwd()
		t.Fatalf("%s is in no git repository, from whose history the previous version is built: %v", wd, err)
	}
	return strings.TrimSpace(string(out))
}
