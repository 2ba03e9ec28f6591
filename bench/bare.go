package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// bare is a server in a process of its own that decodes the body of a resume, does
// nothing with it, and answers 204: what net/http costs.
type bare struct {
	cmd   *exec.Cmd
	stdin io.Closer
	addr  string
}

// startBare runs this program again in the role of the bare server.
func startBare() (*bare, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-role", "bare")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b := &bare{cmd: cmd, stdin: in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, b.stop())
	}
	b.addr = strings.TrimSpace(line)
	return b, nil
}

// stop ends the process, which ends with its standard input.
func (b *bare) stop() error { return errors.Join(b.stdin.Close(), b.cmd.Wait()) }

// serveBare is the role: it prints its address and serves until in ends.
func serveBare(out io.Writer, in io.Reader) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Source, Type string
			Data         struct {
				Stage                              string
				CustomExtensionStageInstanceID     string
				CustomExtensionStageInstanceDetail string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Data.Stage == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})}
	go func() {
		_, _ = io.Copy(io.Discard, in) // its end is all that counts
		_ = srv.Close()                // nothing is lost
	}()
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// measure posts for a time with so many calls in flight.
func (b *bare) measure(inFlight int, most time.Duration) (rate float64, p50 time.Duration, err error) {
	body := resumeBody("00000000-0000-4000-8000-000000000000")
	all := make([][]time.Duration, inFlight)
	errs := make([]error, inFlight)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range inFlight {
		wg.Go(func() {
			c := newCaller(b.addr, strings.Repeat("t", 800)) // as long as a token
			defer c.close()
			for at := time.Now(); at.Sub(start) < most; {
				status, _, err := c.post(c.headers, body, "/resume")
				if err != nil || status != http.StatusNoContent {
					errs[i] = errors.Join(err, fmt.Errorf("bare POST: status %d", status))
					return
				}
				now := time.Now()
				all[i] = append(all[i], now.Sub(at))
				at = now
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	var samples []time.Duration
	for _, s := range all {
		samples = append(samples, s...)
	}
	return float64(len(samples)) / elapsed.Seconds(), percentile(samples, 50), errors.Join(errs...)
}
