package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"anteroom/internal/callout"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/telemetry"
)

const metricsPath = "/metrics"

// state is what metrics show of the server as it is now.
func (s *Server) state() telemetry.State {
	jobs, stats := s.dispatcher.Stats(), s.store.Stats()
	now := telemetry.State{
		Jobs: telemetry.Jobs(jobs),
		Store: telemetry.Store{
			InUse: stats.InUse, Idle: stats.Idle, MostOpen: stats.MostOpen, Queue: stats.Queue, MostQueue: stats.MostQueue,
			Available: s.health.available(),
		},
	}
	f := s.surveyor.latest.Load()
	if f == nil {
		return now
	}
	now.Sample = telemetry.Sample{
		At: f.at, Took: f.took, Limit: surveyMost, Held: f.held,
		Due: make(map[string]telemetry.Due), Waits: make(map[string]telemetry.Waits),
	}
	for kind, g := range f.survey.Due {
		now.Sample.Due[string(kind)] = telemetry.Due{Count: g.Count, First: g.First}
	}
	for at, g := range f.survey.Waits {
		now.Sample.Waits[string(at)] = telemetry.Waits{Count: g.Count, Since: g.First}
	}
	return now
}

// outcomeOf is the word for how a call ended. There are few of them: they are labels.
func outcomeOf(r callout.Result) string {
	var refused *callout.AddressError
	var timeout interface{ Timeout() bool }
	switch {
	case r.Err == nil:
		return "ok"
	case errors.As(r.Err, &refused):
		return "forbidden" // the address may not be called
	case r.Status >= http.StatusInternalServerError:
		return "5xx"
	case r.Status >= http.StatusBadRequest:
		return "4xx"
	case r.Status != 0:
		return "3xx"
	case errors.Is(r.Err, context.Canceled):
		return "interrupted" // the server stops
	case errors.Is(r.Err, context.DeadlineExceeded), errors.As(r.Err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "failed"
}

// observedSinks counts what is handed to sinks of notices.
type observedSinks struct {
	engine.Notifier
	count func(sink, outcome string)
}

// Send hands a notice to one of them.
func (o observedSinks) Send(ctx context.Context, sink string, t entitlement.TenantID, keySeed []byte, n entitlement.Notice) error {
	err := o.Notifier.Send(ctx, sink, t, keySeed, n)
	switch {
	case err == nil:
		o.count(sink, "ok")
	case ctx.Err() == nil:
		o.count(sink, "failed")
	}
	return err
}

// observer is told of each request that was answered.
type observer struct {
	metrics *telemetry.Metrics
	tracing *telemetry.Tracing
}

// begin begins the span of a request, and returns the function that ends and counts it.
func (o observer) begin(r *http.Request, a *access) (context.Context, func(status int)) {
	start := time.Now()
	ctx, end := o.tracing.Served(r)
	return ctx, func(status int) {
		operation := a.operation
		if operation == "" {
			operation = "other" // no route, or nobody who may know of it
		}
		o.metrics.Request(operation, status, time.Since(start))
		end(operation, a.route, status)
	}
}
