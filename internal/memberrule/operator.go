package memberrule

import "strings"

// relation is what a comparison asks of a value, whether it is negated or not.
type relation int

const (
	equals relation = iota
	startsWith
	endsWith
	contains
	match
	in
)

// operator is a comparison operator; negated is the exact contrary of its relation.
type operator struct {
	name     string
	relation relation
	negated  bool
}

var operators = []operator{
	{"eq", equals, false},
	{"ne", equals, true},
	{"startsWith", startsWith, false},
	{"notStartsWith", startsWith, true},
	{"endsWith", endsWith, false},
	{"notEndsWith", endsWith, true},
	{"contains", contains, false},
	{"notContains", contains, true},
	{"match", match, false},
	{"notMatch", match, true},
	{"in", in, false},
	{"notIn", in, true},
}

// operatorNames lists the comparison operators for a message.
func operatorNames() string {
	var names []string
	for _, o := range operators {
		names = append(names, "-"+o.name)
	}
	return words(names, "and")
}

// findOperator returns the comparison operator that a token names. What names it as
// well as a comparison could be expected is refused with a reason.
func findOperator(t token, s subject) (operator, *SyntaxError) {
	if t.kind == tokenBad {
		return operator{}, t.err
	}
	if t.kind == tokenWord {
		for _, o := range operators {
			if strings.EqualFold(o.name, t.text) {
				return o, nil
			}
		}
	}
	switch found := describe(t); {
	case t.isWord("not"):
		return operator{}, errorf(t.column, "-not stands before a condition and does not compare: %s -ne null, or -not (…).", s.text)
	case t.isWord("le"), t.isWord("ge"):
		return operator{}, errorf(t.column, "The operator -%s is not served: Entra compares only user.employeeHireDate by it, which is not served either. There are %s.", strings.ToLower(t.text), operatorNames())
	case t.kind == tokenWord && t.hyphen && !t.isWord("and") && !t.isWord("or"):
		return operator{}, errorf(t.column, "There is no operator %s; there are %s, and -any and -all for collections.", quote("-"+t.text), operatorNames())
	default:
		return operator{}, errorf(t.column, "%s is followed by an operator, found %s. There are %s, and -any and -all for collections.", s.text, found, operatorNames())
	}
}

// describe names a token for a message.
func describe(t token) string {
	switch {
	case t.kind == tokenEnd:
		return "the end of the rule"
	case t.kind == tokenText:
		return "the text " + quote(t.text)
	case t.hyphen:
		return quote("-" + t.text)
	}
	return quote(t.text)
}

// accepts returns why a subject of that type cannot be compared by the operator, or "".
func (s subject) accepts(o operator) string {
	switch s.typ {
	case Boolean:
		if o.relation != equals {
			return s.text + " is a Boolean; it is compared by -eq or -ne, not by -" + o.name + "."
		}
	case StringCollection:
		if o.relation == match || o.relation == in {
			return s.text + " is a collection; ask for its items: " + s.text + " -any (_ -" + o.name + " …)."
		}
	case ObjectCollection:
		if o.relation != equals {
			return s.text + " is a collection; ask for its items: " + s.text + " -any (" + s.property.Item + "." + s.property.Members[0] + " -" + o.name + " …)."
		}
	}
	return ""
}
