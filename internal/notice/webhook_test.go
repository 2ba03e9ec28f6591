package notice

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/callout"
	"anteroom/internal/config"
	"anteroom/internal/entitlement"
)

func receiver(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// names answers every question with one address.
type names netip.Addr

func (n names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.Addr(n)}, nil
}

// webhookSink is a sink to a URL on loopback without TLS.
func webhookSink(t *testing.T, url string, o Options) Sink {
	t.Helper()
	o.Sender = callout.New(callout.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, AllowHTTP: true,
		Resolver: names(netip.MustParseAddr("127.0.0.2")),
	})
	t.Cleanup(o.Sender.Close)
	sinks, err := New(config.Notices{Webhook: &config.Webhook{URL: url}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return sinks.all[0]
}

// wantEvent is the event of notice(ada, somebody without a name).
const wantEvent = `{
  "specversion": "1.0",
  "id": "5f8a2c1e-7b64-8d90-a3f1-000000000001",
  "source": "/tenants/0d1f7c2a-5b3e-4f60-8a91-b2c3d4e5f607",
  "type": "anteroom.entitlement.approvalRequested.v1",
  "subject": "5f8a2c1e-7b64-8d90-a3f1-000000000002",
  "time": "2026-03-01T10:00:00.123456Z",
  "datacontenttype": "application/json",
  "data": {
    "kind": "approvalRequested",
    "requestId": "5f8a2c1e-7b64-8d90-a3f1-000000000002",
    "accessPackage": {
      "id": "5f8a2c1e-7b64-8d90-a3f1-000000000003",
      "displayName": "Sales"
    },
    "assignmentPolicyId": "5f8a2c1e-7b64-8d90-a3f1-000000000004",
    "requestor": {
      "objectId": "00000000-0000-4000-8000-0000000000c1",
      "subjectType": "user",
      "displayName": "Cy",
      "principalName": "cy@example.org",
      "email": "cy@example.org"
    },
    "target": {
      "objectId": "00000000-0000-4000-8000-0000000000c1",
      "subjectType": "user",
      "displayName": "Cy",
      "principalName": "cy@example.org",
      "email": "cy@example.org"
    },
    "recipients": [
      {
        "objectId": "00000000-0000-4000-8000-0000000000a1",
        "subjectType": "user",
        "displayName": "Ada",
        "principalName": "ada@example.org",
        "email": "ada@example.org"
      },
      {
        "objectId": "00000000-0000-4000-8000-000000000002",
        "subjectType": "user"
      }
    ],
    "dueDateTime": "2026-03-15T10:00:00.123456Z",
    "detail": "I need it."
  }
}`

func TestWebhook(t *testing.T) {
	type got struct {
		method, uri string
		header      http.Header
		body        []byte
	}
	calls := make(chan got, 2)
	url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- got{r.Method, r.URL.RequestURI(), r.Header, body}
		w.WriteHeader(http.StatusAccepted)
	})
	before := time.Now().Unix()
	if err := webhookSink(t, url+"/in?key=x", Options{}).Send(t.Context(), tenant, seed, notice(ada, subject("02", "", ""))); err != nil {
		t.Fatal(err)
	}
	g := <-calls
	if g.method != "POST" || g.uri != "/in?key=x" || g.header.Get("Content-Type") != "application/cloudevents+json" {
		t.Errorf("%s %s, Content-Type %q", g.method, g.uri, g.header.Get("Content-Type"))
	}
	if id := g.header.Get("webhook-id"); id != "5f8a2c1e-7b64-8d90-a3f1-000000000001" {
		t.Errorf("webhook-id %q", id)
	}
	if sent, err := strconv.ParseInt(g.header.Get("webhook-timestamp"), 10, 64); err != nil || sent < before || sent > time.Now().Unix() {
		t.Errorf("webhook-timestamp %q", g.header.Get("webhook-timestamp"))
	}
	// Verified from the parts as they came, with nothing of this project.
	text, scheme := strings.CutPrefix(g.header.Get("webhook-signature"), "v1a,")
	signature, err := base64.StdEncoding.DecodeString(text)
	content := g.header.Get("webhook-id") + "." + g.header.Get("webhook-timestamp") + "." + string(g.body)
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !scheme || err != nil || !ed25519.Verify(public, []byte(content), signature) {
		t.Errorf("webhook-signature %q does not verify", g.header.Get("webhook-signature"))
	}
	if kid := g.header.Get("Anteroom-Key-Id"); kid != callout.KeyID(public) {
		t.Errorf("Anteroom-Key-Id %q", kid)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, g.body, "", "  "); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantEvent, indented.String()); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

// TestEventSubject: it is the assignment for what becomes of access, and the request
// otherwise; what a notice has nothing of is left out.
func TestEventSubject(t *testing.T) {
	for _, tt := range []struct {
		kind                entitlement.NoticeKind
		request, assignment entitlement.ID
		want                any
	}{
		{entitlement.NoticeApprovalRequested, "r", "a", "r"},
		{entitlement.NoticeAccessGranted, "r", "a", "a"},
		{entitlement.NoticeAccessGranted, "r", "", "r"},
		{entitlement.NoticeAccessEnded, "", "a", "a"},
		{entitlement.NoticeRequestDenied, "", "a", "a"},
		{entitlement.NoticeRequestDenied, "", "", nil},
	} {
		body, err := encode(tenant, &entitlement.Notice{
			ID: "i", Kind: tt.kind, At: at.In(time.FixedZone("", 3600)), RequestID: tt.request, AssignmentID: tt.assignment, Detail: "a\xff",
		})
		if err != nil {
			t.Fatal(err)
		}
		var e map[string]any
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		data := e["data"].(map[string]any)
		if e["subject"] != tt.want || e["type"] != "anteroom.entitlement."+string(tt.kind)+".v1" || e["time"] != "2026-03-01T10:00:00.123456Z" ||
			data["dueDateTime"] != nil || data["target"] != nil || data["detail"] != "a\uFFFD" || len(data["recipients"].([]any)) != 0 {
			t.Errorf("%s: %s", tt.kind, body)
		}
	}
	if _, err := encode(tenant, &entitlement.Notice{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a time that cannot be written is written")
	}
}

func TestWebhookRefusals(t *testing.T) {
	var followed atomic.Int64
	target := receiver(t, func(http.ResponseWriter, *http.Request) { followed.Add(1) })
	url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.Header().Set("Location", target)
		w.WriteHeader(status)
		_, _ = w.Write(make([]byte, 4*callout.MaxAnswer)) // more than is read
	})
	for path, want := range map[string]string{
		"/200": "", "/202": "", "/299": "",
		"/301": "redirects are not followed (301)", "/302": "redirects are not followed (302)", "/303": "redirects are not followed (303)",
		"/307": "redirects are not followed (307)", "/308": "redirects are not followed (308)",
		"/400": "the endpoint answered 400", "/404": "the endpoint answered 404", "/500": "the endpoint answered 500",
	} {
		if got := errorText(webhookSink(t, url+path, Options{}).Send(t.Context(), tenant, seed, notice(ada))); got != want {
			t.Errorf("%s: error %q, want %q", path, got, want)
		}
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
	if got, want := errorText(webhookSink(t, "http://127.0.0.1:1/", Options{}).Send(t.Context(), tenant, seed, notice(ada))), "connection refused"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	if got, want := errorText(webhookSink(t, url, Options{}).Send(t.Context(), tenant, nil, notice(ada))), "there is no key to sign the event with"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

// TestWebhookWall: a name that leads to an address which is not allowed is not called.
func TestWebhookWall(t *testing.T) {
	var called atomic.Int64
	url := receiver(t, func(http.ResponseWriter, *http.Request) { called.Add(1) })
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	err := webhookSink(t, "http://hooks.example.org:"+port+"/", Options{}).Send(t.Context(), tenant, seed, notice(ada))
	var refused *callout.AddressError
	if !errors.As(err, &refused) || called.Load() != 0 {
		t.Errorf("error %v, %d calls", err, called.Load())
	}
}

func TestWebhookTimeout(t *testing.T) {
	end := make(chan struct{})
	arrived := make(chan struct{}, 1)
	url := receiver(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-end
	})
	t.Cleanup(func() { close(end) }) // before the receiver waits for its handlers
	sink := webhookSink(t, url, Options{Timeout: 200 * time.Millisecond})
	if got, want := errorText(sink.Send(t.Context(), tenant, seed, notice(ada))), "no answer within 200ms"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	err := webhookSink(t, url, Options{}).Send(ctx, tenant, seed, notice(ada))
	if errorText(err) != "the call was interrupted" || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
