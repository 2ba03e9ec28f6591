package server

import (
	"net/http"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/graph"
)

// routes sends a request to the part of the server that it is for. It does not clean
// paths and never redirects: what is not served exactly as it was asked for goes to the
// API, which refuses it in its own way.
type routes struct {
	api    http.Handler
	site   site
	health *health
	keys   http.Handler
	// Only of a development server:
	issuer  http.Handler
	clock   http.Handler
	metrics http.Handler
}

// ServeHTTP sends the request on.
func (s *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.TransferEncoding) > 0 || s.health.draining.Load() {
		// A length beside chunks was dropped by net/http: whatever follows on this
		// connection may be somebody else's idea of a request.
		w.Header().Set("Connection", "close")
	}
	path := r.URL.EscapedPath()
	switch {
	case strings.HasPrefix(path, "/v1.0/"):
		s.api.ServeHTTP(w, r)
	case path == livePath:
		only(w, r, path, http.HandlerFunc(serveLive), http.MethodGet)
	case path == readyPath:
		only(w, r, path, http.HandlerFunc(s.health.serveReady), http.MethodGet)
	case path == calloutKeysPath:
		s.checked(w, r, path, s.keys, http.MethodGet)
	case s.clock != nil && path == devClockPath:
		s.checked(w, r, path, s.clock, http.MethodGet, http.MethodPost)
	case s.metrics != nil && path == metricsPath:
		s.checked(w, r, path, s.metrics, http.MethodGet)
	case s.issuer != nil && isIssuerPath(path):
		s.checked(w, r, "/{tenant}/"+issuerRest(path), s.issuer, http.MethodGet, http.MethodPost)
	default:
		s.api.ServeHTTP(w, r)
	}
}

// checked serves what only a caller of the right host may use.
func (s *routes) checked(w http.ResponseWriter, r *http.Request, route string, h http.Handler, methods ...string) {
	if _, err := s.site.base(r); err != nil {
		graph.WriteError(w, r, err)
		return
	}
	only(w, r, route, h, methods...)
}

// Paths of health.
const (
	livePath  = "/livez"
	readyPath = "/readyz"
)

// only serves the methods that there are at a route.
func only(w http.ResponseWriter, r *http.Request, route string, h http.Handler, methods ...string) {
	for _, m := range methods {
		if r.Method == m || (m == http.MethodGet && r.Method == http.MethodHead) {
			called(r.Context(), m, route)
			h.ServeHTTP(w, r)
			return
		}
	}
	allowed := strings.Join(methods, ", ")
	w.Header().Set("Allow", allowed)
	graph.WriteError(w, r, entitlement.Errorf(entitlement.CodeMethodNotAllowed, "", "The method here is %s.", strings.ReplaceAll(allowed, ", ", " or ")))
}

// isIssuerPath reports whether the built-in token issuer serves the path.
func isIssuerPath(path string) bool {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if tenant == "" || strings.Contains(tenant, "%") {
		return false
	}
	switch issuerRest(path) {
	case "oauth2/v2.0/token", "v2.0/.well-known/openid-configuration", "discovery/v2.0/keys":
		return true
	}
	return false
}

// issuerRest is what stands in a path of the issuer behind the tenant.
func issuerRest(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return rest
}
