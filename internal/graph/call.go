package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// call is one call of the API on its way through its handler.
type call struct {
	server *Server
	r      *http.Request
	out    *encoder
	actor  entitlement.Actor
	base   string // scheme and host for links
	route  *route
	keys   []string          // what stands for the {…} of the route's pattern, in its order
	args   map[string]string // of the route's function, by their names in lower case
	opts   *odata.Options

	requestID, clientID string
	applied             []string // the preference that the reply follows, if any
}

// handler answers one call. What it writes to c.out is the body.
type handler func(ctx context.Context, c *call) (reply, error)

// reply is what a handler answers beside a body.
type reply struct {
	status   int
	location string
	media    []string // nil means JSON
}

// Replies without a body.
var (
	noContent = reply{status: http.StatusNoContent}
	okEmpty   = reply{status: http.StatusOK}
)

// reader shows what the caller may see.
func (c *call) reader() engine.Reader { return c.server.engine.Reader(c.actor) }

// param returns what stands in the path for a name of the route's pattern.
func (c *call) param(name string) string {
	n := 0
	for _, part := range c.route.parts {
		if part.param {
			if part.name == name {
				return c.keys[n]
			}
			n++
		}
	}
	return ""
}

// id returns the GUID that stands in the path for a name.
func (c *call) id(name string) (entitlement.ID, error) {
	s := c.param(name)
	id, ok := entitlement.ParseID(s)
	if !ok {
		return "", entitlement.Invalid(name, "The id '%s' of the %s is not a GUID.", clip(s, 128), name)
	}
	return id, nil
}

// path writes the path of the call below the version: with keys in parentheses as
// @odata.context has them, or after slashes as a URL has them.
func (c *call) path(from int, inContext bool) string {
	var b strings.Builder
	n := 0
	for i, part := range c.route.parts {
		name := part.name
		if part.param {
			name = c.keys[n]
			n++
			if id, ok := entitlement.ParseID(name); ok {
				name = string(id)
			}
		}
		switch {
		case i < from:
		case part.param && inContext:
			b.WriteString("('" + strings.ReplaceAll(name, "'", "''") + "')")
		default:
			if b.Len() > 0 {
				b.WriteByte('/')
			}
			b.WriteString(name)
		}
	}
	return b.String()
}

// contextURL writes @odata.context into the open object. One says that the body is one
// entity and not a collection.
func (c *call) contextURL(typ, suffix string, one bool) {
	if c.out.bare {
		return
	}
	var b strings.Builder
	b.WriteString(c.base + "/" + c.route.parts[0].name + "/$metadata#")
	last := c.route.parts[len(c.route.parts)-1]
	switch {
	case last.function:
		b.WriteString("Collection(microsoft.graph." + typ + ")" + suffix)
	default:
		path := c.path(1, true)
		if last.param { // the entity's own key is not part of it
			path = path[:strings.LastIndexByte(path, '(')]
		}
		b.WriteString(path + suffix)
	}
	if one {
		b.WriteString("/$entity")
	}
	c.out.key("@odata.context").text(b.String())
}

// allow refuses query options other than those named.
func (c *call) allow(options ...string) error {
	for _, given := range c.opts.Given {
		if given != "$format" && !slices.Contains(options, given) {
			return entitlement.Errorf(entitlement.CodeBadRequest, given, "The query option '%s' is not supported here.", given)
		}
	}
	return nil
}

// prepareHeaders sets the headers of every answer, and returns the ids of the call. It
// may be called again.
//
// graph: request-id, client-request-id
func prepareHeaders(h http.Header, r *http.Request) (requestID, clientID string) {
	if have := h["Request-Id"]; len(have) == 1 {
		return have[0], h.Get("Client-Request-Id")
	}
	requestID = uuid.NewString()
	clientID = requestID
	if sent := r.Header.Get("client-request-id"); isEchoable(sent) {
		clientID = sent
	}
	h["Request-Id"] = []string{requestID}
	h["Client-Request-Id"] = []string{clientID}
	h["Cache-Control"] = notForCache
	h["Odata-Version"] = odata40
	h["X-Content-Type-Options"] = noSniff
	if len(r.TransferEncoding) > 0 {
		// net/http forgets a Content-Length beside a chunked body, so that a second
		// request may be hidden behind this one: it is the last on the connection.
		h["Connection"] = closeAfter
	}
	return requestID, clientID
}

func isEchoable(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// prefers reports whether a preference was sent.
func prefers(h http.Header, want string) bool {
	for _, line := range h["Prefer"] {
		for p := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ',' || r == ';' }) {
			if strings.EqualFold(strings.TrimSpace(p), want) {
				return true
			}
		}
	}
	return false
}

// answer sends what the handler made.
func (c *call) answer(w http.ResponseWriter, rep reply) {
	h := w.Header()
	if rep.location != "" {
		h["Location"] = []string{rep.location}
	}
	minimal := c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && len(c.out.buf) > 0 && prefers(c.r.Header, "return=minimal")
	switch {
	case minimal:
		h["Preference-Applied"] = []string{"return=minimal"}
		w.WriteHeader(http.StatusNoContent)
		return
	case rep.status == http.StatusNoContent:
		w.WriteHeader(rep.status)
		return
	case len(c.out.buf) == 0:
		h["Content-Length"] = []string{"0"}
		w.WriteHeader(rep.status)
		return
	}
	if c.applied != nil {
		h["Preference-Applied"] = c.applied
	} else if c.out.allEnums {
		h["Preference-Applied"] = []string{"include-unknown-enum-members"}
	}
	if rep.media == nil {
		rep.media = mediaOf(c.r.Header)
	}
	c.out.send(w, c.r, rep.status, rep.media)
}

// mediaOf returns the content type that suits the Accept header. Only its level of
// metadata is looked at: whatever else a client accepts, it gets JSON.
func mediaOf(h http.Header) []string {
	for _, accept := range h["Accept"] {
		accept = strings.ToLower(accept)
		if strings.Contains(accept, "odata.metadata=none") {
			return mediaNone
		}
	}
	return mediaJSON
}
