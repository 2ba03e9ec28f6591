package memberrule

import "strings"

// subject is what a condition is about: a property of the user, or within -any and -all
// an item of a collection or a member of one.
type subject struct {
	text     string // as it is written in canonical text
	typ      Type
	property Property // of the user; the collection, for an item and its members
	item     bool     // the item itself, a text
	member   string   // a member of the item
	column   int
}

// itemSyntax says for a message how the items of the collection are written.
func (s subject) itemSyntax() string {
	if s.typ == StringCollection {
		return "_"
	}
	var names []string
	for _, m := range s.property.Members {
		names = append(names, s.property.Item+"."+m)
	}
	return words(names, "or")
}

// subject reads what a condition begins with.
func (p *parser) subject() (subject, error) {
	t := p.next()
	if t.kind != tokenWord || t.hyphen {
		return subject{}, refuse(t, "Found %s, expected a condition: it begins with %s.", describe(t), p.beginning())
	}
	if p.each != nil {
		return p.itemSubject(t)
	}
	object, name, dotted := strings.Cut(t.text, ".")
	switch {
	case strings.EqualFold(object, "user") && name != "":
		property, reason := findProperty(name)
		if reason != "" {
			return subject{}, refuse(t, "%s", reason)
		}
		p.reads[property.Name] = true
		return subject{text: "user." + property.Name, typ: property.Type, property: property, column: t.column}, nil
	case strings.EqualFold(object, "device"):
		return subject{}, refuse(t, "Rules about devices are not served; a rule is about properties of users: user.department.")
	case strings.EqualFold(object, "direct") && p.peek().isWord("reports"):
		return subject{}, refuse(t, "\"Direct Reports for\" is not served; a rule is about properties of users: user.department.")
	case t.text == "_", dotted && isItem(object):
		return subject{}, refuse(t, "%s stands only in the parentheses of -any and -all, after a collection.", quote(t.text))
	case !dotted && isPropertyName(t.text):
		return subject{}, refuse(t, "Found %s, expected a condition; the property is written %s.", quote(t.text), quote("user."+t.text))
	default:
		return subject{}, refuse(t, "Found %s, expected a condition: it begins with %s.", quote(t.text), p.beginning())
	}
}

// itemSubject reads what a condition within -any and -all begins with.
func (p *parser) itemSubject(t token) (subject, error) {
	collection := p.each.property
	if p.each.typ == StringCollection && t.text == "_" {
		return subject{text: "_", typ: String, property: collection, item: true, column: t.column}, nil
	}
	object, name, _ := strings.Cut(t.text, ".")
	if p.each.typ == ObjectCollection && strings.EqualFold(object, collection.Item) {
		for _, m := range collection.Members {
			if strings.EqualFold(m, name) {
				return subject{text: collection.Item + "." + m, typ: String, property: collection, member: m, column: t.column}, nil
			}
		}
	}
	return subject{}, refuse(t, "Found %s; the condition in these parentheses is about the items of %s, written %s.", quote(t.text), p.each.text, p.each.itemSyntax())
}

// beginning says for a message what a condition begins with.
func (p *parser) beginning() string {
	if p.each != nil {
		return p.each.itemSyntax()
	}
	return "a property, written as user.department"
}

func isItem(object string) bool {
	for _, p := range properties {
		if p.Item != "" && strings.EqualFold(p.Item, object) {
			return true
		}
	}
	return false
}

func isPropertyName(name string) bool {
	_, reason := findProperty(name)
	return reason == ""
}
