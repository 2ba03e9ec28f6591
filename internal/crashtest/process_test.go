// Package crashtest does to real processes what happens to servers, and looks at what is
// left. It builds the binary with failpoints and starts one server on a SQLite file, or three
// on one PostgreSQL (fleet), puts load on them from callers and owners of extensions that
// are as impatient as real ones (crowd, client, receiver), and kills, freezes, ends and
// upgrades the servers, cuts their connections, and restarts and fails over the database.
//
// All calls with their answers, what receivers got, and what the API shows in the end are the
// evidence, which a checker that knows nothing of servers holds against the promises.
// doctored_test.go shows that the checker finds what it is there to find.
//
// It also holds the order of fsync and answer with a trace of system calls, and what a full
// disk, and a backup that is killed, may do.
package crashtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// hangLimit is how long anything may take that is waited for: no test asserts a time.
const hangLimit = time.Minute

// startWithin is how long a process may take to be ready; it is a limit for hangs.
const startWithin = 30 * time.Second

// process is a server in a process of its own, on data and at an address that stay.
type process struct {
	t      testing.TB
	binary string
	addr   string
	data   string // the path or the address of the database
	args   func() []string
	wrap   []string // a command that runs the server, such as strace

	cmd  *exec.Cmd
	out  *output
	done chan struct{}
}

// newProcess makes a development server on a file, which is not started.
func newProcess(t testing.TB) *process {
	t.Helper()
	p := newServer(t, build(t), nil)
	p.data = filepath.Join(t.TempDir(), "anteroom.db")
	p.args = func() []string { return []string{"dev", "--addr", p.addr, "--data", p.data, "--lease", lease.String()} }
	return p
}

// newServer makes a process that is not started.
func newServer(t testing.TB, binary string, args func() []string) *process {
	t.Helper()
	p := &process{t: t, binary: binary, addr: freeAddress(t), args: args, out: &output{}}
	t.Cleanup(func() {
		p.kill()
		if alarm := p.out.alarm(); alarm != "" {
			t.Errorf("%s says: %s", p.addr, alarm)
		}
		if t.Failed() {
			t.Logf("the last of %s:\n%s", p.addr, p.out.tail(30))
		}
	})
	return p
}

// freeAddress finds an address below the ports that connections get, one of which could
// take it while the process is down.
func freeAddress(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(15000))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			if err = l.Close(); err == nil {
				return addr
			}
		}
	}
	t.Fatalf("no port is free: %v", err)
	return ""
}

func (p *process) url() string { return "http://" + p.addr }

// start starts the process, to die or stop at the failpoint if one is named, and waits until
// it is ready or there.
func (p *process) start(failpoint string) {
	p.t.Helper()
	p.launch(failpoint)
	p.awaitReady()
}

// launch starts the process and waits for nothing.
func (p *process) launch(failpoint string) {
	p.t.Helper()
	args := append(append([]string(nil), p.wrap...), append([]string{p.binary}, p.args()...)...)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
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
}

// awaitReady waits until the process says that it is ready, or has ended, or has stopped
// itself at a failpoint.
func (p *process) awaitReady() {
	p.t.Helper()
	if !until(func() bool { return p.ready() || p.ended() || p.frozen() }) {
		p.t.Fatalf("%s was not ready within %s:\n%s", p.addr, hangLimit, p.out.tail(60))
	}
}

// probe asks whether a process is ready; it keeps no connections.
var probe = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (p *process) ready() bool {
	resp, err := probe.Get(p.url() + "/readyz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// until asks again and again, and reports false after the hang limit.
func until(holds func() bool) bool {
	deadline := time.After(hangLimit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
	return true
}

// signal sends a signal to the process and what it is wrapped in; it may be gone already.
func (p *process) signal(s syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, s) }

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.signal(syscall.SIGKILL)
	<-p.done
}

// awaitEnd waits for the process to end by itself.
func (p *process) awaitEnd() *os.ProcessState {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(hangLimit):
		p.t.Fatalf("%s does not end:\n%s", p.addr, p.out.tail(60))
	}
	return p.cmd.ProcessState
}

// lives lets a process live for a while under load.
func lives(t testing.TB, d time.Duration) {
	t.Helper()
	pause(d)
}
