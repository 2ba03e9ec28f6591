package memberrule

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// outcome is what a condition comes out as. The order makes -and the least of its parts
// and -or the greatest.
type outcome int

const (
	no outcome = iota
	unknown
	yes
)

func outcomeOf(b bool) outcome {
	if b {
		return yes
	}
	return no
}

func (o outcome) not() outcome { return yes - o }

// scope is what a condition is decided in.
type scope struct {
	attributes Attributes
	item       Value // within -any and -all, a string or an Object
}

// node is a part of a rule.
type node interface {
	eval(scope) outcome
	write(*writer)
}

// chain is two or more parts, none a chain of the same kind, with -and or -or between.
type chain struct {
	and   bool
	parts []node
}

// negation is -not; the part is no negation.
type negation struct{ part node }

// quantifier is -any or -all over a collection.
type quantifier struct {
	subject subject
	all     bool
	part    node
}

// comparison compares one value.
type comparison struct {
	subject  subject
	operator operator
	literal  literal
	folded   []string       // the texts of the literal, folded
	pattern  *regexp.Regexp // of -match
}

func (c *chain) operator() string {
	if c.and {
		return "and"
	}
	return "or"
}

func (c *chain) eval(s scope) outcome {
	return fold3(c.and, c.parts, func(n node) outcome { return n.eval(s) })
}

// fold3 joins outcomes by -and or by -or; of none, -and is yes and -or is no. It stops at
// the first that decides.
func fold3[T any](and bool, items []T, eval func(T) outcome) outcome {
	out := outcomeOf(and)
	for _, item := range items {
		if and {
			out = min(out, eval(item))
		} else {
			out = max(out, eval(item))
		}
		if out == outcomeOf(!and) {
			break
		}
	}
	return out
}

func (n *negation) eval(s scope) outcome { return n.part.eval(s).not() }

func (q *quantifier) eval(s scope) outcome {
	v, ok := s.attributes.Attribute(q.subject.property.Name)
	if !ok {
		return outcomeOf(q.all)
	}
	each := func(item Value) outcome { return q.part.eval(scope{attributes: s.attributes, item: item}) }
	switch v := v.(type) {
	case []string:
		if q.subject.typ == StringCollection {
			return fold3(q.all, v, func(item string) outcome { return each(item) })
		}
	case []Object:
		if q.subject.typ == ObjectCollection {
			return fold3(q.all, v, func(item Object) outcome { return each(item) })
		}
	}
	return unknown
}

func (c *comparison) eval(s scope) outcome {
	out := c.test(c.subject.read(s))
	if c.operator.negated {
		return out.not()
	}
	return out
}

// read returns the value of the subject, and false when it is null.
func (s subject) read(in scope) (Value, bool) {
	switch {
	case s.item:
		return in.item, true
	case s.member != "":
		object, _ := in.item.(Object)
		v, ok := object[s.member]
		return v, ok
	}
	return in.attributes.Attribute(s.property.Name)
}

// test decides the relation, before it is negated.
func (c *comparison) test(v Value, set bool) outcome {
	isNull := c.literal.kind == literalNull
	if !set {
		return outcomeOf(isNull)
	}
	switch v := v.(type) {
	case string:
		if c.subject.typ != String {
			return unknown
		}
		if isNull {
			return no
		}
		return c.testText(v)
	case bool:
		if c.subject.typ != Boolean {
			return unknown
		}
		return outcomeOf(!isNull && v == c.literal.truth)
	case []string:
		if c.subject.typ != StringCollection {
			return unknown
		}
		if isNull {
			return outcomeOf(len(v) == 0)
		}
		return fold3(false, v, c.testText)
	case []Object:
		// -eq null is all that is asked of such a collection as a whole.
		if c.subject.typ != ObjectCollection {
			return unknown
		}
		return outcomeOf(len(v) == 0)
	}
	return unknown
}

func (c *comparison) testText(v string) outcome {
	if !utf8.ValidString(v) {
		return unknown
	}
	if c.operator.relation == match {
		return outcomeOf(c.pattern.MatchString(v))
	}
	v = fold(v)
	switch c.operator.relation {
	case equals, in:
		return outcomeOf(slices.Contains(c.folded, v))
	case startsWith:
		return outcomeOf(strings.HasPrefix(v, c.folded[0]))
	case endsWith:
		return outcomeOf(strings.HasSuffix(v, c.folded[0]))
	case contains:
		return outcomeOf(strings.Contains(v, c.folded[0]))
	}
	return unknown
}
