package graph

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkReadCallback is the reading of the body of a resume.
func BenchmarkReadCallback(b *testing.B) {
	body := []byte(fmt.Sprintf(seedDeny, someInstance))
	b.ReportAllocs()
	for b.Loop() {
		v, err := parse(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := readCallback(node{value: &v}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGetRequest is a whole GET of one request, without a network.
func BenchmarkGetRequest(b *testing.B) {
	w := newWorld(b, "assignmentRequestCreated")
	r := httptest.NewRequest(http.MethodGet, "https://graph.test"+em+"/assignmentRequests/"+w.ask(alice), nil)
	r.Header.Set("Authorization", "Bearer app")
	b.ReportAllocs()
	for b.Loop() {
		rec := httptest.NewRecorder()
		if w.server.ServeHTTP(rec, r); rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}
