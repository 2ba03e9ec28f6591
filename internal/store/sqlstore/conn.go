package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"anteroom/internal/store"
)

// maxStatements bounds the prepared statements that a connection keeps: the texts of
// queries vary with their filters.
const maxStatements = 256

// conn is one connection to the database with its prepared statements. It speaks to
// the driver itself, not through sql.DB: every statement runs on a known connection
// anyway, and sql.DB's locks, context watchers and conversions cost more than a short
// statement. It is used by one goroutine at a time.
type conn struct {
	raw     driver.Conn
	dialect *dialect
	stmts   map[string]driver.Stmt
	// lost is the error after which the current transaction cannot be trusted; nothing
	// more is run in it.
	lost error
	args []driver.NamedValue
}

func connect(ctx context.Context, c driver.Connector, d *dialect) (*conn, error) {
	raw, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := raw.(driver.ConnPrepareContext); !ok {
		return nil, errors.Join(fmt.Errorf("sqlstore: driver connection %T cannot prepare with a context", raw), raw.Close())
	}
	return &conn{raw: raw, dialect: d, stmts: make(map[string]driver.Stmt)}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	clear(c.stmts)
	return errors.Join(append(errs, c.raw.Close())...)
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(ctx context.Context, text string, args ...driver.Value) (int64, error) {
	s, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	res, err := s.(driver.StmtExecContext).ExecContext(ctx, c.named(args))
	if err != nil {
		return 0, c.failed(ctx, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, c.failed(ctx, err)
	}
	return n, nil
}

// query runs a statement and calls row for each row of its answer; the values are
// valid until row returns.
func (c *conn) query(ctx context.Context, text string, args []driver.Value, row func([]driver.Value) error) (err error) {
	s, err := c.prepare(text)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, c.named(args))
	if err != nil {
		return c.failed(ctx, err)
	}
	defer func() {
		if cerr := rows.Close(); cerr != nil && err == nil {
			err = c.failed(ctx, cerr)
		}
	}()
	values := make([]driver.Value, len(rows.Columns()))
	for n := 0; ; n++ {
		// A long answer ends with its context; one row is not worth a look.
		if n > 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return c.failed(ctx, err)
		}
		if err := row(values); err != nil {
			return err
		}
	}
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

func (c *conn) prepare(text string) (driver.Stmt, error) {
	if c.lost != nil {
		return nil, unavailable(c.lost)
	}
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		for old, s := range c.stmts { // any one
			delete(c.stmts, old)
			if err := s.Close(); err != nil {
				return nil, c.failed(context.Background(), err)
			}
			break
		}
	}
	s, err := c.raw.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
	if err != nil {
		return nil, c.failed(context.Background(), err)
	}
	c.stmts[text] = s
	return s, nil
}

func (c *conn) named(args []driver.Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

// failed turns an error of the driver into one of the store.
func (c *conn) failed(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	switch c.dialect.class(err) {
	case classUnique:
		return fmt.Errorf("%w: %w", store.ErrDuplicate, err)
	case classFatal:
		c.lost = err
	}
	return unavailable(err)
}

// begin, commit and rollback bound a transaction.
func (c *conn) begin(text string) error {
	c.lost = nil
	_, err := c.exec(context.Background(), text)
	return err
}

func (c *conn) commit() error {
	_, err := c.exec(context.Background(), "COMMIT")
	return err
}

// rollback ends the transaction; where the database has ended it already, the error
// says only that.
func (c *conn) rollback() error {
	c.lost = nil
	_, err := c.exec(context.Background(), "ROLLBACK")
	c.lost = nil
	return err
}
