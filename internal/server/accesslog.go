package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/graph"
)

// access is what the log line of one request says. It travels in the request's context,
// so that what is learnt on the way, the actor above all, can be added.
type access struct {
	tenant entitlement.TenantID
	actor  entitlement.ID
	err    string // why something unexpected happened; never told to the caller
	// operation names what was asked for, by a method and a path of the program's own;
	// route is that path. Both are empty where there is none.
	operation, route string
}

type accessKey struct{}

func accessOf(ctx context.Context) *access {
	a, _ := ctx.Value(accessKey{}).(*access)
	return a
}

// logged answers with next, writes one line about it, tells the observer of it, and turns a
// panic into an answer.
func logged(next http.Handler, log *slog.Logger, o observer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		a := &access{}
		rec := &recorder{ResponseWriter: w}
		ctx, end := o.begin(r, a)
		r = r.WithContext(context.WithValue(ctx, accessKey{}, a))
		defer func() {
			if p := recover(); p != nil {
				rescue(rec, r, a, log, p)
			}
			writeAccess(log, r, rec, a, time.Since(start))
			end(rec.status)
		}()
		next.ServeHTTP(rec, r)
	})
}

// rescue answers a request whose handler panicked.
func rescue(w *recorder, r *http.Request, a *access, log *slog.Logger, p any) {
	a.err = fmt.Sprint("panic: ", p)
	if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		log.Error("a handler panicked", "method", r.Method, "path", r.URL.EscapedPath(), "panic", p, "stack", string(debug.Stack()))
	}
	if w.status != 0 {
		// Half an answer went out. Hang up, so that nobody takes it for a whole one.
		if c, _, err := http.NewResponseController(w.ResponseWriter).Hijack(); err == nil {
			_ = c.Close() // it is given up in any case
		}
		return
	}
	graph.WriteError(w, r, fmt.Errorf("panic: %v", p))
}

func writeAccess(log *slog.Logger, r *http.Request, w *recorder, a *access, took time.Duration) {
	level := slog.LevelInfo
	if w.status >= 500 {
		level = slog.LevelError
	}
	if !log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("method", r.Method), slog.String("path", r.URL.EscapedPath()),
		slog.Int("status", w.status), slog.Float64("ms", float64(took.Microseconds())/1000))
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	add("code", w.code())
	add("request-id", w.Header().Get("request-id"))
	add("tenant", string(a.tenant))
	add("actor", string(a.actor))
	add("error", a.err)
	log.LogAttrs(r.Context(), level, accessMessage, attrs...)
}

// called notes what was asked for.
func called(ctx context.Context, method, route string) {
	if a := accessOf(ctx); a != nil {
		a.operation, a.route = method+" "+route, route
	}
}

// accessMessage is the message of a line about a request.
const accessMessage = "request"

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	head   []byte // the beginning of the body of an error
}

// WriteHeader remembers the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write remembers the beginning of an error.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.status >= 400 && len(w.head) == 0 {
		w.head = append(w.head, b[:min(len(b), 96)]...)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// code returns the code of an error in Graph's shape.
func (w *recorder) code() string {
	rest, ok := bytes.CutPrefix(w.head, []byte(`{"error":{"code":"`))
	if !ok {
		return ""
	}
	code, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return ""
	}
	return string(code)
}
