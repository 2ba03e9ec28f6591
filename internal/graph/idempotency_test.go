package graph

import (
	"net/http/httptest"
	"testing"

	"anteroom/internal/entitlement"
)

// digestOf is the digest of a body that is posted to a path with a key.
func digestOf(t *testing.T, s *Server, path, body string) string {
	t.Helper()
	r := httptest.NewRequest("POST", path, nil)
	r.Header.Set("idempotency-key", " k-1 ")
	c := &call{server: s, r: r}
	segments, err := s.parsePath(r)
	if err != nil {
		t.Fatal(err)
	}
	if c.route, c.keys, c.args = s.routes.find(segments); c.route == nil {
		t.Fatalf("%s is not served", path)
	}
	v, err := parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	key, digest, err := c.idempotency(node{value: &v})
	if err != nil || key != "k-1" || len(digest) != 64 {
		t.Fatalf("key %q, digest %q, %v", key, digest, err)
	}
	return digest
}

func TestIdempotencyDigest(t *testing.T) {
	s := New(Options{})
	const path = em + "/assignmentRequests"
	want := digestOf(t, s, path, `{"requestType":"userAdd","answers":[{"value":"é"},{"value":"b"}],"a":null,"b":true,"c":1}`)
	for name, again := range map[string][2]string{
		"order":  {path, `{"c":1,"b":true,"a":null,"answers":[{"value":"é"},{"value":"b"}],"requestType":"userAdd"}`},
		"space":  {path, "{ \"requestType\" : \"userAdd\",\n\"answers\":[{\"value\":\"é\"},{\"value\":\"b\"}],\"a\":null,\"b\":true,\"c\":1}"},
		"escape": {path, `{"request\u0054ype":"userAdd","answers":[{"value":"\u00e9"},{"value":"b"}],"a":null,"b":true,"c":1}`},
		"case":   {"/V1.0/identitygovernance/ENTITLEMENTMANAGEMENT/assignmentrequests", `{"requestType":"userAdd","answers":[{"value":"é"},{"value":"b"}],"a":null,"b":true,"c":1}`},
	} {
		if got := digestOf(t, s, again[0], again[1]); got != want {
			t.Errorf("%s: another digest", name)
		}
	}
	seen := map[string]string{want: "the first"}
	for _, other := range []string{
		`{}`, `{"requestType":"userAdd"}`,
		`{"requestType":"userAdd","answers":[{"value":"b"},{"value":"é"}],"a":null,"b":true,"c":1}`,
		`{"requestType":"userAdd","answers":[{"value":"é"},{"value":"b"}],"a":null,"b":false,"c":1}`,
		`{"requestType":"userAdd","answers":[{"value":"é"},{"value":"b"}],"a":null,"b":true,"c":"1"}`,
		`{"requestType":"userAdd","answers":[{"value":"é"},{"value":"b"}],"b":true,"c":1}`,
		`{"requestType":"userAdd","answers":[{"value":"é","a":null},{"value":"b"}],"b":true,"c":1}`,
		`{"x":{"a":"1","b":"2"}}`, `{"x":{"a":"1,1:b=s1:2"}}`, `{"x":{"a":"1"},"b":"2"}`, `{"x":[["a"],"b"]}`, `{"x":[["a","b"]]}`, `{"x":[]}`, `{"x":{}}`,
	} {
		d := digestOf(t, s, path, other)
		if was, twice := seen[d]; twice {
			t.Errorf("%s has the digest of %s", other, was)
		}
		seen[d] = other
	}
}

func TestIdempotencyKeyRefused(t *testing.T) {
	w := newWorld(t)
	body := obj{"requestType": "adminAdd", "assignment": obj{"targetId": alice, "accessPackageId": w.pkg}}
	w.do("app", "POST", "assignmentRequests", body, "Idempotency-Key", " ").refused(400, entitlement.CodeBadRequest, "Idempotency-Key is empty")
	w.do("app", "POST", "assignmentRequests", body, "Idempotency-Key", "ä").refused(400, entitlement.CodeBadRequest, "ASCII")
	if a := w.do("app", "GET", "assignmentRequests", nil).want(200); len(a.get("value").([]any)) != 0 {
		t.Errorf("made: %s", a.raw)
	}

	first := w.do("app", "POST", "assignmentRequests", body, "Idempotency-Key", "one").want(201)
	if again := w.do("app", "POST", "assignmentRequests", body, "Idempotency-Key", "one").want(201); again.id() != first.id() {
		t.Errorf("the repeat made %s beside %s", again.id(), first.id())
	}
	body["justification"] = "other"
	w.do("app", "POST", "assignmentRequests", body, "Idempotency-Key", "one").refused(409, entitlement.CodeIdempotencyKeyReused, first.id())
}
