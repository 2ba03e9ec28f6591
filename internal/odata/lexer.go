package odata

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind tells tokens apart.
type kind int

const (
	tokenEnd     kind = iota
	tokenWord         // a keyword, a function or a property path: "and", "assignment/target/id"
	tokenLiteral      // a literal, in token.literal
	tokenPunct        // one of ( ) ,
)

// token is one piece of a filter.
type token struct {
	kind    kind
	text    string // as it was written
	at      int    // offset in bytes
	column  int    // the same place for a message
	literal literal
}

// lexer cuts the text of a filter into tokens.
type lexer struct {
	option string
	src    string
	pos    int
	// base is the number of characters that stand before src[counted:] in the value of
	// the option.
	base    int
	counted int
}

// errorf refuses what stands at an offset that is not before the current token.
func (l *lexer) errorf(at int, format string, args ...any) *Error {
	column := l.base + utf8.RuneCountInString(l.src[l.counted:at]) + 1
	return errorf(l.option, column, format, args...)
}

// next returns the next token; after the last one, tokenEnd for ever.
func (l *lexer) next() (token, error) {
	t, err := l.scan()
	// Count on from the last token: all columns together take one pass.
	l.base += utf8.RuneCountInString(l.src[l.counted:t.at])
	l.counted = t.at
	t.column = l.base + 1
	t.literal.column = t.column
	return t, err
}

func (l *lexer) scan() (token, error) {
	for l.pos < len(l.src) && (l.src[l.pos] == ' ' || l.src[l.pos] == '\t') {
		l.pos++
	}
	at := l.pos
	if at == len(l.src) {
		return token{kind: tokenEnd, at: at}, nil
	}
	switch c := l.src[at]; {
	case c == '(' || c == ')' || c == ',':
		l.pos++
		return token{kind: tokenPunct, text: l.src[at:l.pos], at: at}, nil
	case c == '\'':
		text, err := l.quoted()
		return l.literalToken(at, literal{kind: literalString, text: text}), err
	case isGUIDAt(l.src, at):
		l.pos += guidLength
		return l.literalToken(at, literal{kind: literalGUID, text: l.src[at:l.pos]}), nil
	case c >= '0' && c <= '9', c == '-', c == '+':
		return l.bare()
	}
	if r, _ := utf8.DecodeRuneInString(l.src[at:]); isWordRune(r) {
		return l.word()
	}
	r, _ := utf8.DecodeRuneInString(l.src[at:])
	return token{at: at}, l.errorf(at, "There is no use for the character %s (%U) here.", quote(string(r)), r)
}

func (l *lexer) literalToken(at int, v literal) token {
	return token{kind: tokenLiteral, text: l.src[at:l.pos], at: at, literal: v}
}

// quoted reads a text in single quotes, in which two of them stand for one.
func (l *lexer) quoted() (string, error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.src); i++ {
		if l.src[i] != '\'' {
			b.WriteByte(l.src[i])
			continue
		}
		if i+1 < len(l.src) && l.src[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		l.pos = i + 1
		return b.String(), nil
	}
	return "", l.errorf(start, "The text that begins here has no closing quote. A quote within a text is written twice: 'O''Neil'.")
}

// bare reads a number, a date or a time.
func (l *lexer) bare() (token, error) {
	at := l.pos
	for l.pos < len(l.src) && isBareByte(l.src[l.pos]) {
		l.pos++
	}
	text := l.src[at:l.pos]
	switch {
	case isNumber(text):
		return l.literalToken(at, literal{kind: literalNumber, text: text}), nil
	case looksLikeDate(text):
		if _, err := parseTime(text); err != nil {
			return token{at: at}, l.errorf(at, "%s is not a time: %v.", quote(text), err)
		}
		return l.literalToken(at, literal{kind: literalTime, text: text}), nil
	}
	return token{at: at}, l.errorf(at, "%s is no literal: text is written in quotes ('…'), a number as 5, a time as 2026-01-31T12:00:00Z, a GUID with all of its 36 characters.", quote(text))
}

// word reads a keyword, a name or a path, or a literal that begins with the name of
// its type.
func (l *lexer) word() (token, error) {
	at := l.pos
	for l.pos < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.pos:])
		if r == '/' {
			after, _ := utf8.DecodeRuneInString(l.src[l.pos+1:])
			if !isWordRune(after) {
				break
			}
		} else if !isWordRune(r) {
			break
		}
		l.pos += size
	}
	text := l.src[at:l.pos]
	rest := l.src[l.pos:]
	switch {
	case strings.HasPrefix(rest, "'"):
		return l.typed(at, text)
	case strings.HasPrefix(rest, "/'") && strings.Contains(text, "."):
		l.pos++
		return l.typed(at, text)
	}
	switch strings.ToLower(text) {
	case "null":
		return l.literalToken(at, literal{kind: literalNull, text: "null"}), nil
	case "true", "false":
		return l.literalToken(at, literal{kind: literalBool, text: strings.ToLower(text)}), nil
	}
	return token{kind: tokenWord, text: text, at: at}, nil
}

// typed reads the quoted part of a literal whose type is named before it.
func (l *lexer) typed(at int, name string) (token, error) {
	text, err := l.quoted()
	if err != nil {
		return token{at: at}, err
	}
	switch {
	case strings.EqualFold(name, "duration"):
		return l.literalToken(at, literal{kind: literalDuration, text: text}), nil
	case strings.EqualFold(name, "guid"):
		if !isGUID(text) {
			return token{at: at}, l.errorf(at, "Unrecognized Guid format: %s is not 32 hexadecimal digits in the form 8-4-4-4-12.", quote(text))
		}
		return l.literalToken(at, literal{kind: literalGUID, text: text}), nil
	case strings.Contains(name, ".") && !strings.Contains(name, "/"):
		return l.literalToken(at, literal{kind: literalEnum, text: text, typ: name}), nil
	}
	return token{at: at}, l.errorf(at, "%s does not name the type of a literal; duration'…', guid'…' and enumerations such as microsoft.graph.accessPackageRequestState'delivered' are read.", quote(name))
}

func isWordRune(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.@$", r)
	case r == utf8.RuneError:
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func isBareByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == ':' || c == '+' || c == '-' || c == '_'
}
