package odata

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Segment is one part of a path, decoded: a name, and what stands in parentheses behind
// it. An id between two slashes is the Name of its segment.
type Segment struct {
	// Name is "catalogs", "$ref", an id. It is never empty and holds no slash.
	Name string
	// Key is the key in parentheses: catalogs('id') and catalogs(id) have the Key "id".
	Key    string
	HasKey bool
	// Args are the named arguments of a function as they were written, without quotes.
	// It is nil where there are no parentheses or a key in them, and empty for "()".
	Args map[string]string
}

// Arg returns an argument by its name in any case.
func (s Segment) Arg(name string) (string, bool) {
	for n, v := range s.Args {
		if strings.EqualFold(n, name) {
			return v, true
		}
	}
	return "", false
}

// ParsePath reads the path of a URL as it was sent (url.URL.EscapedPath).
//
// A path has one reading here, so that no proxy in front can have another: encoded
// slashes, backslashes, control characters, dot segments and empty segments are
// refused, also where they are encoded; one slash at the end is let pass.
func ParsePath(escapedPath string) ([]Segment, error) {
	if len(escapedPath) > MaxPathBytes {
		return nil, errorf("path", 0, "The path has %d bytes; at most %d are read.", len(escapedPath), MaxPathBytes)
	}
	rest := strings.TrimPrefix(escapedPath, "/")
	if rest == "" {
		return nil, nil
	}
	column := len(escapedPath) - len(rest) + 1
	rest = strings.TrimSuffix(rest, "/")
	var segments []Segment
	for raw := range strings.SplitSeq(rest, "/") {
		if len(segments) == MaxSegments {
			return nil, errorf("path", column, "The path has more than %d segments.", MaxSegments)
		}
		text, err := decodeSegment(raw, column)
		if err != nil {
			return nil, err
		}
		s, err := parseSegment(text, column)
		if err != nil {
			return nil, err
		}
		segments = append(segments, s)
		column += len(raw) + 1
	}
	return segments, nil
}

// decodeSegment decodes one segment and refuses what could be read in two ways.
func decodeSegment(raw string, column int) (string, error) {
	text, err := url.PathUnescape(raw)
	switch {
	case err != nil:
		return "", errorf("path", column, "The segment %s is not percent-encoded as it should be: %s.", quote(raw), badEscape(raw))
	case text == "":
		return "", errorf("path", column, "The path holds two slashes in a row.")
	case text == "." || text == "..":
		return "", errorf("path", column, "The path holds the segment %s; write the path without it.", quote(raw))
	case !utf8.ValidString(text):
		return "", errorf("path", column, "The segment %s is not UTF-8.", quote(raw))
	case strings.ContainsAny(text, `/\`):
		return "", errorf("path", column, "The segment %s holds an encoded slash or a backslash; no name or id has one.", quote(raw))
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errorf("path", column, "The segment %s holds a control character.", quote(raw))
	}
	return text, nil
}

// parseSegment reads a name, and a key or arguments in parentheses behind it.
func parseSegment(text string, column int) (Segment, error) {
	name, inner, found := strings.Cut(text, "(")
	if !found {
		if strings.Contains(text, ")") {
			return Segment{}, errorf("path", column, "The segment %s closes a parenthesis that it does not open.", quote(text))
		}
		return Segment{Name: text}, nil
	}
	inner, closed := strings.CutSuffix(inner, ")")
	switch {
	case name == "" || name == "." || name == "..":
		return Segment{}, errorf("path", column, "The segment %s has no name before the parenthesis.", quote(text))
	case !closed:
		return Segment{}, errorf("path", column, "The segment %s does not end with ')'.", quote(text))
	}
	s := Segment{Name: name}
	if strings.TrimSpace(inner) == "" {
		s.Args = map[string]string{}
		return s, nil
	}
	args := argReader{segment: text, rest: inner, column: column}
	return s, args.read(&s)
}

// argReader reads what stands in the parentheses of a segment.
type argReader struct {
	segment string
	rest    string
	column  int
}

func (a *argReader) errorf(format string, args ...any) *Error {
	return errorf("path", a.column, "The segment %s %s", quote(a.segment), fmt.Sprintf(format, args...))
}

// read reads one key, or arguments with commas between them.
func (a *argReader) read(s *Segment) error {
	for {
		name, named := a.name()
		v, err := a.value()
		if err != nil {
			return err
		}
		end := a.rest == ""
		switch {
		case !named && s.Args == nil && end:
			s.Key, s.HasKey = v, true
			return nil
		case !named:
			return a.errorf("has an argument without a name: %s. Write name='value'.", quote(v))
		}
		if _, twice := s.Arg(name); twice {
			return a.errorf("has the argument %s twice.", quote(name))
		}
		if s.Args == nil {
			s.Args = map[string]string{}
		}
		s.Args[name] = v
		if end {
			return nil
		}
		a.rest = a.rest[1:] // the comma, see value
	}
}

// name reads the name and the "=" of an argument, if there is one.
func (a *argReader) name() (string, bool) {
	before, after, found := strings.Cut(a.rest, "=")
	name := strings.TrimSpace(before)
	if !found || !validPath(name) || strings.Contains(name, "/") {
		return "", false
	}
	a.rest = after
	return name, true
}

// value reads a value, with or without quotes, up to a comma or the end.
func (a *argReader) value() (string, error) {
	a.rest = strings.TrimLeft(a.rest, " ")
	if !strings.HasPrefix(a.rest, "'") {
		n := strings.IndexByte(a.rest, ',')
		if n < 0 {
			n = len(a.rest)
		}
		v := strings.TrimSpace(a.rest[:n])
		a.rest = a.rest[n:]
		switch {
		case v == "":
			return "", a.errorf("has an argument without a value.")
		case strings.HasPrefix(v, "@"):
			return "", a.errorf("has the parameter alias %s, which is not supported; write the value itself.", quote(v))
		case strings.ContainsAny(v, "'()"):
			return "", a.errorf("has the value %s; put it in quotes, and write a quote within it twice.", quote(v))
		}
		return v, nil
	}
	l := lexer{option: "path", src: a.rest}
	v, err := l.quoted()
	if err != nil {
		return "", a.errorf("has a text without a closing quote.")
	}
	a.rest = strings.TrimLeft(a.rest[l.pos:], " ")
	switch {
	case v == "":
		return "", a.errorf("has an empty text in parentheses.")
	case a.rest != "" && a.rest[0] != ',':
		return "", a.errorf("has %s behind a text; expected ',' or ')'.", quote(a.rest))
	}
	return v, nil
}
