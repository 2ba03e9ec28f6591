package sqlstore

import (
	"database/sql/driver"
	"fmt"
	"strings"
)

// maxRows is the most rows that one statement inserts. Each number of rows has a text of
// its own, and each connection keeps them prepared.
const maxRows = 8

// inserts are the texts that insert one row, two rows, …, maxRows rows. A statement
// costs more than a row: a round trip, where the database is elsewhere.
type inserts struct {
	columns int
	texts   []string
}

// insertsOf makes the texts: head is followed by the groups of marks, of as many columns,
// and those by tail.
func insertsOf(head string, columns int, tail string) inserts {
	t := inserts{columns: columns}
	var b strings.Builder
	b.WriteString(head + " VALUES ")
	for row := range maxRows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + marks(row*columns+1, columns) + ")")
		t.texts = append(t.texts, b.String()+tail)
	}
	return t
}

// insert inserts rows, whose values follow one another in args, with the next statement.
func (t *inserts) insert(c *conn, args []driver.Value) {
	for len(args) > 0 {
		n := min(len(args)/t.columns, len(t.texts))
		c.later(t.texts[n-1], args[:n*t.columns]...)
		args = args[n*t.columns:]
	}
}

// marks are n marks for arguments, the first one with that number.
func marks(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}
