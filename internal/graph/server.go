package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/failpoint"
	"anteroom/internal/odata"
)

// Authenticator turns the bearer token of a request into who makes it, or says why it
// does not: an *entitlement.Error of code CodeUnauthenticated.
type Authenticator interface {
	Authenticate(*http.Request) (entitlement.Actor, error)
}

// Options are what a Server is made of. Engine, Auth and Base are required.
type Options struct {
	Engine *engine.Engine
	Auth   Authenticator
	// Base returns scheme and host for the links of a request, without a slash at the
	// end, or an *entitlement.Error (CodeMisdirected) where the Host is not ours.
	Base func(*http.Request) (string, error)
	// MaxBody is the most bytes of a body after it was inflated; zero means DefaultMaxBody.
	MaxBody int64
	Logger  *slog.Logger     // nil means nothing is logged
	Now     func() time.Time // the real clock, for the date of errors; nil means time.Now
	// OnRoute is told what an authenticated call asks for: a method and a path with names in
	// place of keys, of which there are as many as in the surface. nil: nobody is told.
	OnRoute func(ctx context.Context, method, pattern string)
}

// Server is the HTTP API. It serves what stands below /v1.0 and /beta.
type Server struct {
	engine  *engine.Engine
	auth    Authenticator
	baseOf  func(*http.Request) (string, error)
	maxBody int64
	log     *slog.Logger
	now     func() time.Time
	onRoute func(ctx context.Context, method, pattern string)
	schema  *schema
	routes  *router
}

// New returns the API as an http.Handler.
func New(o Options) *Server {
	s := &Server{engine: o.Engine, auth: o.Auth, baseOf: o.Base, maxBody: o.MaxBody, log: o.Logger, now: o.Now, onRoute: o.OnRoute, schema: newSchema()}
	if s.maxBody <= 0 {
		s.maxBody = DefaultMaxBody
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.onRoute == nil {
		s.onRoute = func(context.Context, string, string) {}
	}
	s.routes = newRouter(s.surface())
	return s
}

// ServeHTTP answers one call: everything that all calls have in common happens here, once.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, r: r, out: newEncoder()}
	defer c.out.release()
	c.requestID, c.clientID = prepareHeaders(w.Header(), r)
	rep, err := s.serve(w.Header(), c)
	if err != nil {
		s.logFailure(r, c.requestID, err)
		writeError(w, r, err, s.now())
		return
	}
	c.answer(w, rep)
}

// serve finds and calls the handler. A caller who is not authenticated learns nothing
// but that; only a path that has no single reading is refused before.
func (s *Server) serve(h http.Header, c *call) (rep reply, err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("graph: panic: %v\n%s", p, debug.Stack())
		}
		err = c.explain(err)
	}()
	path, err := s.parsePath(c.r)
	if err != nil {
		return reply{}, err
	}
	if c.actor, err = s.auth.Authenticate(c.r); err != nil {
		return reply{}, err
	}
	c.actor.RequestID, c.actor.Address = c.requestID, addressOf(c.r)
	if c.base, err = s.baseOf(c.r); err != nil {
		return reply{}, err
	}
	handle, err := s.route(h, c, path)
	if err != nil {
		return reply{}, err
	}
	c.out.bare = prefersBare(c.r.Header)
	c.out.allEnums = prefers(c.r.Header, "include-unknown-enum-members")
	c.out.operator = !c.actor.Person()
	ctx := c.r.Context()
	rep, err = handle(ctx, c)
	if err == nil && !reads(c.r.Method) {
		failpoint.Hit("before-reply")
	}
	return rep, err
}

func (s *Server) parsePath(r *http.Request) ([]odata.Segment, error) {
	escaped := r.URL.EscapedPath()
	if len(escaped) > odata.MaxPathBytes || len(r.URL.RawQuery) > odata.MaxQueryBytes {
		return nil, entitlement.Errorf(entitlement.CodeURITooLong, "", "The URL is too long: its path may have %d bytes, its query %d.", odata.MaxPathBytes, odata.MaxQueryBytes)
	}
	return odata.ParsePath(escaped)
}

// route finds the handler of a call and reads its query options.
func (s *Server) route(h http.Header, c *call, path []odata.Segment) (handler, error) {
	c.route, c.keys, c.args = s.routes.find(path)
	if c.route == nil {
		return nil, notServed(c.r.URL.Path)
	}
	verb := c.r.Method
	if verb == http.MethodHead {
		verb = http.MethodGet
	}
	handle := c.route.methods[verb]
	if handle == nil {
		return nil, c.route.notAllowed(h, c.r.Method)
	}
	s.onRoute(c.r.Context(), verb, c.route.pattern)
	c.opts = noOptions
	if c.r.URL.RawQuery == "" {
		return handle, nil
	}
	var err error
	if c.opts, err = odata.Parse(c.r.URL.RawQuery); err != nil {
		return nil, err
	}
	if !reads(verb) {
		if err := c.allow(); err != nil {
			return nil, entitlement.Errorf(entitlement.CodeBadRequest, c.opts.Given[0], "The query option '%s' can only be used with GET.", c.opts.Given[0])
		}
	}
	return handle, nil
}

// addressOf is the network address from which a call came, without its port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

var noOptions = new(odata.Options)

func reads(verb string) bool { return verb == http.MethodGet || verb == http.MethodHead }

func prefersBare(h http.Header) bool { return &mediaOf(h)[0] == &mediaNone[0] }

// explain turns an error of the syntax of a URL into what a caller reads.
func (c *call) explain(err error) error {
	var syntax *odata.Error
	if !errors.As(err, &syntax) {
		return err
	}
	where := ""
	if syntax.Column > 0 {
		where = fmt.Sprintf(" (column %d)", syntax.Column)
	}
	if syntax.Option == "$filter" {
		return entitlement.Errorf(entitlement.CodeInvalidFilter, syntax.Option, "OData query is invalid: %s%s", syntax.Message, where)
	}
	return entitlement.Errorf(entitlement.CodeBadRequest, syntax.Option, "%s%s", syntax.Message, where)
}

var _ http.Handler = (*Server)(nil)
