package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracing makes spans and sends them to a collector. The zero value makes none; nil may be
// used like it. It is safe for concurrent use.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// NewTracing returns tracing as the standard variables of the environment ask for
// (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, …); without an endpoint
// there is none. Spans leave in the background. What fails there is logged and lost.
//
// otel: specification, "OpenTelemetry Environment Variable Specification"
func NewTracing(ctx context.Context, version string, log *slog.Logger) (*Tracing, error) {
	on, err := wanted(os.Getenv)
	if err != nil || !on {
		return &Tracing{}, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w; check the variables OTEL_EXPORTER_OTLP_*", err)
	}
	what, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "anteroom"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("tracing: %w; check the variable OTEL_RESOURCE_ATTRIBUTES", err), exporter.Shutdown(ctx))
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("spans could not be exported", "error", err) }))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(what))
	return &Tracing{provider: p, tracer: p.Tracer("anteroom")}, nil
}

// wanted reports whether the environment asks for traces, or says why it cannot be followed.
func wanted(env func(string) string) (bool, error) {
	name := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	if env(name) == "" {
		name = "OTEL_EXPORTER_OTLP_ENDPOINT"
	}
	endpoint := env(name)
	exporter := env("OTEL_TRACES_EXPORTER")
	if endpoint == "" || exporter == "none" || strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	if exporter != "" && exporter != "otlp" {
		return false, fmt.Errorf("tracing: OTEL_TRACES_EXPORTER is %q; it can be otlp or none", exporter)
	}
	// The exporter would send them to this machine, and say so to nobody.
	if u, err := url.Parse(endpoint); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return false, fmt.Errorf("tracing: %s is no URL such as http://collector:4318", name)
	}
	protocol := env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = env("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	if protocol != "" && protocol != "http/protobuf" {
		return false, fmt.Errorf("tracing: OTEL_EXPORTER_OTLP_PROTOCOL is %q; it can be http/protobuf, whose port is 4318", protocol)
	}
	return true, nil
}

// On reports whether there is anybody to send spans to.
func (t *Tracing) On() bool { return t != nil && t.tracer != nil }

// Close sends what is left, as far as ctx allows, and ends tracing.
func (t *Tracing) Close(ctx context.Context) error {
	if !t.On() {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("tracing: the last spans could not be sent: %w", err)
	}
	return nil
}

// Start begins a span as part of ctx's trace, or of a new one, and returns the function that
// ends it. The error decides how the span is shown; its text is not sent, as it may say more
// than a trace may hold.
func (t *Tracing) Start(ctx context.Context, name string) (context.Context, func(error)) {
	if !t.On() {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "failed")
		}
		span.End()
	}
}

// traceContext is the only form in which traces go in and out. Baggage is not passed on: it is
// anything that a caller likes.
//
// W3C Trace Context
var traceContext propagation.TraceContext

// Carry returns what continues ctx's trace elsewhere, as a header traceparent has it; empty
// where there is none.
func (t *Tracing) Carry(ctx context.Context) string {
	if !t.On() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// Join continues a trace that was carried: spans that begin in the returned context belong to
// it, and are recorded where it is.
func (t *Tracing) Join(ctx context.Context, carried string) context.Context {
	if !t.On() || carried == "" {
		return ctx
	}
	return traceContext.Extract(ctx, propagation.MapCarrier{"traceparent": carried})
}

// Link notes in ctx's span that it has to do with a trace that was carried.
func (t *Tracing) Link(ctx context.Context, carried string) {
	if !t.On() || carried == "" {
		return
	}
	far := trace.SpanContextFromContext(t.Join(context.Background(), carried))
	if near := trace.SpanFromContext(ctx); far.IsValid() && near.SpanContext().TraceID() != far.TraceID() {
		near.AddLink(trace.Link{SpanContext: far})
	}
}
