package telemetry

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestMetrics: what was counted is shown, with the time of the sample.
func TestMetrics(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	m := NewMetrics("1.2.3", func() State {
		return State{
			Jobs:  Jobs{Running: 2, Panics: 1, ClockJumps: 3, TimersHeld: true},
			Store: Store{InUse: 1, Idle: 2, MostOpen: 8, Queue: 5, MostQueue: 10, Available: true},
			Sample: Sample{
				At: at, Took: 5 * time.Millisecond, Limit: 10, Held: true,
				Due:   map[string]Due{"callout": {Count: 4, First: at.Add(-90 * time.Second)}, "timeout": {Count: 1, First: at.Add(time.Second)}},
				Waits: map[string]Waits{"created": {Count: 7, Since: at.Add(-time.Hour)}},
			},
		}
	})
	m.Request("GET /v1.0/users", 200, 3*time.Millisecond)
	m.Callout("a.example", "ok", time.Second)
	m.Notice("smtp", "failed")
	m.Commit(3, time.Millisecond, nil)
	m.Commit(3, time.Millisecond, errors.New("disk full"))
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`anteroom_requests_total{operation="GET /v1.0/users",status="200"} 1`,
		`anteroom_request_duration_seconds_bucket{operation="GET /v1.0/users",le="0.005"} 1`,
		`anteroom_callouts_total{endpoint="a.example",outcome="ok"} 1`,
		`anteroom_callout_duration_seconds_count{endpoint="a.example"} 1`,
		`anteroom_notices_total{outcome="failed",sink="smtp"} 1`,
		`anteroom_commit_group_size_sum 3`, `anteroom_commit_failures_total 1`,
		`anteroom_jobs_due{kind="callout"} 4`, `anteroom_jobs_late_seconds{kind="callout"} 90`, `anteroom_jobs_late_seconds{kind="timeout"} 0`,
		`anteroom_waits{stage="created"} 7`, `anteroom_wait_oldest_seconds{stage="created"} 3600`,
		`anteroom_database_connections{state="in_use"} 1`, `anteroom_database_connections{state="idle"} 2`,
		`anteroom_writer_queue_length 5`, `anteroom_clock_jumps_total 3`, `anteroom_timers_held 1`, `anteroom_callouts_held 1`,
		`anteroom_sample_timestamp_seconds 1.8e+09`, `anteroom_build_info{goversion=`, `version="1.2.3"} 1`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("there is no %s", want)
		}
	}
	if t.Failed() {
		t.Log(w.Body)
	}
}

// TestManyEndpoints: whoever makes extensions does not make as many series as they like.
func TestManyEndpoints(t *testing.T) {
	n := names{most: 3}
	var got []string
	for i := range 5 {
		got = append(got, n.bounded(fmt.Sprint("host", i)))
	}
	got = append(got, n.bounded("host1"))
	if s := strings.Join(got, " "); s != "host0 host1 host2 other other host1" {
		t.Error(s)
	}
}

// BenchmarkRequest shows what counting one request costs.
func BenchmarkRequest(b *testing.B) {
	m := NewMetrics("", func() State { return State{} })
	b.ReportAllocs()
	for b.Loop() {
		m.Request("POST /v1.0/identityGovernance/entitlementManagement/assignmentRequests", 201, time.Millisecond)
	}
}
