package odata

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// ExpandItem is one navigation of $expand.
type ExpandItem struct {
	// Path is the navigation as it was written: "accessPackage", or "*".
	Path string
	// Options are those in parentheses behind it, empty where there are none.
	Options *Options
}

// expandState counts what the $expand of one URL uses up.
type expandState struct {
	items int
	depth int
}

// split cuts a value at a separator that is neither in parentheses nor in quotes, and
// trims the parts. No part may be empty.
func (v value) split(separator byte) ([]value, error) {
	var parts []value
	var quoted byte // the quote that is open
	depth, start, quotedAt := 0, 0, 0
	base := v.base // characters before start
	for i := 0; i <= len(v.text); i++ {
		if i < len(v.text) {
			c := v.text[i]
			switch {
			case quoted != 0:
				if c == quoted {
					quoted = 0
				}
				continue
			case c == '\'' || c == '"':
				quoted, quotedAt = c, i
			case c == '(':
				depth++
			case c == ')':
				if depth--; depth < 0 {
					return nil, v.errorf(i, "A parenthesis closes here that was not opened.")
				}
			}
			if c != separator || depth > 0 {
				continue
			}
		}
		part := value{option: v.option, nest: v.nest, text: v.text[start:i], base: base}.trim()
		if part.text == "" {
			return nil, v.errorf(start, "There is nothing before or after a '%c'.", separator)
		}
		parts = append(parts, part)
		base += utf8.RuneCountInString(v.text[start:i]) + 1
		start = i + 1
	}
	switch {
	case quoted != 0:
		return nil, v.errorf(quotedAt, "The text that begins here has no closing quote. A quote within a text is written twice: 'O''Neil'.")
	case depth > 0:
		return nil, v.errorf(len(v.text), "Found the end, expected ')'.")
	}
	return parts, nil
}

// sub is the part of v from one offset to another, without spaces around it.
func (v value) sub(from, to int) value {
	v.base += utf8.RuneCountInString(v.text[:from])
	v.text = v.text[from:to]
	return v.trim()
}

func (v value) trim() value {
	trimmed := strings.TrimLeft(v.text, " \t")
	v.base += len(v.text) - len(trimmed)
	v.text = strings.TrimRight(trimmed, " \t")
	return v
}

func readExpand(o *Options, v value) error {
	if v.nest.depth == MaxExpandDepth {
		return v.errorf(0, "$expand is nested more than %d levels deep.", MaxExpandDepth)
	}
	v.nest.depth++
	defer func() { v.nest.depth-- }()
	items, err := v.split(',')
	if err != nil {
		return err
	}
	for _, item := range items {
		if v.nest.items++; v.nest.items > MaxExpandItems {
			return item.errorf(0, "$expand has more than %d navigations.", MaxExpandItems)
		}
		e, err := item.expandItem()
		if err != nil {
			return err
		}
		for _, other := range o.Expand {
			if strings.EqualFold(other.Path, e.Path) {
				return item.errorf(0, "The navigation %s is there twice.", quote(e.Path))
			}
		}
		o.Expand = append(o.Expand, e)
	}
	return nil
}

// expandItem reads a navigation and the options in parentheses behind it.
func (v value) expandItem() (ExpandItem, error) {
	e := ExpandItem{Path: v.text, Options: &Options{}}
	open := strings.IndexByte(v.text, '(')
	if open >= 0 {
		e.Path = strings.TrimRight(v.text[:open], " \t")
	}
	if e.Path != "*" && !validPath(e.Path) {
		return e, v.errorf(0, "%s is no navigation; write names with commas between them, such as accessPackage,target.", quote(e.Path))
	}
	if i := strings.LastIndexByte(e.Path, '/'); strings.HasPrefix(e.Path[i+1:], "$") {
		return e, v.errorf(0, "%s cannot be expanded; expand the navigation itself.", quote(e.Path))
	}
	if open < 0 {
		return e, nil
	}
	if !strings.HasSuffix(v.text, ")") {
		return e, v.errorf(len(v.text), "Found the end of %s, expected ')'.", quote(v.text))
	}
	pairs, err := v.sub(open+1, len(v.text)-1).split(';')
	if err != nil {
		return e, err
	}
	for _, pair := range pairs {
		if err := e.Options.setNested(pair); err != nil {
			return e, err
		}
	}
	return e, nil
}

// setNested reads one option within $expand: its name, "=", its value.
func (o *Options) setNested(pair value) error {
	equals := strings.IndexByte(pair.text, '=')
	if equals < 0 {
		return pair.errorf(0, "Found %s, expected an option and its value, such as $select=id.", quote(pair.text))
	}
	name := strings.TrimSpace(pair.text[:equals])
	option, err := findOption(name)
	if err != nil || !slices.Contains(nestedNames, option) {
		return pair.errorf(0, "There is no option %s within $expand; supported are %s.", quote(name), words(nestedNames, "and"))
	}
	return o.set(option, pair.sub(equals+1, len(pair.text)))
}
