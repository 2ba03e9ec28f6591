package sqlstore

import (
	"context"
	"errors"
	"sync"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// readers is a pool of connections that only read. In WAL mode each sees a snapshot
// and none waits for the writer.
type readers struct {
	db     *database
	idle   chan *conn    // open and not in use
	room   chan struct{} // one element for each connection in use
	mu     sync.Mutex
	closed bool
	done   chan struct{} // closed by close
}

func newReaders(db *database, most int) *readers {
	return &readers{
		db:   db,
		idle: make(chan *conn, most), room: make(chan struct{}, most), done: make(chan struct{}),
	}
}

// use calls fn with a connection outside any transaction.
func (r *readers) use(ctx context.Context, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-r.done:
		return errClosed
	default:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
		return errClosed
	case r.room <- struct{}{}:
	}
	defer func() { <-r.room }()
	c, err := r.take(ctx)
	if err != nil {
		return err
	}
	sound := false
	defer func() { r.give(c, sound) }()
	err = fn(c)
	if c.failure != nil {
		_ = c.rollback() // what failed may have been in a transaction of its own
	}
	sound = c.lost == nil && !c.session.broken()
	return err
}

func (r *readers) take(ctx context.Context) (*conn, error) {
	select {
	case c := <-r.idle:
		c.stale = c.remote
		return c, nil
	default:
		c, err := r.db.connect(ctx)
		return c, unavailable(err)
	}
}

// give takes a connection back; one that failed, or whose user panicked, is closed.
func (r *readers) give(c *conn, sound bool) {
	r.mu.Lock()
	keep := sound && !r.closed
	if keep {
		r.idle <- c // there is room for all
	}
	r.mu.Unlock()
	if !keep {
		_ = c.close() // nothing hangs on it: it only read
	}
}

// close waits for those in use and closes all.
func (r *readers) close() error {
	r.mu.Lock()
	r.closed = true
	close(r.done)
	r.mu.Unlock()
	for range cap(r.room) {
		r.room <- struct{}{}
	}
	var errs []error
	for {
		select {
		case c := <-r.idle:
			errs = append(errs, c.close())
		default:
			return errors.Join(errs...)
		}
	}
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, t entitlement.TenantID, fn func(*store.Tx) error) error {
	key, err := s.tenants.find(ctx, t)
	if err != nil {
		return err
	}
	return s.readers.use(ctx, func(c *conn) error {
		if err := c.begin(c.beginRead); err != nil {
			return err
		}
		x := newTxn(c, key, false)
		defer func() { x.ended = true }()
		err := fn(&x.tx)
		lost := c.lost
		if rerr := c.rollback(); rerr != nil && err == nil {
			err = rerr
		}
		c.lost = lost
		return err
	})
}
