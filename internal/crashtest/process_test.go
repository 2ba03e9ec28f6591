// Package crashtest kills the real process and looks at what is left: it builds the binary
// with failpoints, puts load on it, kills it at random moments and at named places, starts
// it again on the same file, and counts what was lost or done twice. It also holds the
// order of fsync and answer with a trace of system calls.
package crashtest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startWithin is how long a process may take to be ready; it is a limit for hangs.
const startWithin = 30 * time.Second

var (
	buildOnce sync.Once
	binary    string
	buildErr  error
)

// build returns the path of a binary with failpoints.
func build(t *testing.T) string {
	t.Helper()
	buildOnce.Do(func() {
		var dir string
		if dir, buildErr = os.MkdirTemp("", "anteroom-crash"); buildErr != nil {
			return
		}
		binary = filepath.Join(dir, "anteroom")
		cmd := exec.Command("go", "build", "-tags", "failpoint", "-o", binary, "anteroom/cmd/anteroom")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			buildErr = fmt.Errorf("%w: %s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return binary
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary != "" {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// process is a server in a process of its own, on a file and at an address that stay.
type process struct {
	t    *testing.T
	addr string
	data string
	wrap []string // a command that runs the server, such as strace

	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
}

func newProcess(t *testing.T) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, addr: addr, data: filepath.Join(t.TempDir(), "anteroom.db")}
	t.Cleanup(func() { p.kill() })
	return p
}

func (p *process) url() string { return "http://" + p.addr }

// start starts the process, to die at the failpoint if one is named, and waits until it is
// ready or dead.
func (p *process) start(failpoint string) {
	p.t.Helper()
	args := append(p.wrap, build(p.t), "dev", "--addr", p.addr, "--data", p.data)
	p.out.Reset()
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.Env = append(os.Environ(), "ANTEROOM_FAILPOINT="+failpoint)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // killed processes end with an error
		close(done)
	}(p.cmd, p.done)
	p.awaitReady()
}

func (p *process) awaitReady() {
	p.t.Helper()
	deadline := time.After(startWithin)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get(p.url() + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-p.done:
			return
		case <-deadline:
			p.t.Fatalf("not ready within %s: %s", startWithin, p.out.String())
		}
	}
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may be gone already
	<-p.done
}

// terminate asks the process to end and waits for it.
func (p *process) terminate() *os.ProcessState {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(startWithin):
		p.t.Fatalf("the process does not end: %s", p.out.String())
	}
	return p.cmd.ProcessState
}
