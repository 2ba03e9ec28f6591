package sqlstore

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/pressly/goose/v3"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Survey is what stands to be done in the database, of all tenants together.
type Survey struct {
	// Due are the jobs that are due, by kind. More says that there are more than were
	// counted: the limit that was asked for, those due first.
	Due  map[store.JobKind]Group
	More bool
	// Waits are the requests that are not finished, by the phase in which they wait; each
	// phase is counted up to the limit. Those that have waited since before their times were
	// kept are not among them.
	Waits map[entitlement.Phase]Group
}

// Group is how many things there are, and the time of the oldest.
type Group struct {
	Count int
	First time.Time
}

// Each text reads one index from its beginning and stops at its limit, so that it costs the
// same with a million rows as with a few.
const (
	surveyDue = "SELECT kind, COUNT(*), MIN(due) FROM (SELECT kind, due FROM job WHERE due <= $1 ORDER BY due LIMIT $2) first" +
		" GROUP BY kind"
	surveyWaits = "SELECT COUNT(*), MIN(waits_since) FROM (SELECT waits_since FROM request WHERE waits_at = $1" +
		" AND waits_at IS NOT NULL ORDER BY waits_since LIMIT $2) first"
)

// Survey looks at what is due at the real time now and at what waits, counting at most limit
// of each kind.
func (s *Store) Survey(ctx context.Context, now time.Time, limit int) (*Survey, error) {
	v := &Survey{Due: map[store.JobKind]Group{}, Waits: map[entitlement.Phase]Group{}}
	err := s.readers.use(ctx, func(c *conn) error {
		total := 0
		err := c.query(ctx, surveyDue, []driver.Value{now.UnixMicro(), int64(limit)}, func(row []driver.Value) error {
			kind, _ := row[0].(string)
			n, _ := row[1].(int64)
			v.Due[store.JobKind(kind)] = Group{int(n), timeOf(row[2])}
			total += int(n)
			return nil
		})
		v.More = total >= limit
		for _, at := range entitlement.Phases {
			if err != nil {
				return err
			}
			if at.Finished() {
				continue
			}
			err = c.query(ctx, surveyWaits, []driver.Value{string(at), int64(limit)}, func(row []driver.Value) error {
				if n, _ := row[0].(int64); n > 0 {
					v.Waits[at] = Group{int(n), timeOf(row[1])}
				}
				return nil
			})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Schema returns the version of the schema that the database has, and the one that this
// program knows.
func (s *Store) Schema(ctx context.Context) (found, known int64, err error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		if n, err := goose.NumericComponent(e.Name()); err == nil {
			known = max(known, n)
		}
	}
	err = s.readers.use(ctx, func(c *conn) error {
		found, _, err = c.number(ctx, "SELECT MAX(version_id) FROM schema_version")
		return err
	})
	return found, known, err
}
