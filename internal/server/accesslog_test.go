package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"anteroom/internal/telemetry"
)

func TestAccessLog(t *testing.T) {
	var out bytes.Buffer
	h := logged(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			panic("on purpose")
		case "/half":
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, "half an ans")
			panic("on purpose")
		}
		a := accessOf(r.Context())
		a.tenant, a.actor = "tenant", "actor"
		w.Header().Set("request-id", "rid")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"error":{"code":"CallbackTimedOut","message":"a secret"}}`)
	}), slog.New(slog.NewJSONHandler(&out, nil)), observer{metrics: telemetry.NewMetrics("", func() telemetry.State { return telemetry.State{} })})
	var calls sync.WaitGroup // a connection that was hijacked is not waited for by Close
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer calls.Done()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	get := func(path string) (int, string, error) {
		calls.Add(1)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer a-secret-token")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}
	if status, _, err := get("/a%2Fb?token=secret"); status != http.StatusConflict || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	status, body, err := get("/panic")
	if status != http.StatusInternalServerError || err != nil || !strings.Contains(body, `"code":"InternalServerError"`) || strings.Contains(body, "purpose") {
		t.Errorf("after a panic: %d %s, %v", status, body, err)
	}
	if _, _, err := get("/half"); err == nil {
		t.Error("an answer that was cut off by a panic reads like a whole one")
	}
	calls.Wait() // after it, all lines are written
	var line map[string]any
	for text := range strings.Lines(out.String()) {
		if strings.Contains(text, "a%2Fb") {
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]any{
		"method": "GET", "path": "/a%2Fb", "status": 409.0, "code": "CallbackTimedOut", "request-id": "rid", "tenant": "tenant", "actor": "actor",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if strings.Contains(out.String(), "secret") {
		t.Errorf("the log tells secrets:\n%s", out.String())
	}
}

func TestDevLog(t *testing.T) {
	var out bytes.Buffer
	log := NewDevLog(&out, false, slog.LevelInfo)
	log.Debug("not written")
	log.LogAttrs(context.Background(), slog.LevelInfo, accessMessage, slog.String("method", "GET"), slog.String("path", "/v1.0/users"),
		slog.Int("status", 404), slog.Float64("ms", 1.25), slog.String("code", "ResourceNotFound"), slog.String("tenant", "t"))
	log.With("a", "b c").Warn("careful", "n", 1)
	var lines []string
	for line := range strings.Lines(out.String()) {
		_, rest, _ := strings.Cut(line, " ") // the time
		lines = append(lines, rest)
	}
	want := "GET    404 /v1.0/users 1.2 ms  ResourceNotFound\nWARN careful n=1 a=\"b c\"\n"
	if got := strings.Join(lines, ""); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
