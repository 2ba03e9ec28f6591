package graph

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

// TestEveryCodeHasAStatus reads the codes from the source, so that a new one cannot be
// forgotten.
func TestEveryCodeHasAStatus(t *testing.T) {
	f, err := goparser.ParseFile(token.NewFileSet(), "../entitlement/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[entitlement.Code]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
			return true
		}
		for _, v := range spec.Values {
			word, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[entitlement.Code(word)] = true
		}
		return true
	})
	if len(codes) < 20 {
		t.Fatalf("found only %d codes", len(codes))
	}
	for code := range codes {
		if statusOf[code] == 0 {
			t.Errorf("code %s has no status", code)
		}
	}
	for code := range statusOf {
		if !codes[code] {
			t.Errorf("status of %s, which is no code", code)
		}
	}
}

func TestErrorShape(t *testing.T) {
	const secret = "dial tcp 10.0.0.7: database password hunter2"
	for _, tc := range []struct {
		name    string
		err     error
		status  int
		code    entitlement.Code
		headers map[string]string
	}{
		{"refusal", entitlement.Invalid("displayName", "displayName is required."), 400, entitlement.CodeInvalidModel, nil},
		{"wrapped", fmt.Errorf("%s: %w", secret, entitlement.NotFound("catalog", "x")), 404, entitlement.CodeNotFound, nil},
		{"unknown", errors.New(secret), 500, entitlement.CodeInternal, nil},
		{"without message", fmt.Errorf("%s: %w", secret, &entitlement.Error{Code: entitlement.CodeBadRequest}), 500, entitlement.CodeInternal, nil},
		{"unknown code", &entitlement.Error{Code: "Strange", Message: "?"}, 500, "Strange", nil},
		{"unauthenticated", entitlement.Errorf(entitlement.CodeUnauthenticated, "", "no"), 401, entitlement.CodeUnauthenticated, map[string]string{"Www-Authenticate": "Bearer"}},
		{"unavailable", fmt.Errorf("%s: %w", secret, entitlement.Errorf(entitlement.CodeUnavailable, "", "later")), 503, entitlement.CodeUnavailable, map[string]string{"Retry-After": "1"}},
		{"deadline", context.DeadlineExceeded, 503, entitlement.CodeUnavailable, map[string]string{"Retry-After": "1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/v1.0/x", nil)
			r.Header.Set("client-request-id", "mine")
			w := httptest.NewRecorder()
			WriteError(w, r, tc.err)
			a := answerOf(t, w)
			a.refused(tc.status, tc.code)
			if strings.Contains(string(a.raw), "hunter2") {
				t.Errorf("the answer tells a secret: %s", a.raw)
			}
			checkErrorShape(t, a, "mine")
			for k, v := range tc.headers {
				if a.header.Get(k) != v {
					t.Errorf("%s: %q, want %q", k, a.header.Get(k), v)
				}
			}
		})
	}
}

// checkErrorShape checks all that clients read of an error.
func checkErrorShape(t *testing.T, a *answer, clientID string) {
	t.Helper()
	if _, err := time.Parse("2006-01-02T15:04:05", a.text("error", "innerError", "date")); err != nil {
		t.Errorf("innerError.date: %v", err)
	}
	id := a.text("error", "innerError", "request-id")
	if _, ok := entitlement.ParseID(id); !ok || id != a.header.Get("request-id") {
		t.Errorf("request-id %q in the body, %q in the header", id, a.header.Get("request-id"))
	}
	if clientID == "" {
		clientID = id
	}
	if got := a.text("error", "innerError", "client-request-id"); got != clientID || a.header.Get("client-request-id") != clientID {
		t.Errorf("client-request-id %q in the body, %q in the header, want %q", got, a.header.Get("client-request-id"), clientID)
	}
	if l, ok := a.get("error", "details").([]any); !ok || len(l) != 0 {
		t.Errorf("details: %v", a.get("error", "details"))
	}
	if ct := a.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json;") {
		t.Errorf("Content-Type: %s", ct)
	}
	if a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers: %v", a.header)
	}
}

func answerOf(t testing.TB, w *httptest.ResponseRecorder) *answer {
	t.Helper()
	return readAnswer(t, "call", w)
}

type failing struct{ err any }

func (f failing) Authenticate(*http.Request) (entitlement.Actor, error) {
	if err, ok := f.err.(error); ok {
		return entitlement.Actor{}, err
	}
	panic(f.err)
}

// TestPanic: a panic anywhere is a 500 in the shape of all errors.
func TestPanic(t *testing.T) {
	for _, cause := range []any{"out of cheese", errors.New("broken")} {
		s := New(Options{Auth: failing{cause}})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", em+"/catalogs", nil))
		a := answerOf(t, w).refused(500, entitlement.CodeInternal)
		checkErrorShape(t, a, "")
		if strings.Contains(string(a.raw), "cheese") {
			t.Errorf("the answer tells the cause: %s", a.raw)
		}
	}
}

func TestClientRequestID(t *testing.T) {
	for sent, echoed := range map[string]bool{
		"abc": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "a b": false, "ä": false, "": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("client-request-id", sent)
		requestID, clientID := prepareHeaders(http.Header{}, r)
		if want := map[bool]string{true: sent, false: requestID}[echoed]; clientID != want {
			t.Errorf("%q: got %q, want %q", sent, clientID, want)
		}
	}
}
