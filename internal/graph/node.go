package graph

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"anteroom/internal/entitlement"
)

// node is a value of a body and where it stands, for messages.
type node struct {
	*value
	at string // "assignment/targetId"; empty for the body itself
}

// field is the node of a member.
func (n node) field(name string, v *value) node {
	if n.at != "" {
		name = n.at + "/" + name
	}
	return node{v, name}
}

// get returns the member or a node without a value.
func (n node) get(name string) (node, bool) {
	v := n.member(name)
	return n.field(name, v), v != nil
}

// wrongKind says that a value is of another kind than it must be.
func (n node) wrongKind(want string) error {
	what := "The body"
	if n.at != "" {
		what = "Property '" + n.at + "'"
	}
	return entitlement.Invalid(n.at, "%s must be %s, but it is %s.", what, want, n.kind)
}

// fields reads the members of an object: read says whether it knows a property. Names
// are matched exactly. Annotations are tolerated, but those of properties that the type
// does not have, and references to other objects, are not.
func (n node) fields(typ string, read func(name string, n node) (bool, error)) error {
	if n.kind != isObject {
		return n.wrongKind("an object")
	}
	for i := range n.members {
		m := &n.members[i]
		if at := strings.IndexByte(m.name, '@'); at >= 0 {
			if err := n.annotation(m.name, at); err != nil {
				return err
			}
			continue
		}
		known, err := read(m.name, n.field(m.name, &m.value))
		if err != nil {
			return err
		}
		if !known {
			return unknownProperty(n.field(m.name, nil).at, m.name, typ)
		}
	}
	return nil
}

func unknownProperty(at, name, typ string) error {
	return entitlement.Invalid(at, "The property '%s' does not exist on type 'microsoft.graph.%s'.", clip(name, maxMember), typ)
}

// annotation checks the name of a member that holds an @, which stands at i.
func (n node) annotation(name string, i int) error {
	at := n.field(name, nil).at
	switch {
	case !strings.HasPrefix(name[i:], "@odata."):
		return entitlement.Invalid(at, "'%s' is neither a property nor an annotation.", clip(name, maxMember))
	case name[i:] == "@odata.bind":
		return entitlement.Invalid(at, "'%s' is not supported: binding by address is not served. Leave it out; where the type has such a property, give the object with its id.", clip(name, maxMember))
	}
	return nil
}

// typeName returns what @odata.type says, without number sign and namespace, or "".
func (n node) typeName() (string, error) {
	t, ok := n.get("@odata.type")
	if !ok || t.kind == isNull {
		return "", nil
	}
	s, err := t.string()
	if err != nil {
		return "", err
	}
	short, ok := cutPrefixFold(strings.TrimPrefix(s, "#"), "microsoft.graph.")
	if !ok {
		return "", entitlement.Invalid(t.at, "@odata.type '%s' is not a type of microsoft.graph.", clip(s, maxMember))
	}
	return short, nil
}

// cutPrefixFold is strings.CutPrefix without regard to case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// string reads a string that must be there.
func (n node) string() (string, error) {
	if n.kind != isString {
		return "", n.wrongKind("a string")
	}
	return n.text, nil
}

// optionalString reads a string; null is nil.
func (n node) optionalString() (*string, error) {
	if n.kind == isNull {
		return nil, nil
	}
	s, err := n.string()
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// shortString reads a string of at most so many characters; null is empty.
func (n node) shortString(most int) (string, error) {
	if n.kind == isNull {
		return "", nil
	}
	s, err := n.string()
	if err != nil {
		return "", err
	}
	if c := utf8.RuneCountInString(s); c > most {
		return "", entitlement.Invalid(n.at, "%s has %d characters; the most is %d.", n.at, c, most)
	}
	return s, nil
}

// boolean reads a boolean, also one that is sent as a string, as documented examples do.
func (n node) boolean() (bool, error) {
	switch {
	case n.kind == isBoolean:
		return n.yes, nil
	case n.kind == isString && strings.EqualFold(n.text, "true"):
		return true, nil
	case n.kind == isString && strings.EqualFold(n.text, "false"):
		return false, nil
	}
	return false, n.wrongKind("a boolean")
}

// optionalBoolean reads a boolean; null is nil.
func (n node) optionalBoolean() (*bool, error) {
	if n.kind == isNull {
		return nil, nil
	}
	b, err := n.boolean()
	if err != nil {
		return nil, err
	}
	return &b, nil
}

// optionalInteger reads an Edm.Int32, also one that is sent as a string; null is nil.
func (n node) optionalInteger() (*int, error) {
	if n.kind == isNull {
		return nil, nil
	}
	if n.kind != isNumber && n.kind != isString {
		return nil, n.wrongKind("an integer")
	}
	i, err := strconv.ParseInt(n.text, 10, 32)
	if err != nil {
		return nil, entitlement.Invalid(n.at, "Property '%s' must be an integer of 32 bits, but it is '%s'.", n.at, clip(n.text, 32))
	}
	v := int(i)
	return &v, nil
}

// optionalInstant reads an Edm.DateTimeOffset; null is the zero time.
func (n node) optionalInstant() (time.Time, error) {
	if n.kind == isNull {
		return time.Time{}, nil
	}
	s, err := n.string()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, entitlement.Invalid(n.at, "Property '%s' must be a time such as 2026-01-31T09:00:00Z, but it is '%s'.", n.at, clip(s, 64))
	}
	return t, nil
}

// duration reads an Edm.Duration.
func (n node) duration() (time.Duration, error) {
	s, err := n.string()
	if err != nil {
		return 0, err
	}
	d, err := entitlement.ParseDuration(s)
	if err != nil {
		return 0, entitlement.Invalid(n.at, "Property '%s' is not a duration: %s.", n.at, err)
	}
	return d, nil
}

// id reads a GUID.
func (n node) id() (entitlement.ID, error) {
	s, err := n.string()
	if err != nil {
		return "", err
	}
	id, ok := entitlement.ParseID(s)
	if !ok {
		return "", entitlement.Invalid(n.at, "Property '%s' must be a GUID, but it is '%s'.", n.at, clip(s, 64))
	}
	return id, nil
}

// optionalID reads a GUID; null is empty.
func (n node) optionalID() (entitlement.ID, error) {
	if n.kind == isNull {
		return "", nil
	}
	return n.id()
}

// enum reads a member of an enum in any case.
func enum[T ~string](n node, members []T) (T, error) {
	s, err := n.string()
	if err != nil {
		return "", err
	}
	m, ok := entitlement.ParseEnum(members, s)
	if !ok {
		return "", entitlement.Invalid(n.at, "Property '%s' cannot be '%s'; it can be %s.", n.at, clip(s, 64), entitlement.EnumWords(members))
	}
	return m, nil
}

// isEmpty reports whether the value is null or an empty collection.
func (n node) isEmpty() bool {
	return n.kind == isNull || (n.kind == isArray && len(n.items) == 0)
}

// each calls fn for the elements of a collection; null has none.
func (n node) each(fn func(n node) error) error {
	if n.kind == isNull {
		return nil
	}
	if n.kind != isArray {
		return n.wrongKind("a collection")
	}
	for i := range n.items {
		if err := fn(node{&n.items[i], n.at + "[" + strconv.Itoa(i) + "]"}); err != nil {
			return err
		}
	}
	return nil
}
