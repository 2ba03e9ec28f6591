package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// replica is this process as one of several on one database. It has a lease, renewed
// three times while it lasts, in the table replica; a process whose lease is over is
// removed from there by any other, and the jobs that it holds are free again. Its number
// is the token that fences: what it still does for a job is refused, as the job is not its
// own any more, and when it comes back it is another replica.
//
// Only the database's clock decides when a lease is over. The process itself counts, from
// before each renewal, on a clock that nobody sets.
type replica struct {
	db    *database
	name  string
	lease time.Duration
	clock func() time.Time // the real clock, to which due times belong
	log   *slog.Logger
	// onWake is called when jobs may have become free, onLost when the lease was over: the
	// jobs that were held are somebody else's. Neither may block.
	onWake, onLost func()

	started time.Time
	number  atomic.Int64 // zero: it holds nothing
	good    atomic.Int64 // until when the lease is good for sure, since started

	conn *conn
	stop context.CancelFunc
	done chan struct{}
}

const (
	wakeChannel = "anteroom_jobs"
	dbNow       = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"

	replicaInsert = "INSERT INTO replica (number, name, alive_until) VALUES ($1, $2, " + dbNow + " + $3)"
	replicaRenew  = "UPDATE replica SET alive_until = " + dbNow + " + $2 WHERE number = $1"
	replicaReap   = "DELETE FROM replica WHERE alive_until < " + dbNow
	replicaLeave  = "DELETE FROM replica WHERE number = $1"
	writersReap   = "DELETE FROM writer WHERE replica <> 0 AND replica NOT IN (SELECT number FROM replica)"
	// A job that somebody is working on in a transaction is left for the next time.
	jobsFree = "UPDATE job SET holder = NULL WHERE (tenant, ref, kind, n) IN (SELECT tenant, ref, kind, n FROM job" +
		" WHERE holder IS NOT NULL AND holder NOT IN (SELECT number FROM replica) FOR UPDATE SKIP LOCKED)"
	wakeOthers = "SELECT pg_notify('" + wakeChannel + "', '')"
)

// start takes a lease and keeps it until close.
func (r *replica) start(ctx context.Context) error {
	r.started = time.Now()
	c, err := r.db.connect(ctx)
	if err != nil {
		return err
	}
	if err := r.join(ctx, c); err != nil {
		return errors.Join(err, c.close())
	}
	r.conn = c
	ctx, r.stop = context.WithCancel(context.Background())
	r.done = make(chan struct{})
	go r.keep(ctx)
	return nil
}

// id is the number of the replica, zero for none.
func (r *replica) id() int64 {
	if r == nil {
		return 0
	}
	return r.number.Load()
}

// holds reports whether the lease is good for sure.
func (r *replica) holds() bool {
	return r.number.Load() != 0 && int64(time.Since(r.started)) < r.good.Load()
}

// holderOf is who holds a job that is put: this process where it is due and the process
// can begin it, else nobody.
func (r *replica) holderOf(due time.Time) driver.Value {
	if r == nil || due.After(r.clock()) || !r.holds() {
		return nil
	}
	return r.number.Load()
}

// join makes the process a new replica.
func (r *replica) join(ctx context.Context, c *conn) error {
	number := newNumber()
	before := time.Since(r.started)
	if _, err := c.exec(ctx, replicaInsert, number, r.name, r.lease.Microseconds()); err != nil {
		return err
	}
	if err := r.listen(ctx, c); err != nil {
		return err
	}
	r.number.Store(number)
	r.good.Store(int64(before + r.lease))
	return nil
}

// listen asks to be woken. A database that cannot do that is asked often enough anyway.
func (r *replica) listen(ctx context.Context, c *conn) error {
	_, err := c.exec(ctx, "LISTEN "+wakeChannel)
	if err == nil || c.session.broken() {
		return err
	}
	c.clear()
	r.log.Warn("the database does not wake this process; it looks for itself", "error", err)
	return nil
}

// newNumber makes a number that nobody else has: 62 random bits.
func newNumber() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return int64(binary.BigEndian.Uint64(b[:])>>2) + 1
}

// keep renews the lease, frees what the dead held, and passes on that there are free jobs.
func (r *replica) keep(ctx context.Context) {
	defer close(r.done)
	failures := 0
	for ctx.Err() == nil {
		err := r.round(ctx)
		if err == nil {
			failures = 0
		} else if ctx.Err() == nil {
			failures++
			r.log.Warn("the lease of this process could not be renewed", "replica", r.number.Load(), "error", err)
			if r.reconnect(ctx) && failures == 1 {
				continue // it may have been the connection alone, and the lease runs
			}
		}
		r.wait(ctx)
	}
}

// round is one renewal.
func (r *replica) round(ctx context.Context) error {
	if r.conn == nil {
		return errors.New("there is no connection to the database")
	}
	// A connection that hangs leaves time for another one.
	ctx, cancel := context.WithTimeout(ctx, r.lease/2)
	defer cancel()
	before := time.Since(r.started)
	n, err := r.conn.exec(ctx, replicaRenew, r.number.Load(), r.lease.Microseconds())
	switch {
	case err != nil:
		return err
	case n > 0:
		r.good.Store(int64(before + r.lease))
	default:
		r.log.Error("the lease of this process was over; its jobs were given to others", "replica", r.number.Load())
		r.number.Store(0)
		r.onLost()
		if err := r.join(ctx, r.conn); err != nil {
			return err
		}
		r.onWake()
	}
	return r.reap(ctx)
}

// reap removes who is dead and frees what they held.
func (r *replica) reap(ctx context.Context) error {
	dead, err := r.conn.exec(ctx, replicaReap)
	if err != nil {
		return err
	}
	if dead > 0 {
		r.log.Warn("processes on this database have died or hang; their jobs are free", "processes", dead)
		if _, err := r.conn.exec(ctx, writersReap); err != nil {
			return err
		}
	}
	freed, err := r.conn.exec(ctx, jobsFree)
	if err == nil && freed > 0 {
		_, err = r.conn.exec(ctx, wakeOthers)
	}
	return err
}

// wait passes a third of the lease, and tells when jobs have become free.
func (r *replica) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.lease/3)
	defer cancel()
	for ctx.Err() == nil {
		if r.conn == nil {
			<-ctx.Done()
			return
		}
		// Those that came with the answer of a statement are kept by the connection.
		_, err := r.conn.session.(*postgresSession).raw.WaitForNotification(ctx)
		switch {
		case err == nil:
			r.onWake()
		case ctx.Err() == nil || !pgconn.Timeout(err):
			return
		}
	}
}

// reconnect replaces the connection, and reports whether there is one.
func (r *replica) reconnect(ctx context.Context) bool {
	if r.conn != nil {
		_ = r.conn.close() // it has failed
		r.conn = nil
	}
	ctx, cancel := context.WithTimeout(ctx, max(r.lease/3, time.Second))
	defer cancel()
	c, err := r.db.connect(ctx)
	if err != nil {
		return false // the next round says so
	}
	if r.listen(ctx, c) != nil {
		_ = c.close() // the next round says why
		return false
	}
	r.conn = c
	r.onWake() // something may have been missed
	return true
}

// close gives everything back: other processes go on with it at once, or, where that fails,
// once the lease is over.
func (r *replica) close() {
	if r == nil || r.done == nil {
		return
	}
	r.stop()
	<-r.done
	number := r.number.Swap(0)
	ctx, cancel := context.WithTimeout(context.Background(), connectWithin)
	defer cancel()
	// The wait for a notification was cut off, and the connection with it.
	if r.conn != nil {
		_ = r.conn.close()
	}
	if err := r.leave(ctx, number); err != nil {
		r.log.Warn("the lease of this process could not be given back; others go on when it is over", "replica", number, "error", err)
	}
}

func (r *replica) leave(ctx context.Context, number int64) error {
	c, err := r.db.connect(ctx)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, replicaLeave, number)
	for _, text := range []string{jobsFree, writersReap, wakeOthers} {
		if err == nil {
			_, err = c.exec(ctx, text)
		}
	}
	return errors.Join(err, c.close())
}
