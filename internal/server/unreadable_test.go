package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestUnreadableRequests sends what net/http refuses before any handler sees it, and holds
// each answer to Graph's shape.
func TestUnreadableRequests(t *testing.T) {
	s, err := Dev(t.Context(), DevOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	host := strings.TrimPrefix(s.URL(), "http://")
	for name, tc := range map[string]struct {
		request string
		status  int
		code    string
	}{
		"bad escape":          {"GET /v1.0/%zz HTTP/1.1\r\nHost: " + host + "\r\n\r\n", 400, "BadRequest"},
		"space in the path":   {"GET /v1.0/a b HTTP/1.1\r\nHost: " + host + "\r\n\r\n", 400, "BadRequest"},
		"no Host":             {"GET /v1.0/users HTTP/1.1\r\n\r\n", 400, "BadRequest"},
		"bad header":          {"GET /v1.0/users HTTP/1.1\r\nHost: " + host + "\r\nbad header: x\r\n\r\n", 400, "BadRequest"},
		"two lengths":         {"POST /v1.0/users HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400, "BadRequest"},
		"gzip, chunked":       {"POST /v1.0/users HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400, "BadRequest"},
		"unknown expectation": {"POST /v1.0/users HTTP/1.1\r\nHost: " + host + "\r\nExpect: foo\r\nContent-Length: 0\r\n\r\n", 400, "BadRequest"},
		"large headers":       {"GET /v1.0/users HTTP/1.1\r\nHost: " + host + "\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", 431, "RequestHeaderFieldsTooLarge"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, tc.request)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var body struct {
				Error struct{ Code, Message string }
			}
			if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
				t.Fatalf("no JSON: %v", err)
			}
			if resp.StatusCode != tc.status || body.Error.Code != tc.code || body.Error.Message == "" || resp.Header.Get("Request-Id") == "" {
				t.Errorf("%d %+v %v", resp.StatusCode, body, resp.Header)
			}
		})
	}
}
