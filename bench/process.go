package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of starting and stopping a server.
const (
	startWithin = 30 * time.Second
	stopWithin  = 20 * time.Second
)

// server is a server process on a database and at an address that stay when it is started
// again, and those that run beside it on the same database.
type server struct {
	binary string
	data   string // file or URL
	addr   string
	args   []string
	beside []*server
	turn   atomic.Int64

	cmd     *exec.Cmd
	done    chan struct{}
	readyAt time.Time // when the latest start was over

	admin string // headers of the administrator, who makes requests
	app   string // headers of the application, which resumes them
	stock *stock
	ledger
}

func newServer(binary, data string, args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &server{binary: binary, data: data, addr: l.Addr().String(), args: args}, l.Close()
}

// start starts the process, waits until it is ready and gets tokens.
func (s *server) start(ctx context.Context) error {
	args := append([]string{"dev", "--addr", s.addr, "--data", s.data}, s.args...)
	s.cmd = exec.CommandContext(ctx, s.binary, args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // killed processes end with an error
		close(done)
	}(s.cmd, s.done)
	if err := s.awaitReady(ctx); err != nil {
		return errors.Join(err, s.kill())
	}
	s.readyAt = time.Now()
	if err := s.signIn(ctx); err != nil {
		return errors.Join(err, s.kill())
	}
	for _, o := range s.beside {
		if err := o.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// next is the process that a worker talks to: each in turn.
func (s *server) next() *server {
	n := int(s.turn.Add(1)) % (1 + len(s.beside))
	if n == 0 {
		return s
	}
	return s.beside[n-1]
}

// cpu is the time on a CPU that the processes have used.
func (s *server) cpu() time.Duration {
	sum := cpu(s.pid())
	for _, o := range s.beside {
		sum += o.cpu()
	}
	return sum
}

func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close() // only the status counts
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-s.done:
			return fmt.Errorf("the server at %s ended before it was ready", s.addr)
		case <-ctx.Done():
			return fmt.Errorf("the server at %s is not ready: %w", s.addr, ctx.Err())
		}
	}
}

// stop asks the process to end, and ends it if it does not.
func (s *server) stop() (err error) {
	for _, o := range s.beside {
		err = errors.Join(err, o.stop())
	}
	if s.cmd == nil {
		return err
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return s.kill()
	}
	select {
	case <-s.done:
		s.cmd = nil
		return err
	case <-time.After(stopWithin):
		return errors.Join(err, errors.New("the server did not stop when it was asked to"), s.kill())
	}
}

// kill ends the process as kill -9 does.
func (s *server) kill() error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-s.done
	s.cmd = nil
	return err
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// cpu is the time on a CPU that a process has used; zero where it cannot be known.
func cpu(pid int) time.Duration {
	f := procFields(fmt.Sprintf("/proc/%d/stat", pid), ")")
	if len(f) < 13 {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	return time.Duration(number(f[11])+number(f[12])) * tick
}

// rss is the memory of a process in bytes.
func rss(pid int) float64 {
	f := procFields(fmt.Sprintf("/proc/%d/statm", pid), "")
	if len(f) < 2 {
		return 0
	}
	return float64(number(f[1])) * float64(os.Getpagesize())
}

// machine returns how long all CPUs were busy and how long they could have been.
func machine() (busy, all time.Duration) {
	const tick = 10 * time.Millisecond
	f := procFields("/proc/stat", "cpu ")
	for i, text := range f[:min(len(f), 8)] {
		n := time.Duration(number(text)) * tick
		all += n
		if i != 3 && i != 4 { // idle, iowait
			busy += n
		}
	}
	return busy, all
}

// procFields returns the words of a file's first line behind a mark.
func procFields(file, after string) []string {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if i := strings.LastIndex(line, after); after != "" && i >= 0 {
		line = line[i+len(after):]
	}
	return strings.Fields(line)
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // zero where it is none
	return n
}

// fileSize is the size of a database in bytes, with its log.
func fileSize(file string) (n float64) {
	for _, name := range []string{file, file + "-wal"} {
		if fi, err := os.Stat(name); err == nil {
			n += float64(fi.Size())
		}
	}
	return n
}
