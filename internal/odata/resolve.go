package odata

import (
	"slices"
	"strconv"
	"strings"

	"anteroom/internal/query"
)

// Type is the type of a property, which decides what literals it is compared with.
type Type int

// Types of properties.
const (
	// Text is any text. An id that is not a GUID is text too.
	Text Type = iota
	// ID is a GUID, which may be written with or without quotes, in any case.
	ID
	// Bool is true or false.
	Bool
	// Int is a whole number of 64 bits.
	Int
	// Time is a point in time.
	Time
	// Enum is one of a list of words, which may be written in any case.
	Enum
)

// Property says what a path in a filter or an order stands for.
type Property struct {
	// Path is the path in package query.
	Path string
	Type Type
	// Members are the words of an Enum as they are stored.
	Members []string
}

// Properties are the properties of an entity that can be filtered or ordered by, under
// the paths that clients write: "displayName", "accessPackage/id".
type Properties map[string]Property

// Lookup finds a property by its path in any case.
func (ps Properties) Lookup(path string) (Property, bool) {
	if p, ok := ps[path]; ok {
		return p, true
	}
	for name, p := range ps {
		if strings.EqualFold(name, path) {
			return p, true
		}
	}
	return Property{}, false
}

// Names returns the paths in alphabetical order.
func (ps Properties) Names() []string {
	names := make([]string, 0, len(ps))
	for name := range ps {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Resolve checks the filter against the properties that lookup knows and returns it in
// the terms of package query. Lookup is given paths as the caller wrote them and has to
// find them in any case; supported lists the paths for the message that refuses one.
// Properties has methods for both.
func (f *Filter) Resolve(lookup func(path string) (Property, bool), supported ...string) (query.Expr, error) {
	r := &resolver{option: f.option, lookup: lookup, supported: supported}
	return r.expr(f.root)
}

type resolver struct {
	option    string
	lookup    func(path string) (Property, bool)
	supported []string
}

func (r *resolver) errorf(column int, format string, args ...any) *Error {
	return errorf(r.option, column, format, args...)
}

func (r *resolver) expr(n node) (query.Expr, error) {
	switch n := n.(type) {
	case *logical:
		return r.logical(n)
	case *negation:
		part, err := r.expr(n.part)
		if err != nil {
			return nil, err
		}
		return &query.Not{Part: part}, nil
	case *test:
		part, err := r.expr(n.part)
		if err != nil || n.want {
			return part, err
		}
		return &query.Not{Part: part}, nil
	case *comparison:
		return r.comparison(n)
	case *membership:
		return r.membership(n)
	case *call:
		return r.call(n)
	case *truth:
		p, err := r.property(n.left)
		if err != nil {
			return nil, err
		}
		if p.Type != Bool {
			return nil, r.errorf(n.left.column, "The property %s stands alone, but is neither true nor false. Compare it: %s eq ….", quote(n.left.path), quoteBare(n.left.path))
		}
		return query.Equal(p.Path, true), nil
	}
	panic("odata: a node of an unknown kind")
}

func (r *resolver) logical(n *logical) (query.Expr, error) {
	parts := make([]query.Expr, len(n.parts))
	for i, part := range n.parts {
		e, err := r.expr(part)
		if err != nil {
			return nil, err
		}
		parts[i] = e
	}
	if n.op == "and" {
		return &query.And{Parts: parts}, nil
	}
	return &query.Or{Parts: parts}, nil
}

func (r *resolver) property(o operand) (Property, error) {
	p, ok := r.lookup(o.path)
	if !ok {
		return p, r.errorf(o.column, "Filter on property %s is not supported. %s", quote(o.path), supportedPaths(r.supported))
	}
	if o.fold != "" && p.Type != Text && p.Type != ID && p.Type != Enum {
		return p, r.errorf(o.column, "The property %s is not text, so there is no %s of it.", quote(o.path), o.fold)
	}
	return p, nil
}

func supportedPaths(supported []string) string {
	if len(supported) == 0 {
		return "No property can be used here."
	}
	return "Supported here: " + words(supported, "and") + "."
}

func (r *resolver) comparison(n *comparison) (query.Expr, error) {
	p, err := r.property(n.left)
	if err != nil {
		return nil, err
	}
	ordered := n.op != query.Eq && n.op != query.Ne
	switch {
	case ordered && (p.Type == Bool || p.Type == Enum):
		return nil, r.errorf(n.left.column, "The property %s has no order; it is compared by eq, ne or in, not by %s.", quote(n.left.path), n.op)
	case ordered && n.right.kind == literalNull:
		return nil, r.errorf(n.right.column, "Nothing is greater or less than null; it is compared by eq or ne, not by %s.", n.op)
	}
	v, err := r.value(n.left.path, p, n.right)
	if err != nil {
		return nil, err
	}
	return &query.Compare{Path: p.Path, Op: n.op, Value: v}, nil
}

func (r *resolver) membership(n *membership) (query.Expr, error) {
	p, err := r.property(n.left)
	if err != nil {
		return nil, err
	}
	values := make([]query.Value, len(n.list))
	for i, item := range n.list {
		if values[i], err = r.value(n.left.path, p, item); err != nil {
			return nil, err
		}
	}
	return &query.In{Path: p.Path, Values: values}, nil
}

func (r *resolver) call(n *call) (query.Expr, error) {
	p, err := r.property(n.left)
	if err != nil {
		return nil, err
	}
	if p.Type != Text && p.Type != ID {
		return nil, r.errorf(n.left.column, "The function %s looks into text; the property %s is %s.", n.name, quote(n.left.path), p.Type.noun())
	}
	var kind query.MatchKind
	switch n.name {
	case "startswith":
		kind = query.StartsWith
	case "contains":
		kind = query.Contains
	default:
		return nil, r.errorf(n.column, "The function '%s' is not supported; startswith and contains are.", n.name)
	}
	return &query.Match{Path: p.Path, Kind: kind, Text: n.right.text}, nil
}

// value is a literal as a value of the type of the property that it is compared with.
func (r *resolver) value(path string, p Property, v literal) (query.Value, error) {
	if v.kind == literalNull {
		return nil, nil
	}
	quoted := v.kind == literalString
	switch p.Type {
	case Text:
		if quoted || v.kind == literalGUID {
			return v.text, nil
		}
	case ID:
		switch {
		case (quoted || v.kind == literalGUID) && isGUID(v.text):
			return strings.ToLower(v.text), nil
		case quoted:
			return nil, r.errorf(v.column, "Unrecognized Guid format: %s is not 32 hexadecimal digits in the form 8-4-4-4-12, as the property %s has them.", quote(v.text), quote(path))
		}
	case Bool:
		if v.kind == literalBool {
			return v.text == "true", nil
		}
	case Int:
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil && v.kind == literalNumber {
			return n, nil
		}
	case Time:
		if t, err := parseTime(v.text); err == nil && (quoted || v.kind == literalTime) {
			return t, nil
		}
	case Enum:
		if quoted || v.kind == literalEnum {
			return r.member(path, p, v)
		}
	}
	return nil, r.errorf(v.column, "The property %s is %s, found %s.", quote(path), p.Type.noun(), v.describe())
}

func (r *resolver) member(path string, p Property, v literal) (query.Value, error) {
	for _, m := range p.Members {
		if strings.EqualFold(m, v.text) {
			return m, nil
		}
	}
	return nil, r.errorf(v.column, "%s is no value of the property %s. It has: %s.", quote(v.text), quote(path), words(p.Members, "or"))
}

func (t Type) noun() string {
	switch t {
	case Text:
		return "text, in quotes"
	case ID:
		return "a GUID"
	case Bool:
		return "true or false"
	case Int:
		return "a whole number of 64 bits"
	case Time:
		return "a time such as 2026-01-31T12:00:00Z"
	}
	return "a word of a list, in quotes"
}
