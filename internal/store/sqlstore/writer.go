package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/failpoint"
	"anteroom/internal/store"
)

// writer is the one goroutine that changes the database, or those of its tenants that are
// its own where there is more than one writer. It takes all changes that wait, runs them
// one after another in one transaction, and commits once: a commit is a wait for the disk,
// and all share it.
//
// Most changes succeed, or fail before they have written anything, so that there is nothing
// to undo: they have no savepoints. Where one of a group has to be undone the group is begun
// anew, and with care: each change in a savepoint.
type writer struct {
	db       *database
	conn     *conn
	log      *slog.Logger
	maxGroup int
	delay    time.Duration // before each commit
	mark     *mark         // nil where no outcome of a commit can be unknown
	home     home          // the tenant that the transaction has locked last
	careful  bool          // the next group has savepoints
	failures int           // transactions in a row that were lost and are tried again

	queue   chan *change
	stop    chan struct{}
	stopped chan struct{}
	closing atomic.Bool

	commits  atomic.Int64 // for the tests
	onCommit func(changes int, took time.Duration, err error)
}

// change is one Update on its way through the writer.
type change struct {
	ctx    context.Context
	tenant tenantKey
	fn     func(*txn) error
	state  atomic.Int32
	since  time.Time     // when it was first begun
	done   chan struct{} // closed when the rest is set
	err    error
	panic  any // what fn panicked with
}

// deferrableShare is which part of the queue changes may fill that give way to others, see
// store.Deferrable: the rest is for what ends something that was begun.
const deferrableShare = 4

// States of a change: its caller may withdraw it until the writer has begun it.
const (
	changeWaits int32 = iota
	changeBegun
	changeWithdrawn
)

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	key, err := s.tenants.find(ctx, t)
	if err != nil {
		return err
	}
	return s.writer(key).do(ctx, key, func(x *txn) error { return fn(&x.tx) })
}

// writer is the one that changes a tenant.
func (s *Store) writer(t tenantKey) *writer {
	return s.writers[int(t.number%int64(len(s.writers)))]
}

// do queues a change and waits for its result. What has begun is waited for even when
// ctx is done: only then is it known whether it happened.
func (w *writer) do(ctx context.Context, t tenantKey, fn func(*txn) error) error {
	ch := &change{ctx: ctx, tenant: t, fn: fn, done: make(chan struct{})}
	if err := w.enqueue(ch); err != nil {
		return err
	}
	select {
	case <-ch.done:
	case <-ctx.Done():
		if ch.state.CompareAndSwap(changeWaits, changeWithdrawn) {
			return ctx.Err()
		}
		<-ch.done
	case <-w.stopped:
		// The writer has ended; it may still have got to this one.
		if ch.state.CompareAndSwap(changeWaits, changeWithdrawn) {
			return errClosed
		}
		<-ch.done
	}
	if ch.panic != nil {
		panic(ch.panic)
	}
	return ch.err
}

func (w *writer) enqueue(ch *change) error {
	if err := ch.ctx.Err(); err != nil {
		return err
	}
	if w.closing.Load() {
		return errClosed
	}
	if len(w.queue) >= cap(w.queue)/deferrableShare && store.IsDeferrable(ch.ctx) {
		return errFull
	}
	select {
	case w.queue <- ch:
		return nil
	default:
		return errFull
	}
}

// run is the writer's goroutine. Should a change end it (runtime.Goexit, as a failing
// test does), another takes its place.
func (w *writer) run() {
	orderly := false
	defer func() {
		if !orderly {
			go w.run()
		}
	}()
	group := make([]*change, 0, w.maxGroup)
	for {
		select {
		case <-w.stop:
			orderly = true
			close(w.stopped)
			return
		case ch := <-w.queue:
			group = append(group[:0], ch)
		}
		for more := true; more && len(group) < w.maxGroup; {
			select {
			case ch := <-w.queue:
				group = append(group, ch)
			default:
				more = false
			}
		}
		// In one order everywhere, as each tenant is locked.
		slices.SortStableFunc(group, func(a, b *change) int { return cmp.Compare(a.tenant.number, b.tenant.number) })
		for rest := group; len(rest) > 0; {
			rest = w.commitGroup(rest)
		}
		clear(group)
	}
}

// commitGroup runs the changes of a group in one transaction and answers them. It
// returns those that are to be run again or that it did not get to, because the
// transaction was lost.
func (w *writer) commitGroup(group []*change) (rest []*change) {
	begun := 0
	failed := errors.New("the change ended the writer")
	answered := false
	defer func() {
		if !answered { // a change ended this goroutine
			_ = w.conn.rollback()
			w.answer(group, unavailable(failed))
		}
	}()
	kept, shared := 0, len(group) > 1
	lost := w.begin()
	if lost != nil {
		for ; begun < len(group); begun++ {
			w.start(group[begun])
		}
	}
	for lost == nil && begun < len(group) {
		var ok bool
		if ok, lost = w.apply(group[begun:], shared); ok {
			kept++
		}
		begun++
	}
	if lost == nil && kept > 0 {
		lost = w.finish(group[begun-1], shared)
		if !shared && group[0].err != nil {
			kept = 0
		}
	}
	switch {
	case lost != nil:
	case kept > 0:
		lost = w.commit(kept)
	default:
		lost = w.conn.rollback()
	}
	answered = true
	if lost == nil {
		w.failures, w.careful = 0, false
		w.answer(group[:begun], nil)
		return group[begun:]
	}
	if err := w.conn.rollback(); err != nil {
		w.log.Debug("rolling back", "error", err)
	}
	switch {
	case errors.Is(lost, errUndo):
		w.careful = true
		return w.anew(group, begun)
	case triesAgain(lost):
		return w.tryAgain(group, begun, lost)
	}
	w.log.Error("changes could not be stored", "changes", begun, "error", lost)
	w.answer(group[:begun], lost)
	return group[begun:]
}

// begin starts a transaction, on a new connection where the old one does not take it.
func (w *writer) begin() error {
	w.home = home{number: nowhere}
	if !w.conn.session.broken() {
		err := w.conn.begin(w.db.beginWrite)
		if err == nil {
			return nil
		}
		if w.conn.rollback() == nil {
			if err = w.conn.begin(w.db.beginWrite); err == nil {
				return nil
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectWithin)
	defer cancel()
	fresh, err := w.db.connect(ctx)
	if err != nil {
		if w.db.remote {
			err = again{err}
		}
		return unavailable(err)
	}
	if cerr := w.conn.close(); cerr != nil {
		w.log.Debug("closing a failed connection", "error", cerr)
	}
	w.conn = fresh
	return w.conn.begin(w.db.beginWrite)
}

// start takes a change from its caller, or tells that it was withdrawn.
func (w *writer) start(ch *change) bool {
	if !ch.since.IsZero() { // it is run again
		ch.err = ch.ctx.Err()
		return ch.err == nil
	}
	ch.since = time.Now()
	if err := ch.ctx.Err(); err != nil && ch.state.CompareAndSwap(changeWaits, changeBegun) {
		ch.err = err
		return false
	}
	return ch.state.CompareAndSwap(changeWaits, changeBegun)
}

// errUndo says that a change of a group is to be undone that has no savepoint.
var errUndo = errors.New("a change among others is to be undone")

// apply runs the first of the changes and reports whether it is to be kept. Its own failure
// undoes it alone; an error that is returned means that the whole transaction is lost.
func (w *writer) apply(changes []*change, shared bool) (kept bool, err error) {
	ch := changes[0]
	if !w.start(ch) {
		return false, nil
	}
	ctx := context.Background()
	careful := shared && w.careful
	before := w.home
	if careful {
		w.conn.later(setSavepoint + "own")
	}
	if ch.err = w.enter(ctx, ch.tenant, changes); ch.err == nil {
		if !careful {
			before = w.home
		}
		w.conn.change()
		w.call(ch)
	}
	if w.conn.lost != nil {
		return false, unavailable(w.conn.lost)
	}
	if ch.err == nil { // who takes no notice of a failure has failed all the same
		ch.err = w.conn.failure
	}
	if careful && ch.succeeded() {
		// What is pending of this change is sent: a failure of that is its own. Its savepoint
		// is needed until it is known that there is none.
		if ch.err = w.conn.flush(ctx); w.conn.lost != nil {
			return false, ch.err
		}
		if ch.err == nil {
			w.conn.later("RELEASE own")
		}
	}
	if ch.succeeded() || !shared {
		return ch.succeeded(), nil // alone, where it is not kept, neither is the transaction
	}
	w.home = before
	switch {
	case careful:
		err = w.conn.undo("own")
		w.conn.later("RELEASE own")
	case !w.conn.takeBack():
		err = errUndo
	}
	return false, err
}

// finish runs what is pending of the changes of a transaction, of which the last one may be
// the only one: what fails them must be known before they are committed.
func (w *writer) finish(last *change, shared bool) error {
	err := w.conn.flush(context.Background())
	switch {
	case err == nil:
	case w.conn.lost != nil:
		return unavailable(w.conn.lost)
	case !shared:
		last.err = err
	case !w.careful:
		return errUndo
	default:
		return unavailable(err)
	}
	return nil
}

func (ch *change) succeeded() bool { return ch.err == nil && ch.panic == nil }

// call runs the function of a change and keeps a panic for its caller.
func (w *writer) call(ch *change) {
	x := newTxn(w.conn, ch.tenant, &w.home, true)
	defer func() {
		x.ended = true
		if p := recover(); p != nil {
			ch.panic = p
			w.log.Error("a change panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	ch.err = ch.fn(x)
}

func (w *writer) commit(changes int) (err error) {
	defer w.observe(changes, time.Now(), &err)
	if w.delay > 0 {
		time.Sleep(w.delay)
	}
	failpoint.Hit("before-commit")
	if err := w.mark.commit(w.conn); err != nil {
		return fmt.Errorf("committing %d changes: %w", changes, err)
	}
	failpoint.Hit("after-commit")
	w.commits.Add(1)
	return nil
}

// answer gives the callers of a group their results. lost fails those that thought
// that they had succeeded.
func (w *writer) answer(group []*change, lost error) {
	for _, ch := range group {
		if ch.state.Load() == changeWithdrawn {
			continue
		}
		if lost != nil && ch.err == nil {
			ch.err = unavailable(lost)
		}
		close(ch.done)
	}
}

// close ends the writer after the group under way. Those that still wait are refused.
func (w *writer) close() error {
	w.closing.Store(true)
	close(w.stop)
	<-w.stopped
	w.mark.end(w.conn)
	return w.conn.close()
}
