package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

const (
	jobColumns = "tenant, ref, kind, n, due, lane, attempt, args"
	jobSelect  = "SELECT " + jobColumns + " FROM job WHERE "
	jobIs      = "tenant = $1 AND ref = $2 AND kind = $3 AND n = $4"
	jobOrder   = " ORDER BY due, tenant, ref, kind, n"
	jobShift   = "UPDATE job SET due = due + $2 WHERE tenant = $1"
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

// Held implements store.Jobs.
func (j jobs) Held(ctx context.Context, key store.JobKey) (*store.Job, error) {
	if j.conn.replica == nil {
		return j.Get(ctx, key)
	}
	list, err := j.list(ctx, jobSelect+jobIs+jobMine("$5"), j.number, string(key.Ref), string(key.Kind), int64(key.N), j.conn.replica.number.Load())
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, fmt.Errorf("%w: job %s %s %d is not held by this process", store.ErrNotFound, key.Kind, key.Ref, key.N)
	}
	return &list[0], nil
}

// Take implements store.Jobs.
func (j jobs) Take(_ context.Context, key store.JobKey) error {
	if _, err := j.writes(); err != nil {
		return err
	}
	text, args := "DELETE FROM job WHERE "+jobIs, []driver.Value{j.number, string(key.Ref), string(key.Kind), int64(key.N)}
	if j.conn.replica != nil {
		text, args = text+jobMine("$5"), append(args, j.conn.replica.number.Load())
	}
	j.conn.add(&statement{text: text, args: args, check: func(changed int64) error {
		if changed == 0 {
			return fmt.Errorf("%w: job %s %s %d", store.ErrNotHeld, key.Kind, key.Ref, key.N)
		}
		return nil
	}})
	return nil
}

// jobMine is the condition that no other process holds the job.
func jobMine(number string) string { return " AND (holder IS NULL OR holder = " + number + ")" }

// DeleteOf implements store.Jobs.
func (j jobs) DeleteOf(_ context.Context, ref entitlement.ID) error {
	if _, err := j.writes(); err != nil {
		return err
	}
	j.conn.later("DELETE FROM job WHERE tenant = $1 AND ref = $2", j.number, string(ref))
	return nil
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
