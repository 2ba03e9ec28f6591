package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Served begins the span of a request that came in, as part of its caller's trace if it names
// one. The function that ends it is told the operation and the status. The span holds neither
// the path nor the query of the request, which are the caller's, but the path of the route.
func (t *Tracing) Served(r *http.Request) (context.Context, func(operation, route string, status int)) {
	if !t.On() {
		return r.Context(), func(string, string, int) {}
	}
	ctx := traceContext.Extract(r.Context(), propagation.MapCarrier{"traceparent": r.Header.Get("traceparent")})
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(operation, route string, status int) {
		span.SetName(operation)
		span.SetAttributes(attribute.String("http.request.method", methodOf(r)), attribute.Int("http.response.status_code", status))
		if route != "" {
			span.SetAttributes(attribute.String("http.route", route))
		}
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

// Calling begins the span of a call to a host. The function that ends it is told the status of
// the answer, 0 where there was none, and the word for how the call ended.
func (t *Tracing) Calling(ctx context.Context, name, host string) (context.Context, func(status int, outcome string, failed bool)) {
	if !t.On() {
		return ctx, func(int, string, bool) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", http.MethodPost), attribute.String("server.address", host)))
	return ctx, func(status int, outcome string, failed bool) {
		if status != 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", status))
		}
		span.SetAttributes(attribute.String("anteroom.outcome", outcome))
		if failed {
			span.SetStatus(codes.Error, outcome)
		}
		span.End()
	}
}

// methodOf is the method of a request where it is a common one: others are the caller's idea.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "_OTHER"
}
