package sqlstore

import (
	"database/sql/driver"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// TestGrowingTablesAreAnalyzed fills a new database beyond what the planner thought of it:
// once its statistics are renewed, the queries of each step of a request use the indexes
// made for them.
func TestGrowingTablesAreAnalyzed(t *testing.T) {
	s := openSample(t, onPostgres(t))
	who := people(t, 400)
	must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
		for i, person := range who {
			a := &entitlement.Assignment{PackageID: who[0], PolicyID: who[i%2], TargetID: person, State: entitlement.AssignmentDelivered}
			a.ID = newID(t)
			r := waitingRequest(t, who[i:i+1], who[:1])
			r.OpenKey, r.AssignmentID = string(person), a.ID
			if err := tx.Assignments.Add(t.Context(), a); err != nil {
				return err
			}
			if err := tx.Requests.Add(t.Context(), r); err != nil {
				return err
			}
		}
		return nil
	}))
	a := &analyst{readers: s.readers, log: slog.New(slog.DiscardHandler)}
	grew := func() (tables []string) {
		must(t, s.readers.use(t.Context(), func(c *conn) error {
			_, err := c.exec(t.Context(), "SELECT pg_stat_clear_snapshot()")
			must(t, err)
			return c.query(t.Context(), tablesThatGrew, nil, func(v []driver.Value) error {
				tables = append(tables, v[0].(string))
				return nil
			})
		}))
		return tables
	}
	raw(t, s, "SELECT pg_stat_force_next_flush()")
	for tries := 0; !strings.Contains(strings.Join(grew(), " "), "request"); tries++ { // what was counted arrives a moment later
		if tries > 10_000 {
			t.Fatal("the database has not noticed that the table grew")
		}
		raw(t, s, "SELECT pg_stat_force_next_flush()")
	}
	for len(grew()) > 0 {
		must(t, a.look(t.Context()))
	}
	eq := func(path string) query.Expr { return query.Equal(path, string(who[0])) }
	live := &query.And{Parts: []query.Expr{eq("assignmentPolicy/id"), eq("target/objectId"), query.Equal("live", true)}}
	for _, test := range []struct {
		table string
		paths map[string]path
		q     query.Query
		index string // a pattern
	}{
		{"request", requests.paths, query.Query{Filter: eq("openKey"), Limit: 1}, "request_open_key"},
		{"assignment", assignments.paths, query.Query{Filter: live, Limit: 1}, "assignment_(live|target)"},
		{"assignment", assignments.paths, query.Query{Filter: &query.Or{Parts: []query.Expr{live, eq("id")}}, Limit: 2}, "assignment_(live|target)"},
		{"assignment", assignments.paths, query.Query{Filter: eq("target/objectId"), Limit: 100}, "assignment_target"},
		{"request", requests.paths, query.Query{Filter: eq("assignment/id"), Limit: 2}, "request_assignment"},
	} {
		text, args, err := compileList(&postgresDialect, "SELECT * FROM "+test.table, test.paths, 1, test.q)
		must(t, err)
		var plan []string
		must(t, s.readers.use(t.Context(), func(c *conn) error {
			return c.query(t.Context(), "EXPLAIN "+text, args, func(v []driver.Value) error {
				plan = append(plan, v[0].(string))
				return nil
			})
		}))
		if got := strings.Join(plan, "\n"); !regexp.MustCompile(test.index).MatchString(got) {
			t.Errorf("%s: the plan is\n%s\nwant index %s", text, got, test.index)
		}
	}
}
