package memberrule

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind tells tokens apart.
type kind int

const (
	tokenEnd   kind = iota
	tokenWord       // a name, an operator, a keyword or a number
	tokenText       // a text in quotes
	tokenPunct      // one of ( ) [ ] ,
	tokenBad        // what no token begins with, in token.err; nothing comes after it
)

// token is one piece of a rule.
type token struct {
	kind   kind
	text   string // as it was written, without the hyphen of an operator; what a text means
	hyphen bool   // a hyphen stood before the word
	column int
	err    *SyntaxError
}

// is reports whether the token is the punctuation mark.
func (t token) is(punct string) bool { return t.kind == tokenPunct && t.text == punct }

// isWord reports whether the token is the word, in any case, with or without a hyphen.
func (t token) isWord(word string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, word)
}

// lex cuts a rule into tokens; the last is tokenEnd or tokenBad.
func lex(text string) []token {
	l := lexer{src: []rune(text)}
	if !utf8.ValidString(text) {
		column := 1
		for i := 0; i < len(text); column++ {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			i += size
		}
		return []token{{kind: tokenBad, err: errorf(column, "The rule is not valid UTF-8."), column: column}}
	}
	var tokens []token
	for {
		t := l.next()
		tokens = append(tokens, t)
		if t.kind == tokenEnd || t.kind == tokenBad {
			return tokens
		}
	}
}

type lexer struct {
	src []rune
	pos int
}

func (l *lexer) peek(ahead int) rune {
	if l.pos+ahead < len(l.src) {
		return l.src[l.pos+ahead]
	}
	return 0
}

func (l *lexer) bad(at int, format string, args ...any) token {
	return token{kind: tokenBad, column: at + 1, err: errorf(at+1, format, args...)}
}

func (l *lexer) next() token {
	for l.pos < len(l.src) && unicode.IsSpace(l.src[l.pos]) {
		l.pos++
	}
	at := l.pos
	if at == len(l.src) {
		return token{kind: tokenEnd, column: at + 1}
	}
	switch c := l.src[at]; {
	case strings.ContainsRune("()[],", c):
		l.pos++
		return token{kind: tokenPunct, text: string(c), column: at + 1}
	case c == '"' || c == '\'':
		return l.quoted(c)
	case isHyphen(c):
		if !isLetter(l.peek(1)) {
			return l.bad(at, "A hyphen stands directly before the name of an operator: -eq.")
		}
		l.pos++
		t := l.word()
		t.column, t.hyphen = at+1, true
		return t
	case isWordRune(c):
		return l.word()
	case strings.ContainsRune("“”„‘’", c):
		return l.bad(at, "A text is written in straight quotes, \" or ', found %s.", quote(string(c)))
	default:
		return l.bad(at, "There is no use for the character %s (%U) here.", quote(string(c)), c)
	}
}

func (l *lexer) word() token {
	at := l.pos
	for isWordRune(l.peek(0)) {
		l.pos++
	}
	return token{kind: tokenWord, text: string(l.src[at:l.pos]), column: at + 1}
}

// quoted reads a text. Within it two single quotes are one, and a backtick stands before
// a double quote or a backtick that is part of the text.
func (l *lexer) quoted(end rune) token {
	at := l.pos
	var b strings.Builder
	for l.pos++; l.pos < len(l.src); l.pos++ {
		c, after := l.peek(0), l.peek(1)
		switch {
		case c == '\'' && after == '\'':
			l.pos++
		case c == end:
			l.pos++
			return token{kind: tokenText, text: b.String(), column: at + 1}
		case c == '`' && (after == '"' || after == '`'):
			l.pos++
			c = after
		case c == '`':
			return l.bad(l.pos, "A backtick within a text stands before a double quote that is part of the text (`\"); a backtick itself is written twice.")
		}
		b.WriteRune(c)
	}
	return l.bad(at, "The text that begins here has no closing %c.", end)
}

// isHyphen reports whether a character can stand before an operator: a hyphen, or the
// dash that Microsoft's own examples have in its place.
func isHyphen(c rune) bool { return c == '-' || c == '–' }

func isLetter(c rune) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isWordRune(c rune) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '$'
}
