package crashtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
		v := newVolume(t)
		p := newProcess(t)
		t.Cleanup(func() { p.kill(); v.unmount() })
		p.data = filepath.Join(v.dir, "anteroom.db")
		p.start("")
		keepsRoom(t, p, v)
		fills(t, p, func() { v.leave(256 << 10) }, v.empty)
	})
}

// volume is a small file system of its own with a ballast in it.
type volume struct {
	t       *testing.T
	dir     string
	ballast string
}

const volumeSize = 24 << 20 // bytes

// newVolume mounts one, or skips where that is not allowed.
func newVolume(t *testing.T) *volume {
	t.Helper()
	v := &volume{t: t, dir: t.TempDir()}
	v.ballast = filepath.Join(v.dir, "ballast")
	if err := unix.Mount("tmpfs", v.dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", volumeSize)); err != nil {
		t.Skipf("no volume can be mounted here (%v); the limit of the file's size stands for it", err)
	}
	return v
}

func (v *volume) unmount() {
	if err := unix.Unmount(v.dir, 0); err != nil {
		v.t.Error(err)
	}
}

// leave fills the volume but for so many bytes, at most.
func (v *volume) leave(bytes int64) {
	v.t.Helper()
	v.empty()
	var fs unix.Statfs_t
	if err := unix.Statfs(v.dir, &fs); err != nil {
		v.t.Fatal(err)
	}
	err := os.WriteFile(v.ballast, make([]byte, max(0, int64(fs.Bavail)*fs.Bsize-bytes)), 0o600)
	if err != nil && !errors.Is(err, unix.ENOSPC) { // the load may have been faster
		v.t.Fatal(err)
	}
}

func (v *volume) empty() {
	v.t.Helper()
	if err := os.Remove(v.ballast); err != nil && !errors.Is(err, os.ErrNotExist) {
		v.t.Fatal(err)
	}
}

// keepsRoom holds that what is left of a nearly full volume is for what is under way: new
// requests are refused, answers are taken.
func keepsRoom(t *testing.T, p *process, v *volume) {
	t.Helper()
	l := newLoad(t, p.url())
	refusals := &refusals{}
	l.refused = refusals.add
	const waiting = 40
	for range waiting {
		l.job(t.Context(), 0) // it waits for its answer
	}
	var ids []string
	for id := range l.created {
		ids = append(ids, id)
	}
	if len(ids) != waiting {
		t.Fatalf("%d requests wait, want %d: %v", len(ids), waiting, l.surprise)
	}
	instance := func(id string) string {
		r, err := l.server.Call(l.tenant, "app", "GET", "/assignmentRequests/"+id, nil)
		if err != nil || r.Status != http.StatusOK {
			t.Fatalf("a read: %v %d %s", err, r.Status, r.Body)
		}
		return r.Value("customExtensionCalloutInstances/0/id")
	}
	v.leave(volumeSize / 20 * 3 / 4)
	l.job(t.Context(), 0)
	if refusals.count() != 1 || len(l.created) != waiting {
		t.Errorf("on a nearly full volume %d changes were refused and %d requests made", refusals.count(), len(l.created)-waiting)
	}
	if body := get(t, p.url()+"/readyz"); !strings.Contains(body, `"ready": true`) || !strings.Contains(body, "nearly full") {
		t.Errorf("/readyz of a nearly full volume says %s", body)
	}
	for _, id := range ids[:waiting/2] {
		l.resume(id, instance(id), "continue")
	}
	if len(l.answered) != waiting/2 {
		t.Errorf("on a nearly full volume %d of %d answers were taken", len(l.answered), waiting/2)
	}
	v.leave(0)
	for _, id := range ids[waiting/2:] {
		l.resume(id, instance(id), "continue") // while it fits; else 503
	}
	t.Logf("with nothing left %d of %d answers were taken", len(l.answered)-waiting/2, waiting/2)
	v.empty()
	within(t, 5*time.Second, "a new request after there is room", func() bool {
		l.job(t.Context(), 0)
		return len(l.created) > waiting
	})
	l.verify()
	if !refusals.good() {
		t.Errorf("refusals on a full volume: %s", refusals.first)
	}
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
