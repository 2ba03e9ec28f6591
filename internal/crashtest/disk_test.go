package crashtest

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"anteroom/internal/testenv"
)

// TestDiskFull fills the disk under the server: what changes something is answered 503 with
// a code and a time to come back, reads go on, and once there is room again so do changes,
// without a restart; nothing that was acknowledged is lost (P16 of the promises).
func TestDiskFull(t *testing.T) {
	t.Run("limit of the file's size", func(t *testing.T) {
		p := newProcess(t)
		p.start("")
		limit := func(bytes uint64) {
			// Every file of the process is limited, as by a quota; it may be raised again.
			err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil)
			if err != nil {
				t.Fatal(err)
			}
		}
		fills(t, p, func() { limit(1 << 20) }, func() { limit(unix.RLIM_INFINITY) })
	})
	t.Run("small volume", func(t *testing.T) {
		dir := t.TempDir()
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=24m,mode=0700"); err != nil {
			t.Skipf("no volume can be mounted here (%v); the limit of the file's size stands for it", err)
		}
		p := newProcess(t)
		t.Cleanup(func() {
			p.kill()
			if err := unix.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
		p.data = filepath.Join(dir, "anteroom.db")
		p.start("")
		ballast := filepath.Join(dir, "ballast")
		fill := func() {
			var fs unix.Statfs_t
			if err := unix.Statfs(dir, &fs); err != nil {
				t.Fatal(err)
			}
			const left = 256 << 10 // for the load to use up
			err := os.WriteFile(ballast, make([]byte, max(0, int64(fs.Bavail)*fs.Bsize-left)), 0o600)
			if err != nil && !errors.Is(err, unix.ENOSPC) { // the load may have been faster
				t.Fatal(err)
			}
		}
		fills(t, p, fill, func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// fills puts load on a server, takes its room away and gives it back.
func fills(t *testing.T, p *process, takeRoom, giveRoom func()) {
	t.Helper()
	l := newLoad(t, p.url())
	refusals := &refusals{}
	l.refused = refusals.add
	ctx, stop := context.WithCancel(context.Background())
	wait := l.run(ctx, 4)
	defer func() { stop(); wait.Wait() }()
	acked := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.acked
	}
	within(t, startWithin, "an acknowledged change", func() bool { return acked() > 20 })
	takeRoom()
	within(t, startWithin, "the end of the disk", func() bool { return refusals.count() > 50 })
	for range 20 {
		r, err := l.server.Call(l.tenant, "app", "GET", "/assignmentRequests?$top=5", nil)
		if err != nil || r.Status != http.StatusOK {
			t.Errorf("a read on a full disk: %v %d %s", err, r.Status, r.Body)
		}
	}
	giveRoom()
	before := acked()
	took := within(t, 5*time.Second, "an acknowledged change after there is room", func() bool { return acked() > before+5 })
	lives(t, time.Second)
	stop()
	wait.Wait()
	l.verify()
	if !refusals.good() {
		t.Errorf("refusals on a full disk: %s", refusals.first)
	}
	t.Logf("%d refusals, changes accepted again %s after there was room", refusals.count(), took.Round(time.Millisecond))
	p.kill()
	mustTool(t, "verify", "--data", p.data)
}

// refusals are the answers 503.
type refusals struct {
	mu    sync.Mutex
	n     int
	first string // the first that lacks something
}

func (f *refusals) add(r testenv.Reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.first == "" && (r.Header.Get("Retry-After") == "" || r.Value("error/code") == "" || r.Value("error/message") == "") {
		f.first = string(r.Body)
	}
}

func (f *refusals) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

func (f *refusals) good() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first == ""
}
