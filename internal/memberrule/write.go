package memberrule

import "strings"

// writer builds canonical text and counts the parentheses around each other.
type writer struct {
	strings.Builder
	depth, deepest int
}

// group writes a node in parentheses.
func (w *writer) group(n node) {
	w.depth++
	w.deepest = max(w.deepest, w.depth)
	w.WriteByte('(')
	n.write(w)
	w.WriteByte(')')
	w.depth--
}

func (c *chain) write(w *writer) {
	for i, n := range c.parts {
		if i > 0 {
			w.WriteString(" -" + c.operator() + " ")
		}
		// Of two chains around each other, only an -or in an -and needs parentheses.
		if _, ok := n.(*chain); ok && c.and {
			w.group(n)
		} else {
			n.write(w)
		}
	}
}

func (n *negation) write(w *writer) {
	w.WriteString("-not ")
	w.group(n.part)
}

func (q *quantifier) write(w *writer) {
	w.WriteString(q.subject.text)
	if q.all {
		w.WriteString(" -all ")
	} else {
		w.WriteString(" -any ")
	}
	w.group(q.part)
}

func (c *comparison) write(w *writer) {
	w.WriteString(c.subject.text + " -" + c.operator.name + " ")
	switch c.literal.kind {
	case literalNull:
		w.WriteString("null")
	case literalBool:
		if c.literal.truth {
			w.WriteString("true")
		} else {
			w.WriteString("false")
		}
	case literalText:
		writeText(w, c.literal.texts[0])
	case literalList:
		w.WriteByte('[')
		for i, text := range c.literal.texts {
			if i > 0 {
				w.WriteString(", ")
			}
			writeText(w, text)
		}
		w.WriteByte(']')
	}
}

var escapes = strings.NewReplacer(`"`, "`\"", "`", "``", "'", "''")

func writeText(w *writer, text string) {
	w.WriteByte('"')
	w.WriteString(escapes.Replace(text))
	w.WriteByte('"')
}
