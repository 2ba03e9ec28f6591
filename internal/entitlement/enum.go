package entitlement

import "strings"

// ParseEnum finds word among the members of an enum without regard to case and
// returns the member as the schema spells it.
//
// graph: v1.0 writes the exact CSDL spelling and reads any case.
func ParseEnum[T ~string](members []T, word string) (T, bool) {
	for _, m := range members {
		if strings.EqualFold(string(m), word) {
			return m, true
		}
	}
	return "", false
}

// EnumWords lists members for a message: "a, b or c".
func EnumWords[T ~string](members []T) string {
	var b strings.Builder
	for i, m := range members {
		switch {
		case i == 0:
		case i == len(members)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(m))
	}
	return b.String()
}
