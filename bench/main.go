// Command bench measures the whole job of a real server process: a request is made, its
// callout is received, it is resumed, and its access is delivered. Beside it, in the same
// rounds on the same machine, it measures what bounds the job: durable commits made one at
// a time, and a POST that is answered 204 and does nothing. The ratios are the result.
//
// What lives here: a driver that speaks HTTP to the server and costs little itself, the
// parts of the measurement, and the table. It sends traffic to 127.0.0.1 only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	quick    bool
	parked   int
	rounds   int
	round    time.Duration // how long one measurement of a round takes
	idle     time.Duration
	people   int
	out      string
	baseline string
	only     string
	server   string
	against  string
	scale    int
	timers   int
	// The front on River and its database, and the database of the server.
	river, riverData, data string
	profile                time.Duration
	inFlight               int
	role                   string
}

// mostTime bounds a run, whatever goes wrong.
const (
	mostTime      = 30 * time.Minute
	mostTimeScale = 2 * time.Hour // loading a million takes long
)

func main() {
	o := readOptions()
	if o.role == "bare" {
		if err := serveBare(os.Stdout, os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	most := mostTime
	if o.scale > 0 {
		most = mostTimeScale
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	faults, err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || faults.any() {
		os.Exit(1)
	}
}

func readOptions() options {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "a short run: fewer rounds, 10,000 requests parked")
	flag.IntVar(&o.parked, "parked", 0, "how many requests wait while the rate is measured again (default 100,000)")
	flag.IntVar(&o.rounds, "rounds", 0, "how often everything is measured (default 3)")
	flag.StringVar(&o.out, "out", "", "write bench.json and bench.txt into this `directory`")
	flag.StringVar(&o.baseline, "baseline", "", "print the ratios to the figures of this bench.json")
	flag.StringVar(&o.only, "only", "", "only the part whose name begins so, such as PostgreSQL")
	flag.StringVar(&o.server, "server", "", "measure this server `binary` instead of building one")
	flag.StringVar(&o.against, "against", "", "only compare with this other server `binary`, in turn")
	flag.IntVar(&o.scale, "scale", 0, "only measure a server with so many requests that wait, and what belongs to them")
	flag.IntVar(&o.timers, "timers", 0, "with -scale: how many timers fall due at once (default a tenth)")
	flag.StringVar(&o.river, "river", "", "only compare with the front on River, this `binary` made of bench/river, in turn")
	flag.StringVar(&o.riverData, "river-data", "", "the `URL` of an empty PostgreSQL database for the front on River")
	flag.StringVar(&o.data, "data", "", "the server's `database`: with -river and -cpuprofile an empty one, with -scale one that bench/load has filled; default is a temporary SQLite file")
	flag.DurationVar(&o.profile, "cpuprofile", 0, "only run the whole job for so long, behind -parked requests, and write the server's cpu.pprof to -out")
	flag.IntVar(&o.inFlight, "inflight", 64, "how many jobs are in flight with -cpuprofile")
	flag.StringVar(&o.role, "role", "", "used by the benchmark itself")
	flag.Parse()
	parked, rounds := 100_000, o.rounds
	o.rounds, o.round, o.idle, o.people = 3, 3*time.Second, 10*time.Second, 4000
	if o.quick {
		parked = 10_000
		o.rounds, o.round, o.idle, o.people = 2, 1200*time.Millisecond, 3*time.Second, 2000
	}
	if rounds > 0 {
		o.rounds = rounds
	}
	if o.profile > 0 && o.parked <= 0 {
		parked = 0 // only where it was asked for
	}
	if o.parked <= 0 {
		o.parked = parked
	}
	return o
}

// bench is one run.
type bench struct {
	options
	dir    string
	binary string
	sink   *sink
	values *values
	faults faults
	world  *world
	began  time.Time
}

func run(ctx context.Context, o options) (faults, error) {
	b := &bench{options: o, values: newValues(), began: time.Now()}
	var err error
	if b.dir, err = os.MkdirTemp("", "anteroom-bench-"); err != nil {
		return faults{}, err
	}
	defer func() { _ = os.RemoveAll(b.dir) }() // a temporary folder
	if b.binary, err = b.serverBinary(ctx); err != nil {
		return faults{}, err
	}
	if b.sink, err = newSink(); err != nil {
		return faults{}, err
	}
	defer b.sink.close()
	switch {
	case o.profile > 0:
		err = b.profileOnly(ctx)
	case o.river != "":
		err = b.riverPart(ctx)
	case o.scale > 0:
		err = b.scalePart(ctx)
	case o.against != "":
		err = b.compare(ctx)
	default:
		err = b.all(ctx)
	}
	return b.faults, err
}

// all measures everything, and prints what was reached.
func (b *bench) all(ctx context.Context) error {
	for _, part := range []struct {
		what string
		run  func(context.Context) error
	}{
		{"an idle server", b.idlePart},
		{"people, packages and policies", func(ctx context.Context) error { return b.prepare(ctx, b.binary) }},
		{"raw commits, bare POST, and the whole job", b.jobPart},
		{"slower commits", b.delayPart},
		{"parked requests", b.parkedPart},
		{"PostgreSQL", b.postgresPart},
	} {
		if b.only != "" && !strings.HasPrefix(part.what, b.only) {
			continue
		}
		b.say("%s", part.what)
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.what, err)
		}
	}
	return b.report()
}

// say tells what is being done.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// serverBinary returns the server to measure, which is built unless one was named.
func (b *bench) serverBinary(ctx context.Context) (string, error) {
	if b.server != "" {
		return filepath.Abs(b.server)
	}
	b.say("building the server")
	file := filepath.Join(b.dir, "anteroom")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", file, "anteroom/cmd/anteroom")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w: %s", err, out)
	}
	return file, nil
}

// withServer runs a server on a file for as long as fn runs.
func (b *bench) withServer(ctx context.Context, s *server, fn func() error) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	return errors.Join(fn(), s.stop())
}
