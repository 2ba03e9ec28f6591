package sqlstore

import (
	"path/filepath"
	"testing"
)

// A process may die between the migrations and the statistics: the next start writes them.
func TestStatisticsAreThereAfterEveryStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "anteroom.db")
	s, err := Open(t.Context(), Options{Data: file})
	must(t, err)
	must(t, s.writer(tenantKey{}).do(t.Context(), tenantKey{}, func(x *txn) error {
		_, err := x.conn.exec(t.Context(), "DELETE FROM sqlite_stat1")
		return err
	}))
	must(t, s.Close())
	s, err = Open(t.Context(), Options{Data: file})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	must(t, s.readers.use(t.Context(), func(c *conn) error {
		n, _, err := c.number(t.Context(), "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'request_state'")
		if err == nil && n != 1 {
			t.Errorf("the planner knows %d times what to expect of an index, want once", n)
		}
		return err
	}))
}
