package odata

import "strings"

// NextLink writes the URL of the next page: base without a query, every option of the
// caller's query as it was given, custom ones too, and the skip token in place of the
// caller's. All is percent-encoded, a space as %20, since some clients take the link
// apart and some do not.
//
// A token goes on from a position, so whoever reads the link applies no $skip again.
func NextLink(base, rawQuery, token string) string {
	var b strings.Builder
	b.WriteString(base)
	separator := byte('?')
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if pair == "" {
			continue
		}
		name, text, err := decodePair(pair)
		if err != nil { // Parse refuses such a query
			continue
		}
		if option, err := findOption(name); err != nil || option == "$skiptoken" {
			continue
		}
		b.WriteByte(separator)
		escapeTo(&b, name)
		b.WriteByte('=')
		escapeTo(&b, text)
		separator = '&'
	}
	b.WriteByte(separator)
	b.WriteString("$skiptoken=")
	escapeTo(&b, token)
	return b.String()
}

// escapeTo percent-encodes all but what every client leaves alone in a query.
func escapeTo(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~$,()/:*", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}
