package entitlement

import "strings"

// ID is a GUID in its canonical form: 36 characters, lower case, hyphens.
// The ids of memberships and grants, which no client sees, are two of them joined by "_".
type ID string

// TenantID is the GUID of a tenant, in the same form as an ID. It is a type of
// its own so that the two cannot be mixed up.
type TenantID string

// ParseID reads a GUID in any case; it reports
// false for anything that is not 8-4-4-4-12 hexadecimal digits.
//
// graph: ids are GUID text compared without case.
func ParseID(s string) (ID, bool) {
	if len(s) != 36 {
		return "", false
	}
	upper := false
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return "", false
			}
		default:
			switch {
			case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
			case c >= 'A' && c <= 'F':
				upper = true
			default:
				return "", false
			}
		}
	}
	if upper {
		s = strings.ToLower(s)
	}
	return ID(s), true
}

// ParseTenantID is ParseID for tenants.
func ParseTenantID(s string) (TenantID, bool) {
	id, ok := ParseID(s)
	return TenantID(id), ok
}
