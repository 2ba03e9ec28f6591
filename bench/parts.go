package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

var inFlights = []int{1, 16, 64, 256}

// idlePart looks at a server that nobody uses.
func (b *bench) idlePart(ctx context.Context) error {
	s, err := newServer(b.binary, filepath.Join(b.dir, "idle.db"))
	if err != nil {
		return err
	}
	return b.withServer(ctx, s, func() error {
		if err := sleep(ctx, 2*time.Second); err != nil {
			return err
		}
		before := cpu(s.pid())
		if err := sleep(ctx, b.idle); err != nil {
			return err
		}
		b.values.add("idle.cores", (cpu(s.pid())-before).Seconds()/b.idle.Seconds())
		b.values.add("idle.mib", rss(s.pid())/(1<<20))
		return nil
	})
}

// jobPart measures the whole job in turn with what bounds it, and then kills the server.
func (b *bench) jobPart(ctx context.Context) (err error) {
	r, err := openRaw(ctx, b.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	bare, err := startBare()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	s, err := b.populated("jobs", b.binary)
	if err != nil {
		return err
	}
	return b.withServer(ctx, s, func() error {
		if err := b.warm(s); err != nil {
			return err
		}
		for range b.rounds {
			grouped, _, err := r.measure(ctx, 100, b.round/3)
			if err != nil {
				return err
			}
			b.values.add("raw.100.rate", grouped)
			rate, p50, err := r.measure(ctx, 1, b.round*2/3)
			if err != nil {
				return err
			}
			b.values.add("raw.rate", rate)
			b.values.addTime("raw.p50", p50)
			for _, n := range inFlights {
				rate, p50, err := bare.measure(n, b.round/2)
				if err != nil {
					return err
				}
				b.values.add(fmt.Sprintf("bare.%d.rate", n), rate)
				b.values.addTime(fmt.Sprintf("bare.%d.p50", n), p50)
			}
			for _, n := range inFlights {
				if err := b.measure(s, fmt.Sprintf("job.%d", n), n, b.round); err != nil {
					return err
				}
			}
		}
		if err := b.burstPart(ctx, "burst", s); err != nil {
			return err
		}
		return b.crash(ctx, s)
	})
}

// warm runs jobs that are not counted.
func (b *bench) warm(s *server) error {
	_, _, err := b.burst(s, 64, b.round/2)
	return err
}

// measure runs jobs and keeps what it took under the key.
func (b *bench) measure(s *server, key string, inFlight int, most time.Duration) error {
	busy, all := machine()
	ours, theirs := cpu(os.Getpid()), s.cpu()
	jobs, took, err := b.burst(s, inFlight, most)
	ours, theirs = cpu(os.Getpid())-ours, s.cpu()-theirs
	busyAfter, allAfter := machine()
	if err != nil {
		b.faults.note(err)
	}
	if len(jobs) == 0 {
		return fmt.Errorf("no job was done: %w", err)
	}
	v := b.values
	v.add(key+".rate", float64(len(jobs))/took.Seconds())
	v.add(key+".cpu", ms(theirs)/float64(len(jobs)))
	v.add(key+".driver", ms(ours)/float64(len(jobs)))
	if all := allAfter - all; all > 0 {
		v.add(key+".busy", float64(busyAfter-busy)/float64(all))
		v.add(key+".others", max(0, float64(busyAfter-busy-ours-theirs)/float64(took)))
	}
	for name, of := range map[string]func(*job) time.Duration{
		"create":  func(j *job) time.Duration { return j.create },
		"callout": func(j *job) time.Duration { return j.callout },
		"resume":  func(j *job) time.Duration { return j.resume },
		"deliver": func(j *job) time.Duration { return j.deliver },
		"whole":   func(j *job) time.Duration { return j.whole },
	} {
		samples := make([]time.Duration, len(jobs))
		for i, j := range jobs {
			samples[i] = of(j)
		}
		v.addTime(key+"."+name+".p50", percentile(samples, 50))
		v.addTime(key+"."+name+".p99", percentile(samples, 99))
	}
	return nil
}

// commitDelay is by how much commits are made slower, as an ordinary disk would.
const commitDelay = "5ms"

// delayPart measures what grouping is worth when a commit takes long.
func (b *bench) delayPart(ctx context.Context) error {
	return b.sideBySide(ctx, []contender{
		{"delay.none", b.binary, nil},
		{"delay.grouped", b.binary, []string{"--commit-delay", commitDelay}},
		{"delay.alone", b.binary, []string{"--commit-delay", commitDelay, "--max-group", "1"}},
	}, []int{64})
}

// contender is a server that is measured in turn with others.
type contender struct {
	key    string
	binary string
	args   []string
}

// sideBySide measures several servers in turn.
func (b *bench) sideBySide(ctx context.Context, all []contender, inFlights []int) (err error) {
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	for _, c := range all {
		s, err := b.populated(c.key, c.binary, c.args...)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		if err := s.start(ctx); err != nil {
			return err
		}
		if err := b.warm(s); err != nil {
			return err
		}
	}
	for range b.rounds {
		for _, n := range inFlights {
			for i, c := range all {
				key := c.key
				if len(inFlights) > 1 {
					key = fmt.Sprintf("%s.%d", c.key, n)
				}
				if err := b.measure(servers[i], key, n, b.round); err != nil {
					return err
				}
			}
		}
	}
	for _, s := range servers {
		if err := b.check(s); err != nil {
			return err
		}
	}
	return nil
}

// parkedPart lets many requests wait, and compares with a server without them.
func (b *bench) parkedPart(ctx context.Context) (err error) {
	full, err := b.populated("full", b.binary)
	if err != nil {
		return err
	}
	empty, err := b.populated("empty", b.binary)
	if err != nil {
		return err
	}
	return b.withServer(ctx, full, func() error {
		return b.withServer(ctx, empty, func() error {
			if err := errors.Join(b.warm(full), b.warm(empty)); err != nil {
				return err
			}
			if err := b.park(ctx, full); err != nil {
				return err
			}
			for range b.rounds {
				if err := errors.Join(b.measure(empty, "parked.none", 64, b.round), b.measure(full, "parked.all", 64, b.round)); err != nil {
					return err
				}
			}
			return b.crash(ctx, full)
		})
	})
}

// park makes the requests that wait, and measures what each takes.
func (b *bench) park(ctx context.Context, s *server) error {
	if err := settle(ctx, s); err != nil {
		return err
	}
	disk, memory := fileSize(s.data), rss(s.pid())
	jobs, rate, err := b.leaveWaiting(s, b.parked)
	if err != nil {
		return err
	}
	b.values.add("park.rate", rate)
	for _, j := range jobs {
		s.parked = append(s.parked, j.request)
	}
	if err := settle(ctx, s); err != nil {
		return err
	}
	b.values.add("park.disk", (fileSize(s.data)-disk)/float64(b.parked))
	b.values.add("park.memory", (rss(s.pid())-memory)/float64(b.parked))
	return nil
}

// settle waits until the server has nothing more to do, and brings what is in its log into
// the database file.
func settle(ctx context.Context, s *server) error {
	const look, calm = 500 * time.Millisecond, 20 * time.Millisecond
	for range 60 {
		before := cpu(s.pid())
		if err := sleep(ctx, look); err != nil {
			return err
		}
		if cpu(s.pid())-before <= calm {
			return checkpoint(ctx, s.data)
		}
	}
	return errors.New("the server does not come to rest")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// profileOnly runs the whole job and keeps a profile of the server's CPU.
func (b *bench) profileOnly(ctx context.Context) error {
	if b.out == "" {
		return errors.New("-cpuprofile needs -out")
	}
	probe, err := newServer("", "") // only for its free address
	if err != nil {
		return err
	}
	s, err := b.profiled(ctx, "--pprof", probe.addr)
	if err != nil {
		return err
	}
	return b.withServer(ctx, s, func() error {
		if err := b.warm(s); err != nil {
			return err
		}
		if b.data != "" {
			if err := analyze(ctx, b.data); err != nil {
				return err
			}
		}
		if b.parked > 0 {
			if err := b.park(ctx, s); err != nil {
				return err
			}
		}
		done := make(chan error, 1)
		go func() {
			done <- fetch(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%.0f", probe.addr, b.profile.Seconds()), filepath.Join(b.out, "cpu.pprof"))
		}()
		if err := b.measure(s, "job", b.inFlight, b.profile); err != nil {
			return err
		}
		if err := <-done; err != nil {
			return err
		}
		if err := fetch(ctx, "http://"+probe.addr+"/debug/pprof/allocs", filepath.Join(b.out, "allocs.pprof")); err != nil {
			return err
		}
		b.say("%.0f jobs/s, %.2f ms of the server's CPU a job", b.values.median("job.rate"), b.values.median("job.cpu"))
		return nil
	})
}

// profiled is a server with something to do, on the database that was named, or on a file.
func (b *bench) profiled(ctx context.Context, args ...string) (*server, error) {
	if b.data == "" {
		if err := b.prepare(ctx, b.binary); err != nil {
			return nil, err
		}
		return b.populated("jobs", b.binary, args...)
	}
	w, err := b.makeWorld(ctx, b.binary, b.data, 0)
	if err != nil {
		return nil, err
	}
	s, err := b.fleet(b.data, 1, args...)
	if err == nil {
		s.stock = &stock{world: w}
	}
	return s, err
}

// fetch keeps what is found at an address.
func fetch(ctx context.Context, url, file string) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", url, resp.StatusCode)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = f.ReadFrom(resp.Body)
	return errors.Join(err, f.Close())
}

// compare measures two servers in turn. The other one makes the world: it is the older as a
// rule, and a server migrates an older database, but refuses a newer one.
func (b *bench) compare(ctx context.Context) error {
	if err := b.prepare(ctx, b.against); err != nil {
		return err
	}
	if err := b.sideBySide(ctx, []contender{{"this", b.binary, nil}, {"other", b.against, nil}}, inFlights); err != nil {
		return err
	}
	return b.reportComparison()
}
