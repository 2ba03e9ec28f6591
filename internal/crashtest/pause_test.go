package crashtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestFrozenReplica freezes servers for twice their lease under load, at random moments: the
// others take over what they were doing, and what they still do when they go on is refused
// (P18 of the promises).
func TestFrozenReplica(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onPostgres)
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for range times(5, 500) {
			p := f.replicas[rand.IntN(len(f.replicas))]
			p.signal(syscall.SIGSTOP)
			thaw(c, p)
		}
		f.awaitReady()
	})
	c.verify()
}

// TestFrozenAtPlaces does the same at named places.
func TestFrozenAtPlaces(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, onPostgres)
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for range times(1, 100) {
			for _, place := range []string{"before-commit", "after-commit", "before-reply", "after-callout", "timer"} {
				p := f.replicas[rand.IntN(len(f.replicas))]
				p.kill()
				p.start(fmt.Sprintf("stop:%s:%d", place, 1+rand.IntN(4)))
				if !until(p.frozen) {
					t.Fatalf("the process never came by %s", place)
				}
				thaw(c, p)
			}
		}
		f.awaitReady()
	})
	c.verify()
}

// thaw lets a frozen process go on when its lease is over and others have taken over.
func thaw(c *crowd, p *process) {
	c.t.Helper()
	pause(2 * lease)
	c.progress(1)
	p.signal(syscall.SIGCONT)
	c.progress(5 + rand.IntN(20))
}

// frozen reports whether the process is stopped.
func (p *process) frozen() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && bytes.HasPrefix(after, []byte("T"))
}

// TestReplicaWithoutDatabase takes the database from one server after another: by cut
// connections, by such as hang, and by refusing new ones, for longer than its lease (P18).
func TestReplicaWithoutDatabase(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, throughProxies(onPostgres))
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for n := range times(3, 300) {
			p := f.proxies[rand.IntN(len(f.proxies))]
			switch n % 3 {
			case 0:
				p.Hold(true)
			case 1:
				p.Refuse(true)
				p.Cut()
			case 2:
				p.Cut() // and no more
			}
			pause(lease/2 + time.Duration(rand.Int64N(int64(2*lease))))
			c.progress(1)
			p.Hold(false)
			p.Refuse(false)
			c.progress(5 + rand.IntN(20))
		}
		f.awaitReady()
	})
	c.verify()
}
