package sqlstore

import (
	"database/sql/driver"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"anteroom/internal/query"
	"anteroom/internal/store"
)

// compiler turns one query into SQL. Every condition that it writes is either true or,
// where it does not hold, false or null; it pushes negation down to the comparisons,
// which know what is null, so that a condition and its opposite are never both null.
type compiler struct {
	dialect *dialect
	paths   map[string]path
	b       strings.Builder
	args    []driver.Value
}

// compileList appends the filter, the order and the page of q to head, a SELECT of
// one table. A negative limit means that neither order nor page matter.
func compileList(d *dialect, head string, paths map[string]path, tenant int64, q query.Query) (string, []driver.Value, error) {
	c := &compiler{dialect: d, paths: paths}
	c.b.Grow(len(head) + 160)
	c.b.WriteString(head)
	c.b.WriteString(" WHERE tenant = ")
	c.arg(tenant)
	if q.Filter != nil {
		c.b.WriteString(" AND ")
		if err := c.expr(q.Filter, false); err != nil {
			return "", nil, err
		}
	}
	if q.Limit < 0 {
		return c.b.String(), c.args, nil
	}
	keys, err := c.keys(q.Order)
	if err != nil {
		return "", nil, err
	}
	if q.After != nil {
		c.b.WriteString(" AND ")
		if err := c.after(keys, q.After); err != nil {
			return "", nil, err
		}
	}
	c.order(keys)
	if q.Limit > 0 {
		c.b.WriteString(" LIMIT ")
		c.arg(int64(q.Limit))
	}
	return c.b.String(), c.args, nil
}

func (c *compiler) arg(v driver.Value) {
	c.args = append(c.args, v)
	c.b.WriteByte('$')
	c.b.WriteString(strconv.Itoa(len(c.args)))
}

// expr writes the condition e or, where not is set, its opposite.
func (c *compiler) expr(e query.Expr, not bool) error {
	switch e := e.(type) {
	case nil:
		c.always(!not)
		return nil
	case *query.And:
		return c.join(e.Parts, not, not)
	case *query.Or:
		return c.join(e.Parts, !not, not)
	case *query.Not:
		return c.expr(e.Part, !not)
	case *query.Compare:
		return c.compare(e, not)
	case *query.In:
		return c.in(e, not)
	case *query.Match:
		return c.match(e, not)
	}
	return &store.PathError{Path: "", Reason: "the filter holds an expression that is not known"}
}

func (c *compiler) join(parts []query.Expr, or, not bool) error {
	if len(parts) == 0 {
		c.always(!or)
		return nil
	}
	c.b.WriteByte('(')
	for i, p := range parts {
		switch {
		case i == 0:
		case or:
			c.b.WriteString(" OR ")
		default:
			c.b.WriteString(" AND ")
		}
		if err := c.expr(p, not); err != nil {
			return err
		}
	}
	c.b.WriteByte(')')
	return nil
}

func (c *compiler) always(holds bool) {
	if holds {
		c.b.WriteString("1 = 1")
	} else {
		c.b.WriteString("1 = 0")
	}
}

// opposite gives the operator that holds where another does not, null apart.
var opposite = map[query.Op]query.Op{
	query.Eq: query.Ne, query.Ne: query.Eq,
	query.Lt: query.Ge, query.Ge: query.Lt, query.Gt: query.Le, query.Le: query.Gt,
}

var symbols = map[query.Op]string{
	query.Eq: " = ", query.Ne: " <> ", query.Lt: " < ", query.Le: " <= ", query.Gt: " > ", query.Ge: " >= ",
}

func (c *compiler) compare(e *query.Compare, not bool) error {
	p, err := c.path(e.Path)
	if err != nil {
		return err
	}
	if _, ok := symbols[e.Op]; !ok {
		return &store.PathError{Path: e.Path, Reason: "the operator " + string(e.Op) + " is not supported"}
	}
	switch {
	case p.kind == kindLink:
		return c.linked(e, p, not)
	case e.Value == nil && (e.Op == query.Eq || e.Op == query.Ne):
		c.isNull(p, (e.Op == query.Eq) != not)
		return nil
	case e.Value == nil:
		c.always(not)
		return nil
	case p.kind == kindFlag:
		return c.flag(e, p, not)
	}
	v, err := literal(e.Path, p, e.Value)
	if err != nil {
		return err
	}
	// Null is unequal to v, and neither less nor greater.
	op, null := e.Op, e.Op == query.Ne
	if not {
		op, null = opposite[op], !null
	}
	null = null && p.nullable
	if null {
		c.b.WriteString("(" + p.column + " IS NULL OR ")
	}
	c.b.WriteString(p.column + symbols[op])
	c.arg(v)
	if null {
		c.b.WriteByte(')')
	}
	return nil
}

// linked writes that there is, or is not, a row elsewhere that hangs on the row.
func (c *compiler) linked(e *query.Compare, p path, not bool) error {
	if e.Op != query.Eq || e.Value == nil {
		return &store.PathError{Path: e.Path, Reason: "it can only be equal to an id"}
	}
	v, err := literal(e.Path, path{kind: kindID}, e.Value)
	if err != nil {
		return err
	}
	if not {
		c.b.WriteString("NOT ")
	}
	c.b.WriteString(p.link + " = ")
	c.arg(v)
	c.b.WriteByte(')')
	return nil
}

func (c *compiler) isNull(p path, null bool) {
	switch {
	case p.kind == kindFlag || !p.nullable:
		c.always(!null)
	case null:
		c.b.WriteString(p.column + " IS NULL")
	default:
		c.b.WriteString(p.column + " IS NOT NULL")
	}
}

func (c *compiler) flag(e *query.Compare, p path, not bool) error {
	want, ok := e.Value.(bool)
	if !ok || (e.Op != query.Eq && e.Op != query.Ne) {
		return &store.PathError{Path: e.Path, Reason: "it can only be equal to true or false"}
	}
	if (want == (e.Op == query.Eq)) != not {
		c.b.WriteString(p.yes)
	} else {
		c.b.WriteString(p.no)
	}
	return nil
}

func (c *compiler) in(e *query.In, not bool) error {
	p, err := c.path(e.Path)
	if err != nil {
		return err
	}
	if p.kind == kindFlag || p.kind == kindLink {
		parts := make([]query.Expr, len(e.Values))
		for i, v := range e.Values {
			parts[i] = query.Equal(e.Path, v)
		}
		return c.expr(&query.Or{Parts: parts}, not)
	}
	values, withNull := make([]driver.Value, 0, len(e.Values)), false
	for _, x := range e.Values {
		if x == nil {
			withNull = true
			continue
		}
		v, err := literal(e.Path, p, x)
		if err != nil {
			return err
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		if withNull {
			c.isNull(p, !not)
		} else {
			c.always(not)
		}
		return nil
	}
	// One of the two sides of the list decides about null.
	null := p.nullable && withNull != not
	if null {
		c.b.WriteString("(" + p.column + " IS NULL OR ")
	}
	c.b.WriteString(p.column)
	if not {
		c.b.WriteString(" NOT")
	}
	c.b.WriteString(" IN (")
	for i, v := range values {
		if i > 0 {
			c.b.WriteString(", ")
		}
		c.arg(v)
	}
	c.b.WriteByte(')')
	if null {
		c.b.WriteByte(')')
	}
	return nil
}

func (c *compiler) match(e *query.Match, not bool) error {
	p, err := c.path(e.Path)
	switch {
	case err != nil:
		return err
	case p.kind != kindText && p.kind != kindID:
		return &store.PathError{Path: e.Path, Reason: "it is not text that can be searched"}
	}
	v, err := literal(e.Path, p, e.Text)
	if err != nil {
		return err
	}
	null := not && p.nullable
	if null {
		c.b.WriteString("(" + p.column + " IS NULL OR ")
	}
	if not {
		c.b.WriteString("NOT ")
	}
	c.b.WriteByte('(')
	switch s := v.(string); e.Kind {
	case query.StartsWith:
		c.b.WriteString(p.column + " >= ")
		c.arg(s)
		if end, ok := prefixEnd(s); ok {
			c.b.WriteString(" AND " + p.column + " < ")
			c.arg(end)
		}
	case query.Contains:
		c.args = append(c.args, s)
		c.b.WriteString(c.dialect.contains(p.column, "$"+strconv.Itoa(len(c.args))))
	default:
		return &store.PathError{Path: e.Path, Reason: "the function " + string(e.Kind) + " is not supported"}
	}
	c.b.WriteByte(')')
	if null {
		c.b.WriteByte(')')
	}
	return nil
}

// prefixEnd returns the least text that is greater than all that begin with prefix.
func prefixEnd(prefix string) (string, bool) {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case r == 0xd7ff:
			return prefix + "\ue000", true
		case r < utf8.MaxRune:
			return prefix + string(r+1), true
		}
	}
	return "", false
}

func (c *compiler) path(name string) (path, error) {
	p, ok := c.paths[name]
	if !ok {
		return path{}, &store.PathError{Path: name, Reason: "it cannot be filtered or sorted by"}
	}
	return p, nil
}

// literal is a value as it is compared with the column of a path.
func literal(name string, p path, v query.Value) (driver.Value, error) {
	switch x := v.(type) {
	case string:
		switch p.kind {
		case kindID:
			return strings.ToLower(x), nil
		case kindWord:
			return x, nil
		case kindText:
			return query.Fold(x), nil
		}
	case time.Time:
		if p.kind == kindTime {
			return x.UnixMicro(), nil
		}
	}
	return nil, &store.PathError{Path: name, Reason: "it is compared with a value of another type"}
}
