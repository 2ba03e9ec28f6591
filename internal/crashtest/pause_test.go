package crashtest

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// TestFrozenReplica freezes servers for twice their lease under load, at random moments: the
// others take over what they were doing, and what they still do when they go on is refused
// (P18 of the promises).
func TestFrozenReplica(t *testing.T) {
	f := newFleet(t, 3, onPostgres)
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for range times(10, 500) {
			p := f.replicas[rand.IntN(len(f.replicas))]
			p.signal(syscall.SIGSTOP)
			pause(2 * lease)
			c.progress(1) // the others go on
			p.signal(syscall.SIGCONT)
			c.progress(5 + rand.IntN(20))
		}
		f.awaitReady()
	})
	c.verify()
}

// TestReplicaWithoutDatabase takes the database from one server after another: by cut
// connections, by such as hang, and by refusing new ones, for longer than its lease (P18).
func TestReplicaWithoutDatabase(t *testing.T) {
	f := newFleet(t, 3, throughProxies(onPostgres))
	f.start()
	c := newCrowd(f, 3)
	c.during(func() {
		for n := range times(6, 300) {
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
