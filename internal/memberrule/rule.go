package memberrule

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a rule. Each refusal states the limit that was passed.
const (
	MaxLength      = 3072 // characters of the text, as in Entra
	MaxDepth       = 20   // parentheses around each other
	MaxListItems   = 100  // texts of one -in or -notIn
	MaxExpressions = 200  // comparisons, and uses of -any and -all
	MaxPattern     = 256  // characters of the regular expression of one -match or -notMatch
)

// maxSteps is the most steps of a regular expression, its repetitions written out.
const maxSteps = 2000

// Attributes are what is known of one user.
type Attributes interface {
	// Attribute returns the value of the property with this canonical name (see
	// SupportedProperties), and false when the user has none: the property is null.
	//
	// False says that there is no value, not that it is not known whether there is
	// one: a rule that reads a property of which the directory knows nothing (see
	// Rule.Properties) must not be decided, as -ne and -all would hold for everybody.
	Attribute(name string) (Value, bool)
}

// Value is the value of a property: string, bool, []string or []Object, as its Type
// says. A value of any other type, nil too, does not match.
type Value any

// Object is one item of a collection of objects: values by the name of the member. A
// member that is absent is null.
type Object map[string]string

// Rule is a rule that has been read. It is immutable and safe for concurrent use. The
// zero Rule matches nobody.
type Rule struct {
	root       node
	text       string
	properties []string
}

// Parse reads a rule. The error is a *SyntaxError.
func Parse(text string) (*Rule, error) {
	if n := utf8.RuneCountInString(text); n > MaxLength {
		return nil, errorf(MaxLength+1, "The rule has %d characters; it may have %d.", n, MaxLength)
	}
	p := parser{tokens: lex(text), reads: map[string]bool{}}
	root, err := p.rule()
	if err != nil {
		return nil, err
	}
	r := &Rule{root: root, properties: slices.Sorted(maps.Keys(p.reads))}
	var w writer
	root.write(&w)
	r.text = w.String()
	if utf8.RuneCountInString(r.text) > MaxLength || w.deepest > MaxDepth {
		r.text = strings.TrimSpace(text)
	}
	return r, nil
}

// Matches reports whether the rule holds for the user. What cannot be decided does not
// match.
func (r *Rule) Matches(a Attributes) bool {
	if r == nil || r.root == nil || a == nil {
		return false
	}
	return r.root.eval(scope{attributes: a}) == yes
}

// String returns the canonical text of the rule: names and operators in their usual
// spelling, texts in double quotes, no more parentheses than are needed. Where that would
// pass a limit of Parse it returns the text as it was given. Either way Parse reads the
// text as an equal rule, with the same canonical text.
func (r *Rule) String() string {
	if r == nil {
		return ""
	}
	return r.text
}

// Properties returns the canonical names of the properties that the rule reads, sorted.
func (r *Rule) Properties() []string {
	if r == nil {
		return nil
	}
	return slices.Clone(r.properties)
}
