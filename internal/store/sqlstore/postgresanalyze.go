package sqlstore

import (
	"context"
	"database/sql/driver"
	"log/slog"
	"strings"
	"time"
)

// analyst keeps PostgreSQL's planner informed of tables that are small and grow. The
// database does so for itself once a minute at most, and until then may take the key of a
// table for as good as an index made for the query; what is prepared then stays so. Large
// tables are left to the database, as that is when it is good at it.
type analyst struct {
	readers *readers
	log     *slog.Logger
	stop    context.CancelFunc
	done    chan struct{}
}

const (
	analyzeEvery = 5 * time.Second
	// tablesThatGrew are those that have doubled since they were looked at.
	tablesThatGrew = "SELECT s.relname FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid" +
		" WHERE s.schemaname = current_schema() AND c.reltuples < 100000 AND s.n_mod_since_analyze > 100 + GREATEST(c.reltuples, 0)"
)

func newAnalyst(r *readers, log *slog.Logger) *analyst {
	ctx, stop := context.WithCancel(context.Background())
	a := &analyst{readers: r, log: log, stop: stop, done: make(chan struct{})}
	go a.run(ctx)
	return a
}

func (a *analyst) run(ctx context.Context) {
	defer close(a.done)
	tick := time.NewTicker(analyzeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.look(ctx); err != nil && ctx.Err() == nil {
			a.log.Debug("the statistics of growing tables could not be renewed", "error", err)
		}
	}
}

// look renews the statistics of the tables that grew.
func (a *analyst) look(ctx context.Context) error {
	return a.readers.use(ctx, func(c *conn) error {
		var tables []string
		err := c.query(ctx, tablesThatGrew, nil, func(v []driver.Value) error {
			name, _ := v[0].(string)
			tables = append(tables, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
			return nil
		})
		if err != nil || len(tables) == 0 {
			return err
		}
		_, err = c.exec(ctx, "ANALYZE "+strings.Join(tables, ", "))
		return err
	})
}

// close waits for its end; a may be nil.
func (a *analyst) close() {
	if a != nil {
		a.stop()
		<-a.done
	}
}
