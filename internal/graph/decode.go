package graph

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"anteroom/internal/entitlement"
)

// Limits of one body.
const (
	maxDepth   = 64
	maxMembers = 20_000 // members of objects and elements of collections, all together
	maxString  = 64 << 10
	maxMember  = 256 // a member's name
)

// value is a JSON value that was read strictly: names are unique, text is valid UTF-8
// without NUL, and the limits hold.
type value struct {
	kind    kind
	yes     bool   // of a boolean
	text    string // of a string or a number
	members []member
	items   []value
}

type member struct {
	name  string
	value value
}

// kind is the kind of a JSON value.
type kind byte

const (
	isNull kind = iota
	isBoolean
	isNumber
	isString
	isObject
	isArray
)

// String is how a message names a value of the kind.
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an object", "a collection"}[k]
}

// member returns the member of an object or nil.
func (v *value) member(name string) *value {
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return nil
}

type parser struct {
	dec  jsontext.Decoder
	src  *bytes.Reader
	room int // members that may still come
}

var parsers = sync.Pool{New: func() any { return &parser{src: bytes.NewReader(nil)} }}

// parse reads the one JSON value that data holds. Whatever encoding/json would repair
// or overlook is refused here, once, in front of every handler.
func parse(data []byte) (value, error) {
	p := parsers.Get().(*parser)
	defer parsers.Put(p)
	p.src.Reset(data)
	p.dec.Reset(p.src)
	p.room = maxMembers
	v, err := p.value(1)
	if err != nil {
		return value{}, err
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return value{}, entitlement.Invalid("", "The body is not one JSON value: there is more behind it, at byte %d.", p.dec.InputOffset())
	}
	return v, nil
}

func (p *parser) value(depth int) (value, error) {
	tok, err := p.dec.ReadToken()
	if err != nil {
		return value{}, syntaxError(err)
	}
	switch tok.Kind() {
	case '{':
		if depth > maxDepth {
			return value{}, tooDeep()
		}
		return p.object(depth)
	case '[':
		if depth > maxDepth {
			return value{}, tooDeep()
		}
		return p.array(depth)
	case '"':
		s, err := p.str(tok, maxString)
		return value{kind: isString, text: s}, err
	case '0':
		return value{kind: isNumber, text: tok.String()}, nil
	case 't', 'f':
		return value{kind: isBoolean, yes: tok.Bool()}, nil
	}
	return value{}, nil
}

func (p *parser) object(depth int) (value, error) {
	v := value{kind: isObject}
	for p.dec.PeekKind() != '}' {
		tok, err := p.dec.ReadToken()
		if err != nil {
			return value{}, syntaxError(err)
		}
		name, err := p.str(tok, maxMember)
		if err != nil {
			return value{}, err
		}
		if err := p.count(); err != nil {
			return value{}, err
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, member{name: name, value: child})
	}
	_, err := p.dec.ReadToken()
	return v, syntaxError(err)
}

func (p *parser) array(depth int) (value, error) {
	v := value{kind: isArray}
	for p.dec.PeekKind() != ']' {
		if err := p.count(); err != nil {
			return value{}, err
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, child)
	}
	_, err := p.dec.ReadToken()
	return v, syntaxError(err)
}

func (p *parser) str(tok jsontext.Token, most int) (string, error) {
	s := tok.String()
	switch {
	case len(s) > most:
		return "", entitlement.Invalid("", "The body holds a string of %d bytes; the most is %d.", len(s), most)
	case strings.IndexByte(s, 0) >= 0:
		return "", entitlement.Invalid("", "The body holds the character U+0000 in a string, at byte %d; it cannot be stored.", p.dec.InputOffset())
	}
	return s, nil
}

func (p *parser) count() error {
	if p.room--; p.room < 0 {
		return entitlement.Invalid("", "The body has too many members and elements; the most is %d.", maxMembers)
	}
	return nil
}

func tooDeep() error {
	return entitlement.Invalid("", "The body is nested too deeply; the most is %d levels.", maxDepth)
}

// syntaxError says what is wrong with a body that is not JSON.
func syntaxError(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		name := ""
		if errors.As(err, &syntax) {
			name = clip(syntax.JSONPointer.LastToken(), maxMember)
		}
		return entitlement.Invalid(name, "The body names the property '%s' twice in one object.", name)
	case errors.As(err, &syntax):
		return entitlement.Invalid("", "The body is not valid JSON: %s, at byte %d.", reasonOf(syntax), syntax.ByteOffset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return entitlement.Invalid("", "The body is not valid JSON: it ends too early.")
	}
	return entitlement.Invalid("", "The body is not valid JSON.")
}

func reasonOf(syntax *jsontext.SyntacticError) string {
	if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return clip(strings.TrimPrefix(syntax.Err.Error(), "jsontext: "), 200)
}
