package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"anteroom/internal/store"
)

// conn is one connection to the database and the state of its transaction. It is used by
// one goroutine at a time.
type conn struct {
	*database
	session session
	// lost is the error after which the current transaction cannot be trusted; nothing
	// more is run in it.
	lost error
	// failure is the error after which the database takes nothing more until what came
	// before it is undone.
	failure error
	// stale is set on a connection that was idle, of which only the next use shows whether the
	// database has ended its session.
	stale bool
	// pending are statements that wait for the next one, to travel with it.
	pending []*statement
	// own is the number of the first pending statement of the change under way, and wrote
	// tells whether one of its statements that were run has changed a row.
	own   int
	wrote bool
}

// rowError is an error of who was given the rows, not of the database.
type rowError struct{ error }

// Unwrap returns the error.
func (e rowError) Unwrap() error { return e.error }

func (from *database) connect(ctx context.Context) (*conn, error) {
	s, err := from.open(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{database: from, session: s}, nil
}

func (c *conn) close() error { return c.session.close() }

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(ctx context.Context, text string, args ...driver.Value) (int64, error) {
	s := &statement{text: text, args: args}
	err := c.run(ctx, s)
	return s.changed, err
}

// later runs a statement with the next one, whose error then may be this one's: who wants no
// answer does not wait for one, and what is taken back before it was run costs nothing.
func (c *conn) later(text string, args ...driver.Value) { c.add(&statement{text: text, args: args}) }

// add is later for any statement.
func (c *conn) add(s *statement) { c.pending = append(c.pending, s) }

// query runs a statement and calls row for each row of its answer; the values are
// valid until row returns.
func (c *conn) query(ctx context.Context, text string, args []driver.Value, row func([]driver.Value) error) error {
	return c.run(ctx, &statement{text: text, args: args, row: row})
}

// number runs a statement whose answer is at most one number; ok tells whether there
// was one.
func (c *conn) number(ctx context.Context, text string, args ...driver.Value) (n int64, ok bool, err error) {
	err = c.query(ctx, text, args, func(v []driver.Value) error {
		n, ok = v[0].(int64)
		return nil
	})
	return n, ok, err
}

func (c *conn) run(ctx context.Context, s *statement) error {
	c.add(s)
	return c.flush(ctx)
}

// flush runs what is pending.
func (c *conn) flush(ctx context.Context) error {
	list, own := c.pending, c.own
	c.pending, c.own = c.pending[:0], 0
	switch {
	case c.lost != nil:
		return unavailable(c.lost)
	case c.failure != nil:
		return c.failure
	case len(list) == 0:
		return nil
	}
	if err := c.runStale(ctx, list); err != nil {
		c.wrote = true // or it may have
		var rows rowError
		if errors.As(err, &rows) {
			c.failure = rows.error
			return rows.error
		}
		return c.failed(ctx, err)
	}
	for i, s := range list {
		if i >= own && s.changed > 0 {
			c.wrote = true
		}
		if s.check == nil {
			continue
		}
		if err := s.check(s.changed); err != nil {
			c.failure = err
			return err
		}
	}
	return nil
}

// change begins a change in the transaction.
func (c *conn) change() { c.own, c.wrote = len(c.pending), false }

// takeBack undoes the change where that takes no statement: nothing of it was run, or
// nothing changed a row.
func (c *conn) takeBack() bool {
	if c.lost != nil || c.failure != nil || c.wrote {
		return false
	}
	c.pending = c.pending[:c.own]
	return true
}

// runStale runs statements, on a new session should that of an idle connection be over.
func (c *conn) runStale(ctx context.Context, list []*statement) error {
	if !c.stale {
		return c.session.run(ctx, list)
	}
	c.stale = false
	answered := false
	for _, s := range list {
		if row := s.row; row != nil {
			s.row = func(v []driver.Value) error {
				answered = true
				return row(v)
			}
		}
	}
	err := c.session.run(ctx, list)
	if err == nil || answered || !c.session.broken() || ctx.Err() != nil {
		return err
	}
	fresh, oerr := c.open(ctx)
	if oerr != nil {
		return err
	}
	_ = c.session.close() // it is over
	c.session = fresh
	return fresh.run(ctx, list)
}

// failed turns an error of the driver into one of the store.
func (c *conn) failed(ctx context.Context, err error) error {
	if c.session.broken() {
		c.lost = err
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	switch c.class(err) {
	case classUnique:
		err = fmt.Errorf("%w: %w", store.ErrDuplicate, err)
	case classFatal:
		c.lost = err
		err = unavailable(err)
	case classAgain:
		c.lost = again{err}
		err = unavailable(c.lost)
	case classOther:
		err = unavailable(err)
	}
	c.failure = err
	return err
}

// begin, commit and rollback bound a transaction.
func (c *conn) begin(text string) error {
	c.clear()
	c.later(text)
	if c.remote {
		return nil // it travels with the first statement
	}
	return c.flush(context.Background())
}

func (c *conn) commit() error {
	_, err := c.exec(context.Background(), "COMMIT")
	return err
}

// rollback ends the transaction; where the database has ended it already, the error
// says only that.
func (c *conn) rollback() error {
	if len(c.pending) > 0 && strings.HasPrefix(c.pending[0].text, "BEGIN") {
		c.clear() // it was not begun
		return nil
	}
	c.clear()
	_, err := c.exec(context.Background(), "ROLLBACK")
	c.clear()
	return err
}

// undo goes back to a savepoint. One that was not sent yet stays pending, with what is to
// come before it: nothing has happened since.
func (c *conn) undo(savepoint string) error {
	for i, s := range c.pending {
		if s.text == setSavepoint+savepoint {
			c.pending = c.pending[:i+1]
			return nil
		}
	}
	c.failure, c.pending = nil, c.pending[:0]
	_, err := c.exec(context.Background(), "ROLLBACK TO "+savepoint)
	return err
}

const setSavepoint = "SAVEPOINT "

func (c *conn) clear() {
	c.lost, c.failure, c.pending, c.own = nil, nil, c.pending[:0], 0
}
