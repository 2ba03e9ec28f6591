package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// DueJobs implements store.Store.
func (s *Store) DueJobs(ctx context.Context, now time.Time, without []string, limit int) ([]store.Job, error) {
	var b strings.Builder
	b.WriteString("due <= $1")
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
	return s.due(ctx, "due <= $1 AND +tenant = $2", []driver.Value{now.UnixMicro(), key.number}, limit)
}

// DueJobsIn implements store.Store.
func (s *Store) DueJobsIn(ctx context.Context, lane string, now time.Time, limit int) ([]store.Job, error) {
	where := "due <= $1 AND lane = $2"
	if lane != "" {
		where += " AND lane <> ''" // the condition of the lanes' index
	}
	return s.due(ctx, where, []driver.Value{now.UnixMicro(), lane}, limit)
}

// DueJobsLike implements store.Store.
func (s *Store) DueJobsLike(ctx context.Context, kind store.JobKind, now time.Time, limit int) ([]store.Job, error) {
	return s.due(ctx, "due <= $1 AND kind = $2", []driver.Value{now.UnixMicro(), string(kind)}, limit)
}

// due lists jobs for which a condition holds, the one due first first. Where several
// processes share the database it takes those that nobody holds, and lists its own.
func (s *Store) due(ctx context.Context, where string, args []driver.Value, limit int) ([]store.Job, error) {
	if limit <= 0 {
		return nil, nil
	}
	var list []store.Job
	var numbers []int64
	row := func(v []driver.Value) error { //nolint:unparam // it is what a query wants
		number, _ := v[0].(int64)
		list, numbers = append(list, scanJob(v)), append(numbers, number)
		return nil
	}
	err := s.readers.use(ctx, func(c *conn) error {
		if c.replica == nil {
			args = append(args, int64(limit))
			return c.query(ctx, fmt.Sprintf("%s%s%s LIMIT $%d", jobSelect, where, jobOrder, len(args)), args, row)
		}
		return c.claim(ctx, where, args, limit, row)
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

// mostClaims is how many jobs are claimed at a time: what a process cannot begin soon is
// left for others.
const mostClaims = 500

// claim makes jobs for which a condition holds this process's own, where nobody holds
// them, and lists its own. The claims need not outlast the database: who loses one by that
// does a job that is done once more, which changes nothing.
func (c *conn) claim(ctx context.Context, where string, args []driver.Value, limit int, row func([]driver.Value) error) error {
	if !c.replica.holds() {
		return nil // another process does what is due
	}
	args = append(args, int64(limit), c.replica.number.Load())
	most, me := fmt.Sprintf("$%d", len(args)-1), fmt.Sprintf("$%d", len(args))
	claims := slices.Clone(args)
	claims[len(args)-2] = int64(min(limit, mostClaims))
	c.clear()
	c.later("BEGIN")
	for _, s := range []statement{
		{text: "SET LOCAL synchronous_commit = off"},
		{text: "UPDATE job SET holder = " + me + " WHERE (tenant, ref, kind, n) IN (SELECT tenant, ref, kind, n FROM job WHERE holder IS NULL AND " +
			where + jobOrder + " LIMIT " + most + " FOR UPDATE SKIP LOCKED)", args: claims},
		{text: "COMMIT"},
	} {
		c.later(s.text, s.args...)
	}
	return c.query(ctx, jobSelect+"holder = "+me+" AND "+where+jobOrder+" LIMIT "+most, args, row)
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
