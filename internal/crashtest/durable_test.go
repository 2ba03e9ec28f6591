package crashtest

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"anteroom/internal/testenv"
)

// TestNoAnswerBeforeSync traces the system calls of a server and holds that no answer to
// a change leaves before an fsync that began after the change was written (P1b of the
// promises): killing a process does not show what a power cut would.
func TestNoAnswerBeforeSync(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing; ./test installs it")
	}
	f := newFleet(t, 1, onSQLite)
	p, s, tenant := f.replicas[0], f.servers[0], f.newTenant()
	trace := filepath.Join(t.TempDir(), "trace")
	p.wrap = []string{strace, "-f", "-y", "-s", "32", "-e", "trace=pwrite64,fsync,fdatasync,write", "-o", trace}
	p.start("")
	pkg, err := s.MakePackage(tenant)
	if err != nil {
		t.Fatal(err)
	}
	const changes = 25
	for range changes {
		name := testenv.NewTenant()
		r, err := s.CallAt(tenant, "app", "POST", "/v1.0/users", person(name))
		if err != nil || r.Status != http.StatusCreated {
			t.Fatalf("%v %d %s", err, r.Status, r.Body)
		}
		r, err = s.Call(tenant, "app", "POST", "/assignmentRequests", map[string]any{
			"requestType": "adminAdd", "assignment": map[string]string{"targetId": name, "accessPackageId": pkg.ID},
		})
		if err != nil || r.Status != http.StatusCreated {
			t.Fatalf("%v %d %s", err, r.Status, r.Body)
		}
	}
	p.signal(syscall.SIGTERM) // the tracer writes its file out
	p.awaitEnd()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	answers := checkTrace(t, strings.Split(string(text), "\n"))
	if answers < changes {
		t.Errorf("the trace shows %d answers 201, want at least %d", answers, changes)
	}
}

// checkTrace returns how many answers 201 there are, and complains of each that left while
// something written to the log was not synced.
func checkTrace(t *testing.T, lines []string) (answers int) {
	t.Helper()
	written, syncing, synced := false, false, false
	for _, line := range lines {
		switch {
		case strings.Contains(line, "pwrite64(") && strings.Contains(line, "-wal>"):
			written, synced = true, false
		case strings.Contains(line, "sync(") && strings.Contains(line, "-wal>"):
			if strings.Contains(line, "unfinished") {
				syncing = true
			} else if strings.HasSuffix(line, "= 0") {
				synced = true
			}
		case strings.Contains(line, "sync resumed"):
			if synced = syncing && strings.HasSuffix(line, "= 0"); synced {
				syncing = false
			}
		case strings.Contains(line, "HTTP/1.1 201"):
			answers++
			if written && !synced {
				t.Errorf("an answer left before what it says was on the disk: %s", line)
			}
			if !written {
				t.Errorf("an answer left and nothing had been written: %s", line)
			}
			written = false
		}
	}
	return answers
}
