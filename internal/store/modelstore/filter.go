package modelstore

import (
	"strings"
	"time"

	"anteroom/internal/query"
	"anteroom/internal/store"
)

// checker checks a filter as package sqlstore does.
type checker struct {
	paths map[string]path
	// linked lists the values that objects have at on when a link is equal to id.
	linked func(l link, id string) ([]query.Value, error)
}

// filter returns a filter that means the same and that package query decides by the values
// of one object: it holds no links, and text in its folded form.
func (c *checker) filter(e query.Expr) (query.Expr, error) {
	switch e := e.(type) {
	case nil:
		return nil, nil
	case *query.And:
		parts, err := c.all(e.Parts)
		return &query.And{Parts: parts}, err
	case *query.Or:
		parts, err := c.all(e.Parts)
		return &query.Or{Parts: parts}, err
	case *query.Not:
		part, err := c.filter(e.Part)
		return &query.Not{Part: part}, err
	case *query.Compare:
		return c.compare(e)
	case *query.In:
		return c.in(e)
	case *query.Match:
		return c.match(e)
	}
	return nil, &store.PathError{Reason: "the filter holds an expression that is not known"}
}

func (c *checker) all(parts []query.Expr) ([]query.Expr, error) {
	list := make([]query.Expr, len(parts))
	for i, p := range parts {
		e, err := c.filter(p)
		if err != nil {
			return nil, err
		}
		list[i] = e
	}
	return list, nil
}

func (c *checker) compare(e *query.Compare) (query.Expr, error) {
	p, err := pathOf(c.paths, e.Path)
	if err != nil {
		return nil, err
	}
	equality := e.Op == query.Eq || e.Op == query.Ne
	switch e.Op {
	case query.Eq, query.Ne, query.Lt, query.Le, query.Gt, query.Ge:
	default:
		return nil, &store.PathError{Path: e.Path, Reason: "the operator " + string(e.Op) + " is not supported"}
	}
	switch {
	case p.kind == kindLink:
		return c.link(p.link, e)
	case e.Value == nil:
		return e, nil
	case p.kind == kindFlag && !equality:
		return nil, &store.PathError{Path: e.Path, Reason: "it can only be equal to true or false"}
	}
	v, err := literal(e.Path, p.kind, e.Value)
	return &query.Compare{Path: e.Path, Op: e.Op, Value: v}, err
}

func (c *checker) in(e *query.In) (query.Expr, error) {
	p, err := pathOf(c.paths, e.Path)
	if err != nil {
		return nil, err
	}
	in := &query.In{Path: e.Path}
	for _, x := range e.Values {
		switch {
		case p.kind == kindLink:
			one, err := c.link(p.link, &query.Compare{Path: e.Path, Op: query.Eq, Value: x})
			if err != nil {
				return nil, err
			}
			in.Values = append(in.Values, one.Values...)
		case x == nil:
			in.Values = append(in.Values, nil)
		default:
			v, err := literal(e.Path, p.kind, x)
			if err != nil {
				return nil, err
			}
			in.Values = append(in.Values, v)
		}
	}
	if p.kind == kindLink {
		in.Path = p.link.on
	}
	return in, nil
}

// link says the same of a path that is no link.
func (c *checker) link(l link, e *query.Compare) (*query.In, error) {
	id, ok := e.Value.(string)
	if e.Op != query.Eq || !ok {
		return nil, &store.PathError{Path: e.Path, Reason: "it can only be equal to an id"}
	}
	values, err := c.linked(l, id)
	return &query.In{Path: l.on, Values: values}, err
}

func (c *checker) match(e *query.Match) (query.Expr, error) {
	p, err := pathOf(c.paths, e.Path)
	switch {
	case err != nil:
		return nil, err
	case p.kind != kindText && p.kind != kindID:
		return nil, &store.PathError{Path: e.Path, Reason: "it is not text that can be searched"}
	case e.Kind != query.StartsWith && e.Kind != query.Contains:
		return nil, &store.PathError{Path: e.Path, Reason: "the function " + string(e.Kind) + " is not supported"}
	}
	return &query.Match{Path: e.Path, Kind: e.Kind, Text: query.Fold(e.Text)}, nil
}

// checkOrder says what cannot be sorted by.
func checkOrder(paths map[string]path, order []query.Order) error {
	for _, o := range order {
		p, err := pathOf(paths, o.Path)
		if err != nil {
			return err
		}
		if p.kind == kindFlag || p.kind == kindLink {
			return &store.PathError{Path: o.Path, Reason: "it cannot be sorted by"}
		}
	}
	return nil
}

func pathOf(paths map[string]path, name string) (path, error) {
	p, ok := paths[name]
	if !ok {
		return path{}, &store.PathError{Path: name, Reason: "it cannot be filtered or sorted by"}
	}
	return p, nil
}

// literal is a value, not null, as it is compared at a path.
func literal(name string, k kind, v query.Value) (query.Value, error) {
	switch x := v.(type) {
	case string:
		if k == kindID || k == kindWord || k == kindText {
			return query.Fold(x), nil
		}
	case time.Time:
		if k == kindTime {
			return micro(x), nil
		}
	case bool:
		if k == kindFlag {
			return x, nil
		}
	}
	return nil, &store.PathError{Path: name, Reason: "it is compared with a value of another type"}
}

// keyOf is the key in an index of a literal.
func keyOf(k kind, folded string) string {
	if k == kindID {
		return strings.ToLower(folded)
	}
	return folded
}
