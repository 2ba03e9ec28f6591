package odata

import "strings"

// filterParser reads a filter by recursive descent: or, and, not, condition.
type filterParser struct {
	lex   lexer
	tok   token // the token to be read next
	nodes int
	depth int
}

const filterSyntax = "a property such as displayName, a function, 'not' or '('"

// lackingOperators are those of OData that a filter may not hold here.
var lackingOperators = map[string]bool{
	"has": true, "add": true, "sub": true, "mul": true, "div": true, "divby": true, "mod": true,
}

func (p *filterParser) all() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, p.errorf("The filter is empty. It begins with %s.", filterSyntax)
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected("'and', 'or' or the end")
	}
	return n, nil
}

func (p *filterParser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *filterParser) errorf(format string, args ...any) *Error {
	return errorf(p.lex.option, p.tok.column, format, args...)
}

// unexpected refuses the token that is next.
func (p *filterParser) unexpected(want string) *Error {
	switch word := strings.ToLower(p.tok.text); {
	case p.tok.kind == tokenEnd:
		return p.errorf("Found the end, expected %s.", want)
	case p.tok.kind == tokenWord && lackingOperators[word]:
		return p.errorf("The operator '%s' is not supported; eq, ne, gt, ge, lt, le, in, and, or, not are.", word)
	}
	return p.errorf("Found %s, expected %s.", quote(p.tok.text), want)
}

// is reports whether the next token is the keyword or punctuation mark s.
func (p *filterParser) is(s string) bool {
	return (p.tok.kind == tokenWord || p.tok.kind == tokenPunct) && strings.EqualFold(p.tok.text, s)
}

// take reads the keyword or punctuation mark s.
func (p *filterParser) take(s, where string) error {
	if !p.is(s) {
		return p.unexpected("'" + s + "' " + where)
	}
	return p.advance()
}

func (p *filterParser) countNode() error {
	if p.nodes++; p.nodes > MaxFilterNodes {
		return p.errorf("The filter has more than %d comparisons and operators. A long list of values is shorter as: id in ('…','…').", MaxFilterNodes)
	}
	return nil
}

// enter begins a level of nesting, leave ends it.
func (p *filterParser) enter() error {
	if p.depth++; p.depth > MaxFilterDepth {
		return p.errorf("The filter is nested more than %d levels deep.", MaxFilterDepth)
	}
	return nil
}

func (p *filterParser) leave() { p.depth-- }

func (p *filterParser) or() (node, error)  { return p.chain("or", p.and) }
func (p *filterParser) and() (node, error) { return p.chain("and", p.not) }

// chain reads parts with the operator op between them.
func (p *filterParser) chain(op string, part func() (node, error)) (node, error) {
	first, err := part()
	if err != nil || !p.is(op) {
		return first, err
	}
	n := &logical{op: op, parts: []node{first}}
	for p.is(op) {
		if err := p.countNode(); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := part()
		if err != nil {
			return nil, err
		}
		n.parts = append(n.parts, next)
	}
	return n, nil
}

// not reads a condition that may be negated. By the grammar "not a eq b" is a negated
// comparison; what it would mean to negate a alone is the same.
func (p *filterParser) not() (node, error) {
	if !p.is("not") {
		return p.condition()
	}
	if err := p.countNode(); err != nil {
		return nil, err
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	part, err := p.not()
	if err != nil {
		return nil, err
	}
	return &negation{part: part}, nil
}

// condition reads a comparison, a function, a group, or a property alone.
func (p *filterParser) condition() (node, error) {
	if err := p.countNode(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenLiteral {
		return p.reversed()
	}
	n, err := p.term()
	if err != nil {
		return nil, err
	}
	property, isProperty := n.(*truth)
	op, isOp := p.comparing()
	switch {
	case isProperty && isOp:
		return p.compare(property.left, op)
	case isProperty && p.is("in"):
		return p.in(property.left)
	case isOp:
		return p.compareCondition(n, op)
	}
	return n, nil
}

// term reads a group, a function, or a property.
func (p *filterParser) term() (node, error) {
	if p.is("(") {
		return p.group()
	}
	if p.tok.kind != tokenWord || isKeyword(p.tok.text) {
		return nil, p.unexpected(filterSyntax)
	}
	word := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is("(") {
		return &truth{left: operand{path: word.text, column: word.column}}, nil
	}
	switch name := strings.ToLower(word.text); name {
	case "startswith", "endswith", "contains":
		return p.call(name, word.column)
	case "tolower", "toupper":
		path, err := p.folded()
		if err != nil {
			return nil, err
		}
		return &truth{left: operand{path: path.text, fold: name, column: path.column}}, nil
	}
	return nil, p.notAFunction(word)
}

func (p *filterParser) notAFunction(word token) *Error {
	last := strings.ToLower(word.text[strings.LastIndexByte(word.text, '/')+1:])
	if last == "any" || last == "all" {
		return errorf(p.lex.option, word.column, "The operator '%s' over a collection is not supported: found %s. Filter by properties of the object itself.", last, quote(word.text))
	}
	return errorf(p.lex.option, word.column, "The function %s is not supported; startswith, contains, tolower and toupper are.", quote(word.text))
}

func (p *filterParser) group() (node, error) {
	open := p.tok.column
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, errorf(p.lex.option, open, "The parenthesis that opens here is not closed.")
	}
	return n, p.take(")", "or 'and' or 'or'")
}

// call reads the arguments of a text function: a property and a text.
func (p *filterParser) call(name string, column int) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenWord || isKeyword(p.tok.text) {
		return nil, p.unexpected("a property: " + name + "(displayName,'…')")
	}
	word := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	left := operand{path: word.text, column: word.column}
	if p.is("(") {
		left.fold = strings.ToLower(word.text)
		if left.fold != "tolower" && left.fold != "toupper" {
			return nil, p.notAFunction(word)
		}
		path, err := p.folded()
		if err != nil {
			return nil, err
		}
		left.path, left.column = path.text, path.column
	}
	if err := p.take(",", "and the text to look for"); err != nil {
		return nil, err
	}
	right, err := p.literal()
	if err != nil {
		return nil, err
	}
	if right.kind != literalString {
		return nil, errorf(p.lex.option, right.column, "The function %s looks for text in quotes, found %s.", name, right.describe())
	}
	return &call{name: name, left: left, right: right, column: column}, p.take(")", "after the arguments of "+name)
}

// folded reads the argument of tolower or toupper: a property.
func (p *filterParser) folded() (token, error) {
	if err := p.advance(); err != nil {
		return token{}, err
	}
	if p.tok.kind != tokenWord || isKeyword(p.tok.text) {
		return token{}, p.unexpected("a property such as displayName")
	}
	path := p.tok
	if err := p.advance(); err != nil {
		return token{}, err
	}
	return path, p.take(")", "after the property")
}
