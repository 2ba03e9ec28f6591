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
	return r.useThen(ctx, fn, nil)
}

// useThen is use that ends the use of the connection with then, for which nobody waits where
// the database is elsewhere.
func (r *readers) useThen(ctx context.Context, fn, then func(*conn) error) error {
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
	c, err := r.take(ctx)
	if err != nil {
		<-r.room
		return err
	}
	returned := false
	end := func() {
		sound := returned && c.lost == nil && !c.session.broken()
		if sound && then != nil {
			sound = then(c) == nil && !c.session.broken()
		}
		r.give(c, sound)
		<-r.room
	}
	defer func() {
		if returned && then != nil && c.remote {
			go end()
			return
		}
		end()
	}()
	err = fn(c)
	if c.failure != nil && then == nil {
		_ = c.rollback() // what failed may have been in a transaction of its own
	}
	returned = true
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
	return s.readers.useThen(ctx, func(c *conn) error {
		if err := c.begin(c.beginRead); err != nil {
			return err
		}
		x := newTxn(c, key, &home{number: nowhere}, false)
		defer func() { x.ended = true }()
		return fn(&x.tx)
	}, (*conn).rollback)
}
