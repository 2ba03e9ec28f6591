package telemetry

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// TestWanted: the variables of the environment decide whether there are traces.
func TestWanted(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
	for _, test := range []struct {
		env  string
		on   bool
		fail string
	}{
		{"", false, ""},
		{endpoint, true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:4318/v1/traces", true, ""},
		{endpoint + " OTEL_SDK_DISABLED=true", false, ""},
		{endpoint + " OTEL_TRACES_EXPORTER=none", false, ""},
		{endpoint + " OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", true, ""},
		{endpoint + " OTEL_TRACES_EXPORTER=zipkin", false, "it can be otlp or none"},
		{endpoint + " OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "4318"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318", false, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=:::x", false, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL"},
		{endpoint + " OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://", false, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=:::x OTEL_SDK_DISABLED=true", false, ""},
	} {
		on, err := wanted(func(name string) string {
			for _, word := range strings.Fields(test.env) {
				if value, ok := strings.CutPrefix(word, name+"="); ok {
					return value
				}
			}
			return ""
		})
		if on != test.on || (err == nil) != (test.fail == "") || (err != nil && !strings.Contains(err.Error(), test.fail)) {
			t.Errorf("%s: %t, %v", test.env, on, err)
		}
	}
}

// TestSampling: what its caller does not sample is passed on so, and is not recorded.
func TestSampling(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	tracing := &Tracing{provider: p, tracer: p.Tracer("test")}
	for _, flags := range []string{"00", "01"} {
		ctx := tracing.Join(t.Context(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"+flags)
		ctx, end := tracing.Start(ctx, flags)
		if got := tracing.Carry(ctx); !strings.HasPrefix(got, "00-4bf92f3577b34da6a3ce929d0e0e4736-") || !strings.HasSuffix(got, "-"+flags) {
			t.Errorf("flags %s are carried on as %s", flags, got)
		}
		end(nil)
	}
	if spans := exporter.GetSpans(); len(spans) != 1 || spans[0].Name != "01" {
		t.Errorf("recorded: %v", spans)
	}
	if got := tracing.Carry(tracing.Join(t.Context(), "00-nonsense")); got != "" {
		t.Errorf("what cannot be read is carried on as %q", got)
	}
}

// TestNoTracing: without tracing nothing is done, and nothing fails.
func TestNoTracing(t *testing.T) {
	for _, tracing := range []*Tracing{nil, {}} {
		ctx, end := tracing.Start(context.Background(), "x")
		tracing.Link(ctx, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
		end(nil)
		if tracing.Carry(ctx) != "" || tracing.On() || tracing.Close(ctx) != nil {
			t.Errorf("%v does something", tracing)
		}
	}
}

// TestLog: a line within a span names it, another does not.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(slog.New(slog.NewTextHandler(&out, nil))).With("a", 1)
	p := sdktrace.NewTracerProvider()
	tracing := &Tracing{provider: p, tracer: p.Tracer("test")}
	log.Info("outside")
	ctx, end := tracing.Start(t.Context(), "x")
	log.InfoContext(ctx, "inside")
	end(nil)
	lines := strings.Split(out.String(), "\n")
	if strings.Contains(lines[0], "trace_id") || !strings.Contains(lines[1], "a=1 trace_id="+tracing.Carry(ctx)[3:35]+" span_id=") {
		t.Error(out.String())
	}
}
