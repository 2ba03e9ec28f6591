package testenv

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"anteroom/internal/server"
)

// TestTraceFromPostToResume follows one request over two processes: the trace of the POST goes
// on in the callout, which another process makes after the first has ended, and the resume
// names it.
func TestTraceFromPostToResume(t *testing.T) {
	spans := collect(t)
	endpoint := NewEndpoint("503")
	defer endpoint.Close()
	data, tenant := filepath.Join(t.TempDir(), "anteroom.db"), NewTenant()
	const asked, answered, unsampled = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c", "11f7651916cd43dd8448eb211c80319c"

	var log bytes.Buffer
	first, stop := replica(t, data, &log)
	pkg, err := first.MakePackage(tenant, "Created:P14D@"+endpoint.URL+"/hook?code=canary-of-a-url")
	if err != nil {
		t.Fatal(err)
	}
	id := first.assign(t, tenant, pkg, "00-"+asked+"-00f067aa0ba902b7-01")
	await(t, func() bool { return len(endpoint.Received()) == 1 })
	first.assign(t, tenant, pkg, "00-"+unsampled+"-00f067aa0ba902b7-00")
	await(t, func() bool { return len(endpoint.Received()) == 2 })
	stop()

	second, stop := replica(t, data, &log)
	endpoint.Behave("202")
	if err := second.Advance(tenant, "PT1H"); err != nil {
		t.Fatal(err)
	}
	calls := endpoint.Received()
	i := slices.IndexFunc(calls[2:], func(c Callout) bool { return c.Value("AccessPackageAssignmentRequestId") == id })
	if len(calls) != 4 || i < 0 {
		t.Fatalf("the second process made %d calls", len(calls)-2)
	}
	callout, other := calls[2+i], calls[3-i]
	parent := callout.Header.Get("traceparent")
	if !strings.HasPrefix(parent, "00-"+asked+"-") || !strings.HasSuffix(parent, "-01") {
		t.Errorf("the callout has the traceparent %q, want the trace of the POST, sampled", parent)
	}
	if p := other.Header.Get("traceparent"); !strings.HasPrefix(p, "00-"+unsampled+"-") || !strings.HasSuffix(p, "-00") {
		t.Errorf("the callout of a request that is not sampled has the traceparent %q", p)
	}
	body := callout.Resume("")
	if status := second.traced(t, tenant, "extension", Root+"/assignmentRequests/"+id+"/resume", body, "00-"+answered+"-00f067aa0ba902b8-01"); status != http.StatusNoContent {
		t.Fatalf("resume: %d", status)
	}
	stop()

	post := spans.one(t, asked, "POST "+Root+"/assignmentRequests")
	if got := hex.EncodeToString(post.ParentSpanId); got != "00f067aa0ba902b7" {
		t.Errorf("the span of the POST has the parent %s, want its caller's", got)
	}
	call := spans.find(parent[36:52])
	if call == nil || call.Name != "callout assignmentRequestCreated" || call.Kind != tracepb.Span_SPAN_KIND_CLIENT {
		t.Fatalf("the traceparent of the callout names the span %v", call)
	}
	job := spans.find(hex.EncodeToString(call.ParentSpanId))
	if job == nil || job.Name != "job callout" || !bytes.Equal(job.ParentSpanId, post.SpanId) {
		t.Errorf("the callout is part of %v, want a job that is part of the POST", job)
	}
	spans.one(t, asked, "transaction", post.SpanId)
	resume := spans.one(t, answered, "POST "+Root+"/assignmentRequests/{assignmentRequest}/resume")
	if len(resume.Links) != 1 || hex.EncodeToString(resume.Links[0].TraceId) != asked {
		t.Errorf("the span of the resume has the links %v, want one to the trace of the POST", resume.Links)
	}
	if n := spans.count(unsampled); n != 0 {
		t.Errorf("%d spans were sent of a trace that its caller does not sample", n)
	}
	if !strings.Contains(log.String(), `"trace_id":"`+asked+`"`) || !strings.Contains(log.String(), `"span_id":"`+hex.EncodeToString(resume.SpanId)+`"`) {
		t.Error("the lines of the log do not name their spans")
	}
	token, err := second.Token(tenant, "app")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"canary", token, Secret, id, "?"} {
		if bytes.Contains(spans.words, []byte(secret)) {
			t.Errorf("what is sent to the collector holds %q", secret)
		}
	}
}

// TestNoTraces: without a collector nothing about traces is stored or sent.
func TestNoTraces(t *testing.T) {
	endpoint := NewEndpoint("202")
	defer endpoint.Close()
	s, tenant := Start(t, Memory), NewTenant()
	pkg, err := s.MakePackage(tenant, "Created:P14D@"+endpoint.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.assign(t, tenant, pkg, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	await(t, func() bool { return len(endpoint.Received()) == 1 })
	if p, sent := endpoint.Received()[0].Header["Traceparent"]; sent {
		t.Errorf("the callout has the traceparent %q", p)
	}
}

// replica starts a server on a file, and returns how to stop it.
func replica(t *testing.T, data string, log io.Writer) (*Server, func()) {
	t.Helper()
	s, err := server.Dev(t.Context(), server.DevOptions{Data: data, Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return Attach(s.URL()), stop
}

// assign gives somebody new a package as part of a trace, and returns the request's id.
func (s *Server) assign(t *testing.T, tenant string, p Package, traceparent string) (id string) {
	t.Helper()
	who, err := s.NewPerson(tenant)
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"requestType": "adminAdd", "assignment": map[string]string{"targetId": who, "accessPackageId": p.ID}}
	if status := s.traced(t, tenant, "app", Root+"/assignmentRequests", body, traceparent, &id); status != http.StatusCreated {
		t.Fatalf("the request: %d", status)
	}
	return id
}

// traced posts a body as part of a trace, and keeps the id that is answered, if it is wanted.
func (s *Server) traced(t *testing.T, tenant, who, path string, body any, traceparent string, id ...*string) int {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Token(tenant, who)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, s.URL+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("traceparent", traceparent)
	a, err := do(req)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range id {
		v, _ := at(a.json, "id")
		*to = text(v)
	}
	return a.status
}

// received are the spans that a collector got, and all words in them.
type received struct {
	mu    sync.Mutex
	spans []*tracepb.Span
	words []byte
}

// collect starts a collector and lets servers send to it.
//
// otel: OTLP/HTTP
func collect(t *testing.T) *received {
	r := &received{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var export collector.ExportTraceServiceRequest
		if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, &export) != nil {
			t.Errorf("the collector was sent %s, %d bytes, %v", req.URL.Path, len(body), err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, resource := range export.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
				for _, s := range scope.Spans {
					r.words = fmt.Append(r.words, s.Name, s.Attributes, s.Events, s.Status, "\n")
				}
			}
		}
	}))
	t.Cleanup(srv.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", srv.URL)
	return r
}

// one returns the only span of a trace with a name, and with a parent where it is given.
func (r *received) one(t *testing.T, trace, name string, parent ...[]byte) *tracepb.Span {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*tracepb.Span
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) == trace && s.Name == name && (parent == nil || bytes.Equal(s.ParentSpanId, parent[0])) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d spans %q in the trace %s; all that there are:\n%s", len(found), name, trace, r.words)
	}
	return found[0]
}

// find returns the span with an id, or nil.
func (r *received) find(id string) *tracepb.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if hex.EncodeToString(s.SpanId) == id {
			return s
		}
	}
	return nil
}

func (r *received) count(trace string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) == trace {
			n++
		}
	}
	return n
}
