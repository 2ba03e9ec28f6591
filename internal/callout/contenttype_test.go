package callout

import (
	"net/http"
	"testing"
)

func TestContentType(t *testing.T) {
	received := make(chan string, 1)
	srv := server(t, func(_ http.ResponseWriter, r *http.Request) { received <- r.Header.Get("Content-Type") })
	m := message(t, srv.URL)
	m.ContentType = "application/cloudevents+json"
	if r := devSender(t, nil).Send(t.Context(), m); r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := <-received; got != m.ContentType {
		t.Errorf("Content-Type %q, want %q", got, m.ContentType)
	}
}
