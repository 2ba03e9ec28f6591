package memberrule

import (
	"fmt"
	"slices"
	"strings"
)

// Type is the type of a property.
type Type string

// Types of properties. The words are used in messages; the comment names the type of the
// Value.
const (
	Boolean          Type = "Boolean"               // bool
	String           Type = "String"                // string
	StringCollection Type = "collection of String"  // []string
	ObjectCollection Type = "collection of objects" // []Object
)

// Property is a property of a user that a rule can read.
type Property struct {
	// Name is the canonical name, without "user.".
	Name string
	Type Type
	// Aliases are other names by which a rule may call the property.
	Aliases []string
	// Item is what an item of a collection of objects is called within -any and -all,
	// and Members are the names of its members, which are texts.
	Item    string
	Members []string
}

// SupportedProperties returns all properties that a rule can read, sorted by name, but
// for the custom extension properties: those are texts, named "extension_" + the 32
// hexadecimal digits of the application's id + "_" + the name, in small letters.
func SupportedProperties() []Property {
	all := slices.Clone(properties)
	for i := range all {
		all[i].Aliases = slices.Clone(all[i].Aliases)
		all[i].Members = slices.Clone(all[i].Members)
	}
	return all
}

var properties = propertyTable()

func propertyTable() []Property {
	all := []Property{
		{Name: "accountEnabled", Type: Boolean},
		{Name: "dirSyncEnabled", Type: Boolean},
		{Name: "mobile", Type: String, Aliases: []string{"mobilePhone"}},
		{Name: "physicalDeliveryOfficeName", Type: String, Aliases: []string{"officeLocation"}},
		{Name: "otherMails", Type: StringCollection},
		{Name: "proxyAddresses", Type: StringCollection},
		{Name: "assignedPlans", Type: ObjectCollection, Item: "assignedPlan", Members: []string{"capabilityStatus", "service", "servicePlanId"}},
	}
	for _, name := range []string{
		"city", "companyName", "country", "department", "displayName", "employeeId", "employeeType",
		"facsimileTelephoneNumber", "givenName", "jobTitle", "mail", "mailNickName", "objectId",
		"onPremisesDistinguishedName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
		"passwordPolicies", "postalCode", "preferredLanguage", "sipProxyAddress", "state",
		"streetAddress", "surname", "telephoneNumber", "usageLocation", "userPrincipalName", "userType",
	} {
		all = append(all, Property{Name: name, Type: String})
	}
	for i := 1; i <= 15; i++ {
		all = append(all, Property{Name: fmt.Sprintf("extensionAttribute%d", i), Type: String})
	}
	slices.SortFunc(all, func(a, b Property) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// unserved are properties of Entra's rules that are not served, and why.
var unserved = map[string]string{
	"employeehiredate": "user.employeeHireDate is not served: a rule is decided when the directory changes, not as time passes.",
	"memberof":         "user.memberOf is not served: a rule reads attributes of the user. Let the policy name the group instead, as groupMembers.",
}

// findProperty returns the property of that name, without "user.", in any case. The
// error is a message.
func findProperty(name string) (Property, string) {
	for _, p := range properties {
		if strings.EqualFold(p.Name, name) || slices.ContainsFunc(p.Aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return p, ""
		}
	}
	lower := strings.ToLower(name)
	if reason, ok := unserved[lower]; ok {
		return Property{}, reason
	}
	if strings.HasPrefix(lower, "extension_") {
		if !isCustomExtension(lower) {
			return Property{}, "A custom extension property is written user.extension_, the 32 hexadecimal digits of the id of its application, _ and its name, found " + quote("user."+name) + "."
		}
		return Property{Name: lower, Type: String}, ""
	}
	if near := nearNames(lower); len(near) > 0 {
		return Property{}, fmt.Sprintf("There is no property %s that a rule can read; the nearest names are %s.", quote("user."+name), words(near, "and"))
	}
	var names []string
	for _, p := range properties {
		if !strings.HasPrefix(p.Name, "extensionAttribute") {
			names = append(names, p.Name)
		}
	}
	names = append(names, "extensionAttribute1 to 15")
	return Property{}, fmt.Sprintf("There is no property %s that a rule can read; there are %s.", quote("user."+name), words(names, "and"))
}

// isCustomExtension reports whether a name in small letters is that of a custom
// extension property.
func isCustomExtension(lower string) bool {
	const digits = 32
	rest := strings.TrimPrefix(lower, "extension_")
	if len(rest) < digits+2 || rest[digits] != '_' || strings.Trim(rest[:digits], "0123456789abcdef") != "" {
		return false
	}
	return !strings.ContainsAny(rest[digits+1:], ".$")
}

// nearNames returns up to three names that a name in small letters may stand for, the
// nearest first.
func nearNames(lower string) []string {
	type candidate struct {
		name  string
		steps int
	}
	var near []candidate
	if len(lower) > 64 {
		return nil
	}
	for _, p := range properties {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			other := strings.ToLower(name)
			steps := distance(lower, other)
			within := len(lower) > 2 && strings.Contains(other, lower)
			if within || steps <= max(1, len(lower)/3) {
				near = append(near, candidate{name, steps})
			}
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.steps - b.steps })
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, "user."+c.name)
	}
	return names
}

// distance is the number of bytes to insert, remove or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost = 1 + min(left, row[j], row[j+1])
			}
			left, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
