package odata

import (
	"strings"
	"unicode/utf8"

	"anteroom/internal/query"
)

// Filter is a $filter that was read but whose properties are not known yet: see Resolve.
type Filter struct {
	root   node
	option string // where it stood, for messages
}

// ParseFilter reads the decoded value of a $filter.
//
// It reads the operators eq, ne, gt, ge, lt, le, in, and, or, not; parentheses; the
// functions startswith, endswith and contains; tolower and toupper around a property;
// literals. Keywords and functions may be written in any case. Everything else of OData
// is refused by name.
func ParseFilter(text string) (*Filter, error) {
	if len(text) > MaxQueryBytes {
		return nil, errorf("$filter", 0, "It has %d bytes; at most %d are read.", len(text), MaxQueryBytes)
	}
	return parseFilter("$filter", text, 0)
}

// parseFilter reads a filter that stands in an option behind base characters.
func parseFilter(option, text string, base int) (*Filter, error) {
	p := &filterParser{lex: lexer{option: option, src: text, base: base}}
	root, err := p.all()
	if err != nil {
		return nil, err
	}
	return &Filter{root: root, option: option}, nil
}

// String writes the filter so that ParseFilter reads the same one again.
func (f *Filter) String() string {
	var b strings.Builder
	f.root.write(&b)
	return b.String()
}

// node is a part of a filter: one of *logical, *negation, *comparison, *membership,
// *call, *truth, *test.
type node interface{ write(*strings.Builder) }

// operand is a property in a filter.
type operand struct {
	path   string
	fold   string // "tolower" or "toupper" where that is written around it
	column int
}

type (
	// logical is two or more parts with the same operator, "and" or "or", between them.
	logical struct {
		op    string
		parts []node
	}
	// negation is "not".
	negation struct{ part node }
	// comparison is a property, an operator, a literal.
	comparison struct {
		left  operand
		op    query.Op
		right literal
	}
	// membership is a property "in" a list.
	membership struct {
		left operand
		list []literal
	}
	// call is startswith, endswith or contains.
	call struct {
		name   string
		left   operand
		right  literal
		column int
	}
	// truth is a property of type Boolean alone.
	truth struct{ left operand }
	// test is a condition that is compared with true or false.
	test struct {
		part node
		want bool
	}
)

func (n *logical) write(b *strings.Builder) {
	for i, p := range n.parts {
		if i > 0 {
			b.WriteString(" " + n.op + " ")
		}
		inner, ok := p.(*logical)
		// "and" binds more tightly than "or", so it needs no parentheses within it.
		writeGroup(b, p, ok && (n.op == "and" || inner.op == "or"))
	}
}

func (n *negation) write(b *strings.Builder) {
	_, isLogical := n.part.(*logical)
	b.WriteString("not ")
	writeGroup(b, n.part, isLogical)
}

func (n *comparison) write(b *strings.Builder) {
	n.left.write(b)
	b.WriteString(" " + string(n.op) + " " + n.right.String())
}

func (n *membership) write(b *strings.Builder) {
	n.left.write(b)
	b.WriteString(" in (")
	for i, v := range n.list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.String())
	}
	b.WriteByte(')')
}

func (n *call) write(b *strings.Builder) {
	b.WriteString(n.name + "(")
	n.left.write(b)
	b.WriteString(", " + n.right.String() + ")")
}

func (n *truth) write(b *strings.Builder) { n.left.write(b) }

func (n *test) write(b *strings.Builder) {
	_, isCall := n.part.(*call)
	writeGroup(b, n.part, !isCall)
	if n.want {
		b.WriteString(" eq true")
	} else {
		b.WriteString(" eq false")
	}
}

func (o operand) write(b *strings.Builder) {
	if o.fold != "" {
		b.WriteString(o.fold + "(" + o.path + ")")
		return
	}
	b.WriteString(o.path)
}

func writeGroup(b *strings.Builder, n node, parentheses bool) {
	if parentheses {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	n.write(b)
}

// validPath reports whether s is names with single slashes between them.
func validPath(s string) bool {
	for name := range strings.SplitSeq(s, "/") {
		if name == "" {
			return false
		}
		for i := 0; i < len(name); {
			r, size := utf8.DecodeRuneInString(name[i:])
			if !isWordRune(r) {
				return false
			}
			i += size
		}
	}
	return true
}
