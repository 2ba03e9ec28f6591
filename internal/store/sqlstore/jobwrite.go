package sqlstore

import (
	"context"
	"database/sql/driver"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

var jobPut = insertsOf("INSERT INTO job ("+jobColumns+", holder)", 9, " ON CONFLICT (tenant, ref, kind, n) DO UPDATE SET"+
	" due = excluded.due, lane = excluded.lane, attempt = excluded.attempt, args = excluded.args, holder = excluded.holder")

// Put implements store.Jobs.
func (j jobs) Put(_ context.Context, list ...store.Job) error {
	if _, err := j.writes(); err != nil {
		return err
	}
	for len(list) > 0 {
		n := distinct(list)
		args := make([]driver.Value, 0, n*jobPut.columns)
		for i := range list[:n] {
			b := &list[i]
			args = append(args, j.number, string(b.Ref), string(b.Kind), int64(b.N), b.Due.UnixMicro(), b.Lane, int64(b.Attempt), b.Args,
				j.conn.replica.holderOf(b.Due))
		}
		jobPut.insert(j.conn, args)
		list = list[n:]
	}
	return nil
}

// distinct is how many jobs at the beginning of the list one statement can put: it must not
// come to the same row twice.
func distinct(list []store.Job) int {
	for n := 1; n < len(list); n++ {
		same := func(b store.Job) bool { return b.Ref == list[n].Ref && b.Kind == list[n].Kind && b.N == list[n].N }
		if n == maxRows || slices.ContainsFunc(list[:n], same) {
			return n
		}
	}
	return len(list)
}

// DeleteKinds implements store.Jobs.
func (j jobs) DeleteKinds(_ context.Context, ref entitlement.ID, n int, kinds ...store.JobKind) error {
	if _, err := j.writes(); err != nil {
		return err
	}
	args := []driver.Value{j.number, string(ref), int64(n)}
	for _, kind := range kinds {
		args = append(args, string(kind))
	}
	j.conn.later("DELETE FROM job WHERE tenant = $1 AND ref = $2 AND n = $3 AND kind IN ("+marks(4, len(kinds))+")", args...)
	return nil
}
