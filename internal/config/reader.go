package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// reader walks the YAML tree and collects what is wrong with it. The tree rather than a
// struct with tags, because only a node knows its line, and because the decoder stops
// describing after the first kind of mistake.
type reader struct {
	lines    map[string]int
	problems Problems
}

// node is a value of the tree and the path of the key it is at.
type node struct {
	*yaml.Node
	key string
}

// field reads the value of one key of a mapping.
type field struct {
	name     string
	required string // if not empty, why and with what to add the key
	read     func(node)
}

func (r *reader) problem(n node, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: n.Line, Key: n.key, Message: fmt.Sprintf(format, args...)})
}

// mapping reads a mapping of these keys and no others.
func (r *reader) mapping(n node, fields ...field) {
	if !r.kind(n, yaml.MappingNode, "a mapping of keys to values") {
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		at := node{name, join(n.key, name.Value)}
		if first, ok := seen[name.Value]; ok {
			r.problem(at, "is given twice, first in line %d; remove one", first)
			continue
		}
		seen[name.Value] = name.Line
		f := slices.IndexFunc(fields, func(f field) bool { return f.name == name.Value })
		if f < 0 || name.Kind != yaml.ScalarNode {
			r.problem(at, "there is no such setting; there are %s", names(fields))
			continue
		}
		r.lines[at.key] = name.Line
		if value.Kind == yaml.AliasNode {
			r.problem(at, "is an alias (*%s); write the value out", value.Value)
			continue
		}
		if value.Tag == "!!null" {
			r.problem(at, "has no value; give one, or remove the key")
			continue
		}
		fields[f].read(node{value, at.key})
	}
	for _, f := range fields {
		if _, ok := seen[f.name]; !ok && f.required != "" {
			r.problem(node{n.Node, join(n.key, f.name)}, "is missing; %s", f.required)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func names(fields []field) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return strings.Join(all, ", ")
}

// list reads the items of a list. If empty is not empty it says what is wrong with a
// list that has none.
func (r *reader) list(n node, empty string, read func(item node)) {
	if !r.kind(n, yaml.SequenceNode, "a list") {
		return
	}
	if len(n.Content) == 0 && empty != "" {
		r.problem(n, "%s", empty)
	}
	for i, item := range n.Content {
		at := node{item, fmt.Sprintf("%s[%d]", n.key, i)}
		r.lines[at.key] = item.Line
		if item.Kind == yaml.AliasNode {
			r.problem(at, "is an alias (*%s); write the value out", item.Value)
			continue
		}
		read(at)
	}
}

func (r *reader) kind(n node, kind yaml.Kind, want string) bool {
	if n.Kind != kind {
		r.problem(n, "must be %s", want)
	}
	return n.Kind == kind
}

// scalar wants a value of one of the types that YAML resolves plain text to.
func (r *reader) scalar(n node, want string, tags ...string) bool {
	ok := n.Kind == yaml.ScalarNode && slices.Contains(tags, n.ShortTag())
	if !ok {
		r.problem(n, "must be %s", want)
	}
	return ok
}

// text reads a string that is not empty.
func (r *reader) text(n node, into *string) bool {
	if !r.scalar(n, "text; put it in quotes if it looks like something else", "!!str") {
		return false
	}
	if strings.TrimSpace(n.Value) == "" || strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		r.problem(n, "must not be empty and must have no control characters")
		return false
	}
	*into = n.Value
	return true
}

func (r *reader) flag(n node, into *bool) {
	if r.scalar(n, "true or false", "!!bool") {
		*into = strings.EqualFold(n.Value, "true")
	}
}

// number reads a whole number between two bounds; unit is for the message.
func (r *reader) number(n node, least, most int64, unit string, into *int64) {
	want := fmt.Sprintf("a whole number of %s from %d to %d", unit, least, most)
	if !r.scalar(n, want, "!!int") {
		return
	}
	v, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, 64)
	if err != nil || v < least || v > most {
		r.problem(n, "must be %s, not %s", want, clip(n.Value))
		return
	}
	*into = v
}

// duration reads a duration of Go between two bounds. Days are not a unit of it.
func (r *reader) duration(n node, least, most time.Duration, into *time.Duration) {
	such := "15s or 1m30s"
	if least >= time.Hour {
		such = "24h or 2160h (90 days)"
	}
	want := fmt.Sprintf("a duration such as %s, from %s to %s", such, least, most)
	if !r.scalar(n, want, "!!str") {
		return
	}
	v, err := time.ParseDuration(n.Value)
	if err != nil || v < least || v > most {
		r.problem(n, "must be %s, not %q", want, clip(n.Value))
		return
	}
	*into = v
}

// choice reads one of several words.
func (r *reader) choice(n node, words []string, into *string) {
	var s string
	if !r.text(n, &s) {
		return
	}
	if !slices.Contains(words, s) {
		r.problem(n, "must be one of %s, not %q", strings.Join(words, ", "), clip(s))
		return
	}
	*into = s
}

func clip(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
