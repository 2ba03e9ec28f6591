package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresSession is a native connection of pgx: several statements go to the database in
// one round trip.
type postgresSession struct {
	raw *pgx.Conn
}

func postgresOpener(config *pgx.ConnConfig) func(context.Context) (session, error) {
	return func(ctx context.Context) (session, error) {
		raw, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return nil, err
		}
		return &postgresSession{raw}, nil
	}
}

func (s *postgresSession) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	return s.raw.Close(ctx)
}

func (s *postgresSession) broken() bool { return s.raw.IsClosed() }

// statementWithin bounds a statement of who sets no bound: a connection may hang without
// being closed.
const statementWithin = 15 * time.Second

func (s *postgresSession) run(ctx context.Context, list []*statement) (err error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, statementWithin)
		defer cancel()
	}
	if len(list) == 1 {
		return s.one(ctx, list[0])
	}
	var b pgx.Batch
	for _, st := range list {
		b.Queue(st.text, parameters(st.args)...)
	}
	answers := s.raw.SendBatch(ctx, &b)
	defer func() {
		// What has failed before fails again here.
		if cerr := answers.Close(); err == nil {
			err = cerr
		}
	}()
	for _, st := range list {
		if st.row == nil {
			tag, err := answers.Exec()
			if err != nil {
				return err
			}
			st.changed = tag.RowsAffected()
			continue
		}
		rows, err := answers.Query()
		if err != nil {
			return err
		}
		if err := eachRow(rows, st.row); err != nil {
			return err
		}
	}
	return nil
}

func (s *postgresSession) one(ctx context.Context, st *statement) error {
	if st.row == nil {
		tag, err := s.raw.Exec(ctx, st.text, parameters(st.args)...)
		st.changed = tag.RowsAffected()
		return err
	}
	rows, err := s.raw.Query(ctx, st.text, parameters(st.args)...)
	if err != nil {
		return err
	}
	return eachRow(rows, st.row)
}

// eachRow calls row for all rows and closes them.
func eachRow(rows pgx.Rows, row func([]driver.Value) error) error {
	defer rows.Close()
	var values []driver.Value
	for rows.Next() {
		found, err := rows.Values()
		if err != nil {
			return err
		}
		values = values[:0]
		for _, v := range found {
			values = append(values, valueOf(v))
		}
		if err := row(values); err != nil {
			return rowError{err}
		}
	}
	return rows.Err()
}

// valueOf is a column's value as a statement shows it.
func valueOf(v any) driver.Value {
	switch v := v.(type) {
	case nil, int64, string:
		return v
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	}
	return fmt.Sprint(v)
}

func parameters(args []driver.Value) []any {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	return list
}
