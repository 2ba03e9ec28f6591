package crashtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
	"anteroom/internal/testenv"
)

// tool runs a command of the binary that is no server.
func tool(t *testing.T, failpoint string, args ...string) (out string, err error) {
	t.Helper()
	cmd := exec.Command(build(t), args...)
	cmd.Env = append(os.Environ(), "ANTEROOM_FAILPOINT="+failpoint)
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// mustTool runs a command that has to succeed.
func mustTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tool(t, "", args...)
	if err != nil {
		t.Fatalf("anteroom %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// TestBackup backs a server up under load once a second, restores each backup into a new
// place, and holds that it is sound, has all that was acknowledged before, and that nothing
// goes out from it until it is released (P20 of the promises).
func TestBackup(t *testing.T) {
	t.Parallel()
	rounds := 10
	if os.Getenv("ANTEROOM_NIGHT") != "" {
		rounds = 60
	}
	p := newProcess(t)
	p.start("")
	l := newLoad(t, p.url())
	ctx, stop := context.WithCancel(context.Background())
	wait := l.run(ctx, 4)
	dir := t.TempDir()
	backup := func(n int) string { return filepath.Join(dir, fmt.Sprintf("backup-%d.db", n)) }
	var before []map[string]bool
	for n := range rounds {
		lives(t, time.Second)
		l.mu.Lock()
		before = append(before, maps.Clone(l.created))
		l.mu.Unlock()
		mustTool(t, "backup", "--data", p.data, backup(n))
	}
	stop()
	wait.Wait()
	for _, surprise := range l.surprise {
		t.Errorf("an answer that nobody expects during backups: %s", surprise)
	}

	restored := ""
	for n := range rounds {
		restored = filepath.Join(t.TempDir(), "restored.db")
		mustTool(t, "restore", backup(n), "--to", restored)
		mustTool(t, "verify", "--data", restored)
		holdsAll(t, restored, l.tenant, before[n])
	}
	t.Logf("%d of %d restores are good; the last has the %d requests that were acknowledged before it", rounds, rounds, len(before[rounds-1]))
	p.kill()
	goesOnWhenReleased(t, l, restored)
}

// holdsAll holds that a database has all of the requests.
func holdsAll(t *testing.T, data, tenant string, ids map[string]bool) {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Data: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if at, err := s.RestoredAt(t.Context()); err != nil || at.IsZero() {
		t.Errorf("it was restored at %v (%v), want a time", at, err)
	}
	err = s.View(t.Context(), entitlement.TenantID(tenant), func(tx *store.Tx) error {
		for id := range ids {
			if _, err := tx.Requests.Get(t.Context(), entitlement.ID(id)); err != nil {
				t.Errorf("request %s was acknowledged before the backup, and is not in it: %v", id, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// goesOnWhenReleased starts a server on restored data: it answers, and calls nobody until it
// is released; then it does what waited.
func goesOnWhenReleased(t *testing.T, l *load, data string) {
	t.Helper()
	p := newProcess(t)
	p.data = data
	p.start("")
	l.server = testenv.Attach(p.url())
	calls := len(l.endpoint.Received())
	name := testenv.NewTenant()
	r, err := l.server.CallAt(l.tenant, "app", "POST", "/v1.0/users", person(name))
	if err != nil || r.Status != http.StatusCreated {
		t.Fatalf("a user on restored data: %v %d %s", err, r.Status, r.Body)
	}
	r, err = l.server.Call(l.tenant, "app", "POST", "/assignmentRequests", map[string]any{
		"requestType": "adminAdd", "assignment": map[string]string{"targetId": name, "accessPackageId": l.pkg.ID},
	})
	if err != nil || r.Status != http.StatusCreated {
		t.Fatalf("a request on restored data: %v %d %s", err, r.Status, r.Body)
	}
	id, instance := r.Value("id"), r.Value("customExtensionCalloutInstances/0/id")
	l.advance("PT0S") // all that is due and not held is done
	if n := len(l.endpoint.Received()) - calls; n != 0 {
		t.Errorf("the endpoint was called %d times before the release", n)
	}
	if body := get(t, p.url()+"/readyz"); !strings.Contains(body, "anteroom release") {
		t.Errorf("/readyz does not say that callouts are held: %s", body)
	}
	mustTool(t, "release", "--data", data) // beside the server
	within(t, startWithin, "the held callout", func() bool { return l.calloutInstances()[id][instance] })
	l.resume(id, instance, "continue")
	r, err = l.server.Call(l.tenant, "app", "GET", "/assignmentRequests/"+id, nil)
	if err != nil || r.Value("state") != "delivered" {
		t.Errorf("after the release: %v %s, want delivered", err, r.Body)
	}
	if body := get(t, p.url()+"/readyz"); strings.Contains(body, "anteroom release") {
		t.Errorf("/readyz says after the release: %s", body)
	}
	p.kill()
	mustTool(t, "verify", "--data", data)
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// within waits until something is so, at most for the limit.
func within(t *testing.T, limit time.Duration, what string, so func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		if time.Since(begun) > limit {
			t.Fatalf("%s did not come within %s", what, limit)
		}
		<-tick.C
	}
	return time.Since(begun)
}

// TestKillBackup kills backups at random moments and at the last one before they are
// complete: nothing of that name is left, and what is left is not restored.
func TestKillBackup(t *testing.T) {
	t.Parallel()
	kills := 20
	if os.Getenv("ANTEROOM_NIGHT") != "" {
		kills = 500
	}
	p := newProcess(t)
	p.start("")
	l := newLoad(t, p.url())
	ctx, stop := context.WithCancel(context.Background())
	wait := l.run(ctx, 4)
	lives(t, time.Second)
	dir := t.TempDir()
	out, to := filepath.Join(dir, "backup.db"), filepath.Join(dir, "restored.db")
	rng := rand.New(rand.NewPCG(1, 2))
	killed, left := 0, 0
	for n := range kills {
		if killBackup(t, p.data, out, n == 0, time.Duration(rng.IntN(250_000))*time.Microsecond) {
			killed++
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			file := filepath.Join(dir, e.Name())
			if file != out {
				left++
				if text, err := tool(t, "", "restore", file, "--to", to); err == nil || !strings.Contains(text, "use another backup") {
					t.Errorf("restoring %s: %v %s", e.Name(), err, text)
				}
			} else { // it was complete
				mustTool(t, "restore", file, "--to", to)
			}
			for _, name := range []string{file, to, to + ".lock"} {
				if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
		}
	}
	stop()
	wait.Wait()
	l.verify()
	if killed == 0 || left == 0 {
		t.Errorf("%d of %d backups were killed and left %d files: this shows nothing", killed, kills, left)
	}
	t.Logf("%d of %d backups were killed and left %d files", killed, kills, left)
}

// killBackup makes a backup and kills it after a while, or where it has copied all; it
// reports whether it was killed.
func killBackup(t *testing.T, data, out string, atTheEnd bool, after time.Duration) bool {
	t.Helper()
	cmd := exec.Command(build(t), "backup", "--data", data, out)
	if cmd.Env = os.Environ(); atTheEnd {
		cmd.Env = append(cmd.Env, "ANTEROOM_FAILPOINT=backup-copied")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !atTheEnd {
		lives(t, after)
		_ = cmd.Process.Kill() // it may have ended
	}
	return cmd.Wait() != nil
}
