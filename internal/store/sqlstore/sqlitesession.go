package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// maxStatements bounds the prepared statements that a connection keeps: the texts of
// queries vary with their filters.
const maxStatements = 256

// sqliteSession speaks to the driver itself, not through sql.DB: every statement runs on a
// known connection anyway, and sql.DB's locks, context watchers and conversions cost more
// than a short statement.
type sqliteSession struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

func sqliteOpener(c driver.Connector) func(context.Context) (session, error) {
	return func(ctx context.Context) (session, error) {
		raw, err := c.Connect(ctx)
		if err != nil {
			return nil, err
		}
		if _, ok := raw.(driver.ConnPrepareContext); !ok {
			return nil, errors.Join(fmt.Errorf("sqlstore: driver connection %T cannot prepare with a context", raw), raw.Close())
		}
		return &sqliteSession{raw: raw, stmts: make(map[string]driver.Stmt)}, nil
	}
}

func (s *sqliteSession) close() error {
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	clear(s.stmts)
	return errors.Join(append(errs, s.raw.Close())...)
}

func (s *sqliteSession) broken() bool { return false }

func (s *sqliteSession) run(ctx context.Context, list []*statement) error {
	for _, st := range list {
		var err error
		if st.row == nil {
			err = s.exec(ctx, st)
		} else {
			err = s.query(ctx, st)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteSession) exec(ctx context.Context, st *statement) error {
	p, err := s.prepare(st.text)
	if err != nil {
		return err
	}
	res, err := p.(driver.StmtExecContext).ExecContext(ctx, s.named(st.args))
	if err != nil {
		return err
	}
	st.changed, err = res.RowsAffected()
	return err
}

func (s *sqliteSession) query(ctx context.Context, st *statement) (err error) {
	p, err := s.prepare(st.text)
	if err != nil {
		return err
	}
	rows, err := p.(driver.StmtQueryContext).QueryContext(ctx, s.named(st.args))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := rows.Close(); cerr != nil && err == nil {
			err = cerr
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
			return err
		}
		if err := st.row(values); err != nil {
			return rowError{err}
		}
	}
}

func (s *sqliteSession) prepare(text string) (driver.Stmt, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	if len(s.stmts) >= maxStatements {
		for old, st := range s.stmts { // any one
			delete(s.stmts, old)
			if err := st.Close(); err != nil {
				return nil, err
			}
			break
		}
	}
	st, err := s.raw.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	s.stmts[text] = st
	return st, nil
}

func (s *sqliteSession) named(args []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}
