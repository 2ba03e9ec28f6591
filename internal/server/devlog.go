package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// devHandler writes log records so that a person can read them while they work: one line
// each, requests with their columns aligned.
type devHandler struct {
	mu     *sync.Mutex
	w      io.Writer
	colour bool
	level  slog.Level
	with   string // attributes of the logger, written out
}

// NewDevLog returns a logger for a development server.
func NewDevLog(w io.Writer, colour bool, level slog.Level) *slog.Logger {
	return slog.New(&devHandler{mu: new(sync.Mutex), w: w, colour: colour, level: level})
}

// Enabled reports whether records of the level are written.
func (h *devHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs returns a handler that adds the attributes to each record.
func (h *devHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	var b strings.Builder
	for _, a := range attrs {
		writeAttr(&b, a)
	}
	next.with += b.String()
	return &next
}

// WithGroup returns the handler itself: names are short enough here without groups.
func (h *devHandler) WithGroup(string) slog.Handler { return h }

// Handle writes one record.
func (h *devHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(h.paint(grey, r.Time.Format("15:04:05.000")))
	b.WriteByte(' ')
	if r.Message == accessMessage {
		h.request(&b, r)
	} else {
		if r.Level >= slog.LevelWarn {
			b.WriteString(h.paint(red, r.Level.String()))
			b.WriteByte(' ')
		}
		b.WriteString(r.Message)
		r.Attrs(func(a slog.Attr) bool {
			writeAttr(&b, a)
			return true
		})
	}
	b.WriteString(h.with)
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

// request writes the line of one request: method, path, status, time, and why it failed.
func (h *devHandler) request(b *strings.Builder, r slog.Record) {
	var method, path, code, cause string
	var status int64
	var ms float64
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "method":
			method = a.Value.String()
		case "path":
			path = a.Value.String()
		case "status":
			status = a.Value.Int64()
		case "ms":
			ms = a.Value.Float64()
		case "code":
			code = a.Value.String()
		case "error":
			cause = a.Value.String()
		}
		return true
	})
	fmt.Fprintf(b, "%-6s %s %s %.1f ms", method, h.paint(statusColour(int(status)), fmt.Sprint(status)), path, ms)
	for _, s := range []string{code, cause} {
		if s != "" {
			b.WriteString("  ")
			b.WriteString(s)
		}
	}
}

func writeAttr(b *strings.Builder, a slog.Attr) {
	v := a.Value.Resolve()
	s := v.String()
	if v.Kind() == slog.KindTime {
		s = v.Time().Format(time.RFC3339)
	}
	if strings.ContainsAny(s, " \"\n") && a.Key != "stack" {
		s = fmt.Sprintf("%q", s)
	}
	fmt.Fprintf(b, " %s=%s", a.Key, s)
}

// Colours of a terminal.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
)

func statusColour(status int) string {
	switch {
	case status >= 500:
		return red
	case status >= 400:
		return yellow
	}
	return green
}

func (h *devHandler) paint(colour, s string) string {
	if !h.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}
