package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const (
	jobColumns = "tenant, ref, kind, n, due, lane, attempt, args"
	jobSelect  = "SELECT " + jobColumns + " FROM job WHERE "
	jobIs    = "tenant = $1 AND ref = $2 AND kind = $3 AND n = $4"
	jobOrder = " ORDER BY due, tenant, ref, kind, n"
	jobShift = "UPDATE job SET due = due + $2 WHERE tenant = $1"
)

// jobs is a transaction's view of the job table.
type jobs struct{ *txn }

// Get implements store.Jobs.
func (j jobs) Get(ctx context.Context, key store.JobKey) (*store.Job, error) {
	list, err := j.list(ctx, jobSelect+jobIs, j.number, string(key.Ref), string(key.Kind), int64(key.N))
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, fmt.Errorf("%w: job %s %s %d", store.ErrNotFound, key.Kind, key.Ref, key.N)
	}
	return &list[0], nil
}

// Delete implements store.Jobs.
func (j jobs) Delete(_ context.Context, key store.JobKey) (bool, error) {
	ctx, err := j.writes()
	if err != nil {
		return false, err
	}
	n, err := j.conn.exec(ctx, "DELETE FROM job WHERE "+jobIs, j.number, string(key.Ref), string(key.Kind), int64(key.N))
	return n > 0, err
}

// DeleteOf implements store.Jobs.
func (j jobs) DeleteOf(_ context.Context, ref entitlement.ID) error {
	ctx, err := j.writes()
	if err != nil {
		return err
	}
	_, err = j.conn.exec(ctx, "DELETE FROM job WHERE tenant = $1 AND ref = $2", j.number, string(ref))
	return err
}

// Of implements store.Jobs.
func (j jobs) Of(ctx context.Context, ref entitlement.ID) ([]store.Job, error) {
	return j.list(ctx, jobSelect+"tenant = $1 AND ref = $2"+jobOrder, j.number, string(ref))
}

func (j jobs) list(ctx context.Context, text string, args ...driver.Value) ([]store.Job, error) {
	ctx, err := j.reads(ctx, false)
	if err != nil {
		return nil, err
	}
	var list []store.Job
	err = j.conn.query(ctx, text, args, func(v []driver.Value) error {
		b := scanJob(v)
		b.Tenant = j.tenant
		list = append(list, b)
		return nil
	})
	return list, err
}

// scanJob makes a job of a row, but for its tenant.
func scanJob(v []driver.Value) store.Job {
	str := func(i int) string { s, _ := v[i].(string); return s }
	num := func(i int) int { n, _ := v[i].(int64); return int(n) }
	return store.Job{
		JobKey: store.JobKey{Ref: entitlement.ID(str(1)), Kind: store.JobKind(str(2)), N: num(3)},
		Due:    timeOf(v[4]), Lane: str(5), Attempt: num(6), Args: str(7),
	}
}

// DueJobs implements store.Store.
func (s *Store) DueJobs(ctx context.Context, now time.Time, without []string, limit int) ([]store.Job, error) {
	var b strings.Builder
	b.WriteString(jobSelect + "due <= $1")
	args := []driver.Value{now.UnixMicro()}
	for i, lane := range without {
		if i == 0 {
			b.WriteString(" AND lane NOT IN (")
		} else {
			b.WriteString(", ")
		}
		args = append(args, lane)
		fmt.Fprintf(&b, "$%d", len(args))
	}
	if len(without) > 0 {
		b.WriteByte(')')
	}
	return s.due(ctx, b.String(), args, limit)
}

// DueJobsOf implements store.Store.
func (s *Store) DueJobsOf(ctx context.Context, t entitlement.TenantID, now time.Time, limit int) ([]store.Job, error) {
	key, err := s.tenants.find(ctx, t)
	if err != nil {
		return nil, err
	}
	// The sign keeps the planner on the index of due: few jobs are due, most wait.
	return s.due(ctx, jobSelect+"due <= $1 AND +tenant = $2", []driver.Value{now.UnixMicro(), key.number}, limit)
}

// DueJobsIn implements store.Store.
func (s *Store) DueJobsIn(ctx context.Context, lane string, now time.Time, limit int) ([]store.Job, error) {
	text := jobSelect + "due <= $1 AND lane = $2"
	if lane != "" {
		text += " AND lane <> ''" // the condition of the lanes' index
	}
	return s.due(ctx, text, []driver.Value{now.UnixMicro(), lane}, limit)
}

func (s *Store) due(ctx context.Context, text string, args []driver.Value, limit int) ([]store.Job, error) {
	if limit <= 0 {
		return nil, nil
	}
	args = append(args, int64(limit))
	text += fmt.Sprintf("%s LIMIT $%d", jobOrder, len(args))
	var list []store.Job
	var numbers []int64
	err := s.readers.use(ctx, func(c *conn) error {
		return c.query(ctx, text, args, func(v []driver.Value) error {
			number, _ := v[0].(int64)
			list, numbers = append(list, scanJob(v)), append(numbers, number)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Tenant, err = s.tenants.name(ctx, numbers[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// NextDue implements store.Store.
func (s *Store) NextDue(ctx context.Context, now time.Time) (t time.Time, err error) {
	err = s.readers.use(ctx, func(c *conn) error {
		n, ok, err := c.number(ctx, "SELECT due FROM job WHERE due > $1 ORDER BY due LIMIT 1", now.UnixMicro())
		if ok {
			t = time.UnixMicro(n).UTC()
		}
		return err
	})
	return t, err
}
