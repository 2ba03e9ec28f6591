package graph

import (
	"net/url"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// refTarget is what a reference, a URL in @odata.id, may name.
type refTarget struct {
	what string   // in words
	sets []string // the collections whose members it may name; the first is the usual one
}

// Targets of references.
var (
	toPackage = refTarget{"an access package", []string{"accessPackages"}}
	toGroup   = refTarget{"a group", []string{"groups", "directoryObjects"}}
	toSponsor = refTarget{"a user", []string{"users", "directoryObjects"}}
)

func (t refTarget) want() string {
	path := "…/" + t.sets[0] + "/<id>"
	return "It must be the URL of " + t.what + ", for instance https://" + path + "."
}

// readReference reads the body of a POST to $ref. The address is read, never fetched, and
// its host does not matter: clients build it from the base URL that they know.
func (t refTarget) readReference(body node) (entitlement.ID, error) {
	const name = "@odata.id"
	if err := body.fields("ReferenceCreate", func(string, node) (bool, error) { return false, nil }); err != nil {
		return "", err
	}
	n, ok := body.get(name)
	if !ok {
		return "", entitlement.Invalid(name, "%s is required. %s", name, t.want())
	}
	s, err := n.string()
	if err != nil {
		return "", err
	}
	id, ok := t.parse(s)
	if !ok {
		return "", entitlement.Invalid(name, "%s is '%s'. %s", name, clip(s, 256), t.want())
	}
	return id, nil
}

// parse returns the id that a URL ends in, behind the name of one of the collections.
func (t refTarget) parse(s string) (entitlement.ID, bool) {
	u, err := url.Parse(s)
	if err != nil {
		return "", false
	}
	path, err := odata.ParsePath(u.EscapedPath())
	if err != nil || len(path) == 0 {
		return "", false
	}
	last := path[len(path)-1]
	set, key := "", last.Name
	switch {
	case last.HasKey:
		set, key = last.Name, last.Key
	case len(path) > 1:
		set = path[len(path)-2].Name
	}
	id, ok := entitlement.ParseID(key)
	return id, ok && slices.ContainsFunc(t.sets, func(name string) bool { return strings.EqualFold(name, set) })
}

// removed returns what a DELETE of a reference names: in the path, or, where that ends in
// $ref at once, as the query option @id, which SDKs send.
//
// contract: operations (DELETE …/$ref?@id={uri})
func (t refTarget) removed(c *call, name string) (entitlement.ID, error) {
	if c.param(name) != "" {
		return c.id(name)
	}
	given, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil || len(given["@id"]) != 1 {
		return "", entitlement.Errorf(entitlement.CodeBadRequest, "@id", "Name the reference to remove, once: DELETE …/<id>/$ref, or DELETE …/$ref?@id=<URL of %s>.", t.what)
	}
	id, ok := t.parse(given.Get("@id"))
	if !ok {
		return "", entitlement.Errorf(entitlement.CodeBadRequest, "@id", "@id is '%s'. %s", clip(given.Get("@id"), 256), t.want())
	}
	return id, nil
}
