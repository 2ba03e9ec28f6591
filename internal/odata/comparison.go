package odata

import (
	"strings"

	"anteroom/internal/query"
)

var comparing = map[string]query.Op{
	"eq": query.Eq, "ne": query.Ne, "gt": query.Gt, "ge": query.Ge, "lt": query.Lt, "le": query.Le,
}

// mirrored gives the operator for when the sides of a comparison change places.
var mirrored = map[query.Op]query.Op{
	query.Eq: query.Eq, query.Ne: query.Ne,
	query.Gt: query.Lt, query.Lt: query.Gt, query.Ge: query.Le, query.Le: query.Ge,
}

func isKeyword(word string) bool {
	switch word = strings.ToLower(word); word {
	case "and", "or", "not", "in":
		return true
	}
	return comparing[word] != "" || lackingOperators[word]
}

// comparing returns the comparison operator that is next, if one is.
func (p *filterParser) comparing() (query.Op, bool) {
	if p.tok.kind != tokenWord {
		return "", false
	}
	op, ok := comparing[strings.ToLower(p.tok.text)]
	return op, ok
}

// compare reads an operator and the literal behind it.
func (p *filterParser) compare(left operand, op query.Op) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.literal()
	if err != nil {
		return nil, err
	}
	return &comparison{left: left, op: op, right: right}, nil
}

// compareCondition reads "eq true" and the like behind a condition.
func (p *filterParser) compareCondition(part node, op query.Op) (node, error) {
	if op != query.Eq && op != query.Ne {
		return nil, p.errorf("A condition can only be compared by eq or ne, found %s.", quote(p.tok.text))
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenLiteral || p.tok.literal.kind != literalBool {
		return nil, p.unexpected("true or false, with which a condition is compared")
	}
	want := (p.tok.literal.text == "true") == (op == query.Eq)
	return &test{part: part, want: want}, p.advance()
}

// reversed reads a comparison whose literal comes first.
func (p *filterParser) reversed() (node, error) {
	right := p.tok.literal
	if err := p.advance(); err != nil {
		return nil, err
	}
	op, ok := p.comparing()
	if !ok {
		return nil, p.unexpected("an operator (eq, ne, gt, ge, lt, le) behind " + right.describe())
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenLiteral {
		return nil, p.errorf("Both sides are literals; one has to be a property.")
	}
	n, err := p.term()
	if err != nil {
		return nil, err
	}
	property, ok := n.(*truth)
	if !ok {
		return nil, errorf(p.lex.option, right.column, "A condition comes before the literal that it is compared with: (…) eq true.")
	}
	return &comparison{left: property.left, op: mirrored[op], right: right}, nil
}

// in reads the list behind "in".
func (p *filterParser) in(left operand) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.take("(", "and a list: in ('…','…')"); err != nil {
		return nil, err
	}
	n := &membership{left: left}
	for {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		if len(n.list) == MaxListItems {
			return nil, errorf(p.lex.option, v.column, "The list has more than %d values.", MaxListItems)
		}
		n.list = append(n.list, v)
		if !p.is(",") {
			return n, p.take(")", "or ',' in the list")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// literal reads a literal, also one with tolower or toupper around it.
func (p *filterParser) literal() (literal, error) {
	const want = "a literal such as 'text', 5, true, null, a GUID or 2026-01-31T12:00:00Z"
	switch {
	case p.tok.kind == tokenLiteral:
		v := p.tok.literal
		return v, p.advance()
	case p.tok.kind != tokenWord || isKeyword(p.tok.text):
		return literal{}, p.unexpected(want)
	}
	word := p.tok
	if err := p.advance(); err != nil {
		return literal{}, err
	}
	if !p.is("(") {
		return literal{}, errorf(p.lex.option, word.column, "Found the name %s, expected %s. If it is meant as text, put it in quotes; two properties cannot be compared.", quote(word.text), want)
	}
	change := map[string]func(string) string{"tolower": strings.ToLower, "toupper": strings.ToUpper}[strings.ToLower(word.text)]
	if change == nil {
		return literal{}, p.notAFunction(word)
	}
	if err := p.advance(); err != nil {
		return literal{}, err
	}
	if p.tok.kind != tokenLiteral || p.tok.literal.kind != literalString {
		return literal{}, p.unexpected("a text in quotes")
	}
	v := p.tok.literal
	v.text = change(v.text)
	if err := p.advance(); err != nil {
		return literal{}, err
	}
	return v, p.take(")", "after the text")
}
