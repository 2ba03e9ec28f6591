package graph

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// route is one path of the surface.
type route struct {
	pattern string
	parts   []part
	methods map[string]handler
	// hints say what to do instead, by a method that is not served.
	hints map[string]string
	// counted is set for a collection, which has $count behind it.
	counted collection
}

// part is one part of a pattern: a name, "{name}" for a key, or "name(argument,argument)"
// for a function.
type part struct {
	name     string
	param    bool
	function bool
	args     []string
}

// method is what a path does for one HTTP method.
type method struct {
	verb    string
	handle  handler
	counted collection
	hint    string
}

func get(h handler) method          { return method{verb: http.MethodGet, handle: h} }
func post(h handler) method         { return method{verb: http.MethodPost, handle: h} }
func put(h handler) method          { return method{verb: http.MethodPut, handle: h} }
func patch(h handler) method        { return method{verb: http.MethodPatch, handle: h} }
func remove(h handler) method       { return method{verb: http.MethodDelete, handle: h} }
func list(l collection) method      { return method{verb: http.MethodGet, handle: l.list, counted: l} }
func hint(verb, s string) method    { return method{verb: verb, hint: s} }
func noPatch(instead string) method { return hint(http.MethodPatch, instead) }

// at makes a route.
func at(pattern string, methods ...method) route {
	r := route{pattern: pattern, methods: map[string]handler{}, hints: map[string]string{}}
	for _, m := range methods {
		switch {
		case m.hint != "":
			r.hints[m.verb] = m.hint
		default:
			r.methods[m.verb] = m.handle
		}
		if m.counted != nil {
			r.counted = m.counted
		}
	}
	return r
}

// under puts routes below a common path.
func under(prefix string, routes ...route) []route {
	for i := range routes {
		routes[i].pattern = prefix + "/" + routes[i].pattern
	}
	return routes
}

// router finds routes: a tree of the parts of their patterns.
type router struct {
	names map[string]*router // by name in lower case, with the arguments of a function
	key   *router
	route *route
}

func newRouter(routes []route) *router {
	root := new(router)
	for i := range routes {
		r := &routes[i]
		root.add(r)
		if r.counted != nil {
			counter := at(r.pattern+"/$count", get(r.counted.count))
			root.add(&counter)
		}
	}
	return root
}

func (t *router) add(r *route) {
	for s := range strings.SplitSeq(strings.TrimPrefix(r.pattern, "/"), "/") {
		p := part{name: s}
		if name, ok := strings.CutPrefix(s, "{"); ok {
			p = part{name: strings.TrimSuffix(name, "}"), param: true}
		} else if name, args, ok := strings.Cut(s, "("); ok {
			p = part{name: name, function: true, args: argumentsOf(args)}
		}
		r.parts = append(r.parts, p)
		t = t.child(p)
	}
	t.route = r
}

// argumentsOf reads the names of a function's arguments, as far as its parenthesis closes.
func argumentsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ')' })
}

// functionName is how a function stands in the tree: its arguments come in any order and case.
func functionName(name string, args []string) string {
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ToLower(args[i])
	}
	slices.Sort(args)
	return strings.ToLower(name) + "(" + strings.Join(args, ",") + ")"
}

func (t *router) child(p part) *router {
	if p.param {
		if t.key == nil {
			t.key = new(router)
		}
		return t.key
	}
	name := strings.ToLower(p.name)
	if p.function {
		name = functionName(p.name, p.args)
	}
	if t.names == nil {
		t.names = map[string]*router{}
	}
	if t.names[name] == nil {
		t.names[name] = new(router)
	}
	return t.names[name]
}

// find returns the route of a path, the keys in it and the arguments of its function.
// Names are matched without regard to case; a key stands behind a slash or in
// parentheses.
func (t *router) find(path []odata.Segment) (*route, []string, map[string]string) {
	var keys []string
	var args map[string]string
	for _, s := range path {
		next := t.names[s.Name]
		if next == nil {
			next = t.names[strings.ToLower(s.Name)]
		}
		if next == nil && len(keys) > 0 {
			if name, ok := cutPrefixFold(s.Name, "microsoft.graph."); ok {
				next = t.names[strings.ToLower(name)]
			}
		}
		switch {
		case s.Args != nil:
			next, args = t.function(s)
		case next == nil && t.key != nil && !s.HasKey:
			next, keys = t.key, append(keys, s.Name)
		case next != nil && s.HasKey && next.key != nil:
			next, keys = next.key, append(keys, s.Key)
		case s.HasKey:
			return nil, nil, nil
		}
		if next == nil {
			return nil, nil, nil
		}
		t = next
	}
	return t.route, keys, args
}

// function finds a function by its name and the names of its arguments.
func (t *router) function(s odata.Segment) (*router, map[string]string) {
	names := make([]string, 0, len(s.Args))
	args := make(map[string]string, len(s.Args))
	for name, v := range s.Args {
		names = append(names, name)
		args[strings.ToLower(name)] = v
	}
	name, ok := cutPrefixFold(s.Name, "microsoft.graph.")
	if !ok {
		name = s.Name
	}
	return t.names[functionName(name, names)], args
}

// notAllowed says which methods a path has.
func (r *route) notAllowed(h http.Header, verb string) error {
	allowed := slices.Sorted(maps.Keys(r.methods))
	if r.methods[http.MethodGet] != nil {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	h["Allow"] = []string{strings.Join(allowed, ", ")}
	served := sortedWords(slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == http.MethodHead }))
	message := "The method " + clip(verb, 32) + " is not served at this path, which has " + served + "."
	if hint := r.hints[verb]; hint != "" {
		message += " " + hint
	}
	return entitlement.Errorf(entitlement.CodeMethodNotAllowed, "", "%s", message)
}

// sortedWords lists words for a message, in alphabetical order.
func sortedWords(words []string) string {
	slices.Sort(words)
	return entitlement.EnumWords(words)
}
