package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// sqliteStatistics tells SQLite's planner what to expect of each index, in place of
// ANALYZE: one tenant with many rows, of which few share any other value. Without it
// the planner takes the key of a table for as good as an index made for the query.
// Fixed figures make for the same plans on every machine and at every size; TestPlans
// holds them.
func sqliteStatistics(ctx context.Context, c *conn) error {
	type index struct{ table, name string }
	stats := make(map[index]string)
	var found []index
	err := c.query(ctx, "SELECT m.tbl_name, il.name, il.\"unique\", il.origin, "+
		"(SELECT group_concat(name) FROM pragma_index_info(il.name)), il.partial, "+
		"(SELECT wr FROM pragma_table_list(m.tbl_name) WHERE schema = 'main') "+
		"FROM sqlite_schema m, pragma_index_list(m.name) il WHERE m.type = 'table' ORDER BY 1, 2", nil,
		func(v []driver.Value) error {
			table, _ := v[0].(string)
			name, _ := v[1].(string)
			columns, _ := v[4].(string)
			if v[3] == "pk" && v[6] == int64(1) {
				name = table // so is the key of a table without row ids called
			}
			at := index{table, name}
			found = append(found, at)
			rows := 1_000_000
			if v[5] == int64(1) { // it has only some of the rows
				rows /= 2
			}
			stats[at] = expectation(rows, strings.Split(columns, ","), v[2] == int64(1))
			return nil
		})
	if err != nil {
		return err
	}
	// This makes the table of statistics, and looks at no other: a large database takes minutes.
	if _, err := c.exec(ctx, "ANALYZE sqlite_schema"); err != nil {
		return err
	}
	_, err = c.exec(ctx, "BEGIN IMMEDIATE")
	errs := []error{err}
	_, err = c.exec(ctx, "DELETE FROM sqlite_stat1")
	errs = append(errs, err)
	for _, at := range found {
		_, err := c.exec(ctx, "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)", at.table, at.name, stats[at])
		errs = append(errs, err)
	}
	_, err = c.exec(ctx, "COMMIT")
	return errors.Join(append(errs, err)...)
}

// expectation is how many of the rows of an index share its first, its first two, …
// columns.
func expectation(rows int, columns []string, unique bool) string {
	var b strings.Builder
	fmt.Fprint(&b, rows)
	for i, column := range columns {
		switch {
		case unique && i == len(columns)-1, column == "id", column == "seq":
			b.WriteString(" 1")
		case column == "tenant", column == "lane":
			fmt.Fprint(&b, " ", rows/2)
		case column == "state": // one of a few words
			fmt.Fprint(&b, " ", rows/8)
		case column == "due", column == "created":
			b.WriteString(" 2")
		default:
			b.WriteString(" 20")
		}
	}
	return b.String()
}
