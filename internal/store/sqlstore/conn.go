package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

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

// later runs a statement whose answer does not matter: at once, or where the database is
// elsewhere with the next one, whose error then may be this one's.
func (c *conn) later(ctx context.Context, text string, args ...driver.Value) error {
	s := &statement{text: text, args: args}
	if !c.remote {
		return c.run(ctx, s)
	}
	c.pending = append(c.pending, s)
	return nil
}

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
	c.pending = append(c.pending, s)
	list := c.pending
	c.pending = c.pending[:0]
	switch {
	case c.lost != nil:
		return unavailable(c.lost)
	case c.failure != nil:
		return c.failure
	}
	err := c.runStale(ctx, list)
	if err == nil {
		return nil
	}
	var rows rowError
	if errors.As(err, &rows) {
		return rows.error
	}
	return c.failed(ctx, err)
}

// runStale runs statements, on a new session should that of an idle connection be over.
func (c *conn) runStale(ctx context.Context, list []*statement) error {
	if !c.stale {
		return c.session.run(ctx, list)
	}
	c.stale = false
	answered := false
	last := list[len(list)-1] // the others have no rows
	if row := last.row; row != nil {
		last.row = func(v []driver.Value) error {
			answered = true
			return row(v)
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
	if c.remote {
		c.failure = err
	}
	return err
}

// begin, commit and rollback bound a transaction.
func (c *conn) begin(text string) error {
	c.clear()
	return c.later(context.Background(), text)
}

func (c *conn) commit() error {
	_, err := c.exec(context.Background(), "COMMIT")
	return err
}

// rollback ends the transaction; where the database has ended it already, the error
// says only that.
func (c *conn) rollback() error {
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

func (c *conn) clear() { c.lost, c.failure, c.pending = nil, nil, c.pending[:0] }
