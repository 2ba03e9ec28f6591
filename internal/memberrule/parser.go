package memberrule

// parser turns tokens into the tree of a rule.
type parser struct {
	tokens      []token
	pos         int
	depth       int // open parentheses
	expressions int
	reads       map[string]bool // canonical names of the properties seen
	// each is the collection whose items the current condition is about; nil outside
	// -any and -all.
	each *subject
}

func (p *parser) peek() token { return p.tokens[p.pos] }

// next returns the current token and moves on; it stays at the last.
func (p *parser) next() token {
	t := p.tokens[p.pos]
	if p.pos < len(p.tokens)-1 {
		p.pos++
	}
	return t
}

// refuse refuses a token; a token that could not be read has its own reason.
func refuse(t token, format string, args ...any) error {
	if t.kind == tokenBad {
		return t.err
	}
	return errorf(t.column, format, args...)
}

// rule reads the whole of a rule.
func (p *parser) rule() (node, error) {
	if t := p.peek(); t.kind == tokenEnd {
		return nil, refuse(t, "The rule is empty. A condition is written as: user.department -eq \"Sales\".")
	}
	root, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.is(")") {
		return nil, refuse(t, "This parenthesis closes none that is open.")
	} else if t.kind != tokenEnd {
		return nil, refuse(t, "Found %s, expected -and, -or or the end of the rule.", describe(t))
	}
	return root, nil
}

func (p *parser) disjunction() (node, error) { return p.chain(false, p.conjunction) }
func (p *parser) conjunction() (node, error) { return p.chain(true, p.negation) }

// chain reads operands with -and, or -or, between them. A chain in parentheses in one of
// the same kind is part of it.
func (p *parser) chain(and bool, operand func() (node, error)) (node, error) {
	c := &chain{and: and}
	for {
		n, err := operand()
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(*chain); ok && inner.and == and {
			c.parts = append(c.parts, inner.parts...)
		} else {
			c.parts = append(c.parts, n)
		}
		if !p.peek().isWord(c.operator()) {
			break
		}
		p.next()
	}
	if len(c.parts) == 1 {
		return c.parts[0], nil
	}
	return c, nil
}

// negation reads an operand of -and. Each -not undoes another.
func (p *parser) negation() (node, error) {
	negated := false
	for p.peek().isWord("not") {
		p.next()
		negated = !negated
	}
	n, err := p.operand()
	if err != nil || !negated {
		return n, err
	}
	if inner, ok := n.(*negation); ok {
		return inner.part, nil
	}
	return &negation{part: n}, nil
}

// operand reads a comparison, a use of -any or -all, or a condition in parentheses.
func (p *parser) operand() (node, error) {
	if p.peek().is("(") {
		return p.group()
	}
	s, err := p.subject()
	if err != nil {
		return nil, err
	}
	p.expressions++
	if p.expressions > MaxExpressions {
		return nil, errorf(s.column, "The rule has more than %d expressions. A list of values is shorter as: -in [\"…\",\"…\"].", MaxExpressions)
	}
	switch t := p.next(); {
	case t.isWord("any"), t.isWord("all"):
		return p.quantifier(s, t)
	default:
		return p.comparison(s, t)
	}
}

// group reads a condition in parentheses.
func (p *parser) group() (node, error) {
	open := p.next()
	p.depth++
	if p.depth > MaxDepth {
		return nil, refuse(open, "More than %d parentheses are open around each other.", MaxDepth)
	}
	n, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	switch t := p.next(); {
	case t.is(")"):
		p.depth--
		return n, nil
	case t.kind == tokenEnd:
		return nil, refuse(open, "The parenthesis that opens here is not closed.")
	default:
		return nil, refuse(t, "Found %s, expected -and, -or or a closing parenthesis.", describe(t))
	}
}

// quantifier reads what comes after -any or -all.
func (p *parser) quantifier(s subject, op token) (node, error) {
	if s.typ != StringCollection && s.typ != ObjectCollection {
		return nil, refuse(op, "%s is a %s; only of a collection can -any and -all be asked: user.assignedPlans, user.otherMails and user.proxyAddresses.", s.text, s.typ)
	}
	if t := p.peek(); !t.is("(") {
		return nil, refuse(t, "Found %s, expected a condition in parentheses, about %s.", describe(t), s.itemSyntax())
	}
	p.each = &s
	part, err := p.group()
	p.each = nil
	if err != nil {
		return nil, err
	}
	return &quantifier{subject: s, all: op.isWord("all"), part: part}, nil
}
