package memberrule

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// literal is what a value is compared with.
type literal struct {
	kind    literalKind
	truth   bool     // of literalBool
	texts   []string // one of literalText, all of literalList
	columns []int    // of the texts
	column  int
}

type literalKind int

const (
	literalNull literalKind = iota
	literalBool
	literalText
	literalList
)

// comparison reads what comes after the subject of a comparison and its operator.
func (p *parser) comparison(s subject, op token) (node, error) {
	o, refusal := findOperator(op, s)
	if refusal != nil {
		return nil, refusal
	}
	if reason := s.accepts(o); reason != "" {
		return nil, refuse(op, "%s", reason)
	}
	l, err := p.literal(s, o)
	if err != nil {
		return nil, err
	}
	if reason := s.acceptsLiteral(o, &l); reason != "" {
		return nil, errorf(l.column, "%s", reason)
	}
	c := &comparison{subject: s, operator: o, literal: l}
	for i, text := range l.texts {
		if text == "" {
			return nil, errorf(l.columns[i], "The text is empty, and no property has an empty text as its value; a property that is not set is null: %s -eq null.", s.text)
		}
		c.folded = append(c.folded, fold(text))
	}
	if o.relation == match {
		re, reason := compilePattern(l.texts[0])
		if reason != "" {
			return nil, errorf(l.column, "%s", reason)
		}
		c.pattern = re
	}
	return c, nil
}

// literal reads the value that a comparison by the operator is with.
func (p *parser) literal(s subject, o operator) (literal, error) {
	t := p.next()
	l := literal{column: t.column}
	switch {
	case t.kind == tokenText:
		l.kind, l.texts, l.columns = literalText, []string{t.text}, []int{t.column}
	case t.is("["):
		return p.list(l)
	case t.hyphen:
		return l, refuse(t, "Found %s, expected %s.", describe(t), o.literalSyntax(s))
	case t.isWord("null"), t.isWord("$null"):
		l.kind = literalNull
	case t.isWord("true"), t.isWord("false"):
		l.kind, l.truth = literalBool, t.isWord("true")
	case t.kind == tokenWord && strings.Contains(t.text, ".") && isLetter(rune(t.text[0])):
		return l, refuse(t, "Found the name %s, expected %s. Two properties cannot be compared; text is written in quotes.", quote(t.text), o.literalSyntax(s))
	case t.kind == tokenWord:
		return l, refuse(t, "Found %s, expected %s. Text is written in quotes: \"%s\".", describe(t), o.literalSyntax(s), strings.Trim(quote(t.text), "'"))
	default:
		return l, refuse(t, "Found %s, expected %s.", describe(t), o.literalSyntax(s))
	}
	return l, nil
}

// list reads the rest of a list of texts.
func (p *parser) list(l literal) (literal, error) {
	l.kind = literalList
	for {
		switch t := p.next(); {
		case t.isWord("null"), t.isWord("$null"):
			return l, refuse(t, "A list holds texts; whether a property is set is asked by -eq null or -ne null.")
		case t.kind != tokenText:
			return l, refuse(t, "Found %s, expected a text of the list, in quotes.", describe(t))
		case len(l.texts) == MaxListItems:
			return l, refuse(t, "The list has more than %d texts.", MaxListItems)
		default:
			l.texts, l.columns = append(l.texts, t.text), append(l.columns, t.column)
		}
		switch t := p.next(); {
		case t.is("]"):
			return l, nil
		case !t.is(","):
			return l, refuse(t, "Found %s, expected a comma, or the ] that closes the list.", describe(t))
		}
	}
}

// literalSyntax says for a message what the operator compares the subject with.
func (o operator) literalSyntax(s subject) string {
	switch {
	case o.relation == in:
		return "a list of texts, [\"…\",\"…\"]"
	case o.relation != equals:
		return "a text in quotes"
	case s.typ == Boolean:
		return "true, false or null"
	case s.typ == String:
		return "a text in quotes, or null"
	}
	return "null"
}

// acceptsLiteral returns why the subject cannot be compared with the literal by the
// operator, or "". A Boolean may be compared with "true" and "false" in quotes.
func (s subject) acceptsLiteral(o operator, l *literal) string {
	want := literalText
	switch {
	case o.relation == in:
		want = literalList
	case o.relation == equals && l.kind == literalNull:
		return ""
	case s.typ == Boolean:
		want = literalBool
		if l.kind == literalText && (strings.EqualFold(l.texts[0], "true") || strings.EqualFold(l.texts[0], "false")) {
			*l = literal{kind: literalBool, truth: strings.EqualFold(l.texts[0], "true"), column: l.column}
		}
	case o.relation == equals && s.typ != String:
		return s.text + " is a collection; -" + o.name + " compares it only with null. Ask for its items: " + s.text + " -any (…)."
	}
	if l.kind == want {
		return ""
	}
	reason := "-" + o.name + " compares " + s.text + " with " + o.literalSyntax(s)
	switch l.kind {
	case literalNull:
		return reason + ", not with null; -eq and -ne compare with null."
	case literalList:
		return reason + ", not with a list; -in and -notIn take a list."
	case literalBool:
		return reason + ", not with true or false."
	}
	return reason + ", not with a text."
}

// compilePattern compiles the pattern of -match. The second result is why it cannot be.
func compilePattern(pattern string) (*regexp.Regexp, string) {
	if n := utf8.RuneCountInString(pattern); n > MaxPattern {
		return nil, fmt.Sprintf("The regular expression has %d characters; it may have %d.", n, MaxPattern)
	}
	if nestsClasses(pattern) {
		return nil, "The regular expression has a [ within […], which Entra reads in another way; write \\[ for the character, or the class without the inner brackets."
	}
	// The pattern is tried by itself first, so that the reason does not quote the prefix.
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err == nil {
		// The time of a match grows with the steps: a{999} has a thousand.
		if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxSteps {
			return nil, fmt.Sprintf("The regular expression repeats too much: written out it has more than %d steps.", maxSteps)
		}
		var re *regexp.Regexp
		if re, err = regexp.Compile("(?i)" + pattern); err == nil {
			return re, ""
		}
	}
	var at *syntax.Error
	if errors.As(err, &at) {
		return nil, fmt.Sprintf("The regular expression cannot be used: %s: %s. Its syntax is that of RE2, which looks neither ahead nor behind nor back.", at.Code, quote(at.Expr))
	}
	return nil, "The regular expression cannot be used."
}

// nestsClasses reports whether a [ stands within a class of characters. There the
// expressions of .NET subtract classes and those of Go name classes of POSIX.
func nestsClasses(pattern string) bool {
	inside := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[' && inside:
			return true
		case c == '[':
			inside = true
			if strings.HasPrefix(pattern[i+1:], "^") {
				i++
			}
			if strings.HasPrefix(pattern[i+1:], "]") {
				i++
			}
		case c == ']':
			inside = false
		}
	}
	return false
}
