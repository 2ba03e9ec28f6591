package memberrule

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var texts = rapid.OneOf(
	rapid.SampledFrom([]string{"a", "A", "sales", "null", "true", "O'Brien", "''", "`", "`\"", `"quoted"`, "ß", "ſK", " -and ", "(", "]", "\n"}),
	rapid.StringN(1, 6, -1).Filter(utf8.ValidString),
)

// drawNode draws a condition as Parse would return it: no chain within one of its kind,
// no negation of a negation. Within a collection, each is that collection.
func drawNode(t *rapid.T, depth int, each *subject) node {
	most := 4
	if depth == 0 {
		most = 0
	}
	switch rapid.IntRange(0, most).Draw(t, "kind") {
	case 1, 2:
		c := &chain{and: rapid.Bool().Draw(t, "and")}
		for range rapid.IntRange(2, 3).Draw(t, "parts") {
			n := drawNode(t, depth-1, each)
			if inner, ok := n.(*chain); ok && inner.and == c.and {
				n = &negation{part: inner}
			}
			c.parts = append(c.parts, n)
		}
		return c
	case 3:
		n := drawNode(t, depth-1, each)
		if inner, ok := n.(*negation); ok {
			return inner
		}
		return &negation{part: n}
	case 4:
		if each == nil {
			s := drawSubject(t, nil, StringCollection, ObjectCollection)
			return &quantifier{subject: s, all: rapid.Bool().Draw(t, "all"), part: drawNode(t, depth-1, &s)}
		}
	}
	return drawComparison(t, each)
}

func drawSubject(t *rapid.T, each *subject, types ...Type) subject {
	switch {
	case each == nil:
		p := rapid.SampledFrom(properties).Filter(func(p Property) bool {
			for _, typ := range types {
				if p.Type == typ {
					return true
				}
			}
			return len(types) == 0
		}).Draw(t, "property")
		return subject{text: "user." + p.Name, typ: p.Type, property: p}
	case each.typ == StringCollection:
		return subject{text: "_", typ: String, property: each.property, item: true}
	}
	m := rapid.SampledFrom(each.property.Members).Draw(t, "member")
	return subject{text: each.property.Item + "." + m, typ: String, property: each.property, member: m}
}

func drawComparison(t *rapid.T, each *subject) *comparison {
	s := drawSubject(t, each)
	o := rapid.SampledFrom(operators).Filter(func(o operator) bool { return s.accepts(o) == "" }).Draw(t, "operator")
	c := &comparison{subject: s, operator: o}
	switch {
	case o.relation == in:
		c.literal = literal{kind: literalList, texts: rapid.SliceOfN(texts, 1, 3).Draw(t, "list")}
	case o.relation == match:
		c.literal = literal{kind: literalText, texts: []string{rapid.SampledFrom([]string{"^a", "x|y$", `\d{2}'"`, "[^]a]", "."}).Draw(t, "pattern")}}
	case o.relation == equals && (s.typ == StringCollection || s.typ == ObjectCollection || rapid.IntRange(0, 4).Draw(t, "null") == 0):
		c.literal = literal{kind: literalNull}
	case s.typ == Boolean:
		c.literal = literal{kind: literalBool, truth: rapid.Bool().Draw(t, "truth")}
	default:
		c.literal = literal{kind: literalText, texts: []string{texts.Draw(t, "text")}}
	}
	return c
}

// spell writes a condition as a person might: other cases, no hyphens, parentheses that
// are not needed, the other quotes.
func spell(t *rapid.T, n node) string {
	var text string
	switch n := n.(type) {
	case *chain:
		var parts []string
		for _, p := range n.parts {
			part := spell(t, p)
			if _, ok := p.(*chain); ok && n.and {
				part = "(" + part + ")"
			}
			parts = append(parts, part)
		}
		text = strings.Join(parts, " "+spellOperator(t, n.operator())+" ")
	case *negation:
		part := spell(t, n.part)
		if _, ok := n.part.(*comparison); !ok || rapid.Bool().Draw(t, "group") {
			part = "(" + part + ")"
		}
		text = spellOperator(t, "not") + " " + part
	case *quantifier:
		text = spellWord(t, n.subject.text) + " " + spellOperator(t, map[bool]string{false: "any", true: "all"}[n.all]) + " (" + spell(t, n.part) + ")"
	case *comparison:
		var l writer
		(&comparison{literal: n.literal}).write(&l)
		value := strings.TrimPrefix(l.String(), " - ")
		if n.literal.kind == literalText && rapid.Bool().Draw(t, "single") {
			value = "'" + value[1:len(value)-1] + "'"
		}
		text = spellWord(t, n.subject.text) + " " + spellOperator(t, n.operator.name) + value
		if value[0] != '"' && value[0] != '\'' && value[0] != '[' {
			text = spellWord(t, n.subject.text) + " " + spellOperator(t, n.operator.name) + "\t" + value
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "extra") == 0 {
		return "( " + text + ")"
	}
	return text
}

func spellOperator(t *rapid.T, name string) string {
	return rapid.SampledFrom([]string{"", "-", "–"}).Draw(t, "hyphen") + spellWord(t, name)
}

func spellWord(t *rapid.T, word string) string {
	switch rapid.IntRange(0, 3).Draw(t, "case") {
	case 0:
		return strings.ToUpper(word)
	case 1:
		return strings.ToLower(word)
	}
	return word
}

func TestRulesAreReadAsTheyAreMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := drawNode(t, 4, nil)
		text := spell(t, root)
		if utf8.RuneCountInString(text) > MaxLength {
			return
		}
		r, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(tree(root), tree(r.root)); diff != "" {
			t.Fatalf("%q is read as %q (-meant +read)\n%s", text, r, diff)
		}
		checkReadsAgain(t, r)
	})
}

// drawUser draws a user whose values have the right types; some are not set.
func drawUser(t *rapid.T) user {
	u := user{}
	for _, p := range properties {
		if rapid.Bool().Draw(t, "unset") {
			continue
		}
		switch p.Type {
		case Boolean:
			u[p.Name] = rapid.Bool().Draw(t, p.Name)
		case String:
			u[p.Name] = texts.Draw(t, p.Name)
		case StringCollection:
			u[p.Name] = rapid.SliceOfN(texts, 0, 2).Draw(t, p.Name)
		case ObjectCollection:
			u[p.Name] = []Object{rapid.MapOfN(rapid.SampledFrom(p.Members), texts, 0, 2).Draw(t, p.Name)}
		}
	}
	return u
}

// Of two contrary rules exactly one matches a user of whom all is known, and none does
// where a value is not known.
func TestContraryRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := drawNode(t, 3, nil)
		var w writer
		root.write(&w)
		r, err := Parse(w.String())
		if err != nil {
			return // it is no rule
		}
		contrary, err := Parse("-not (" + w.String() + ")")
		if err != nil {
			return
		}
		u := drawUser(t)
		if r.Matches(u) == contrary.Matches(u) {
			t.Fatalf("%s and its contrary both come out %v", r, r.Matches(u))
		}
		for _, name := range r.Properties() {
			u[name] = nil
		}
		if r.Matches(u) || contrary.Matches(u) {
			t.Fatalf("%s, or its contrary, matches a user of whom nothing is known", r)
		}
	})
}
