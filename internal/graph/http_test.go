package graph

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"anteroom/internal/entitlement"
)

func zip(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBodies(t *testing.T) {
	e := newEnv(t)
	const small = `{"displayName":"x"}`
	big := `{"displayName":"` + strings.Repeat("x", DefaultMaxBody) + `"}`
	deep := func(n int) string {
		return `{"displayName":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	for name, tc := range map[string]struct {
		body    any
		headers []string
		status  int
		code    entitlement.Code
		says    string
	}{
		"plain":              {small, nil, 201, "", ""},
		"charset":            {small, []string{"Content-Type", "Application/JSON; charset=utf-8; odata.metadata=minimal"}, 201, "", ""},
		"gzip":               {zip(t, small), []string{"Content-Encoding", "gzip"}, 201, "", ""},
		"identity":           {small, []string{"Content-Encoding", "identity"}, 201, "", ""},
		"no type":            {small, []string{"Content-Type", ""}, 415, "UnsupportedMediaType", "needs the header"},
		"text":               {small, []string{"Content-Type", "text/plain"}, 415, "UnsupportedMediaType", "text/plain"},
		"form":               {small, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "UnsupportedMediaType", ""},
		"odd type":           {small, []string{"Content-Type", ";;"}, 415, "UnsupportedMediaType", ""},
		"deflate":            {small, []string{"Content-Encoding", "deflate"}, 415, "UnsupportedMediaType", "deflate"},
		"gzip twice":         {zip(t, small), []string{"Content-Encoding", "gzip, gzip"}, 415, "UnsupportedMediaType", ""},
		"not gzip":           {small, []string{"Content-Encoding", "gzip"}, 400, "BadRequest", "not valid gzip"},
		"cut gzip":           {zip(t, small)[:12], []string{"Content-Encoding", "gzip"}, 400, "BadRequest", "could not be read"},
		"too large":          {big, nil, 413, "RequestEntityTooLarge", "1048576"},
		"bomb":               {zip(t, big), []string{"Content-Encoding", "gzip"}, 413, "RequestEntityTooLarge", "1048576"},
		"none":               {nil, nil, 400, "InvalidModel", "needs a body"},
		"empty":              {"", nil, 400, "InvalidModel", "needs a body"},
		"empty gzip":         {[]byte{}, []string{"Content-Encoding", "gzip"}, 400, "InvalidModel", "needs a body"},
		"null":               {"null", nil, 400, "InvalidModel", "must be an object, but it is null"},
		"list":               {"[]", nil, 400, "InvalidModel", "must be an object"},
		"two values":         {small + small, nil, 400, "InvalidModel", "more behind it"},
		"cut":                {`{"displayName":"x"`, nil, 400, "InvalidModel", "not valid JSON"},
		"comment":            {`{/**/}`, nil, 400, "InvalidModel", "not valid JSON"},
		"trailing comma":     {`{"displayName":"x",}`, nil, 400, "InvalidModel", "not valid JSON"},
		"NaN":                {`{"displayName":NaN}`, nil, 400, "InvalidModel", "not valid JSON"},
		"byte order mark":    {"\ufeff" + small, nil, 400, "InvalidModel", "not valid JSON"},
		"invalid UTF-8":      {"{\"displayName\":\"\xff\"}", nil, 400, "InvalidModel", "UTF-8"},
		"lone surrogate":     {`{"displayName":"\ud800"}`, nil, 400, "InvalidModel", "surrogate"},
		"NUL":                {`{"displayName":"a\u0000b"}`, nil, 400, "InvalidModel", "U+0000"},
		"NUL in a name":      {`{"a\u0000b":1}`, nil, 400, "InvalidModel", "U+0000"},
		"duplicate":          {`{"displayName":"x","displayName":"y"}`, nil, 400, "InvalidModel", "'displayName' twice"},
		"depth 64":           {deep(63), nil, 400, "InvalidModel", "must be a string"},
		"depth 65":           {deep(64), nil, 400, "InvalidModel", "64 levels"},
		"depth 100000":       {deep(100000), nil, 400, "InvalidModel", "64 levels"},
		"many members":       {`{"displayName":[` + strings.TrimSuffix(strings.Repeat("1,", 20_001), ",") + `]}`, nil, 400, "InvalidModel", "20000"},
		"long string":        {`{"displayName":"` + strings.Repeat("x", 64<<10+1) + `"}`, nil, 400, "InvalidModel", "65536"},
		"long name":          {`{"` + strings.Repeat("x", 257) + `":1}`, nil, 400, "InvalidModel", "256"},
		"number as a string": {`{"displayName":1e999}`, nil, 400, "InvalidModel", "must be a string, but it is a number"},
	} {
		t.Run(name, func(t *testing.T) {
			a := e.do("app", "POST", "catalogs", tc.body, tc.headers...)
			if tc.status == 201 {
				a.want(201)
				return
			}
			a.refused(tc.status, tc.code, tc.says)
			checkErrorShape(t, a, "")
		})
	}
}

type slowBody struct{ err error }

func (b slowBody) Read([]byte) (int, error) { return 0, b.err }
func (slowBody) Close() error               { return nil }

func TestBodyErrors(t *testing.T) {
	e := newEnv(t)
	for _, tc := range []struct {
		err    error
		status int
		code   entitlement.Code
	}{
		{os.ErrDeadlineExceeded, 408, entitlement.CodeRequestTimeout},
		{&http.MaxBytesError{Limit: 1}, 413, entitlement.CodeTooLarge},
		{errors.New("invalid byte in chunk length"), 400, entitlement.CodeBadRequest},
	} {
		r := httptest.NewRequest("POST", "https://graph.test"+em+"/catalogs", slowBody{tc.err})
		r.Header.Set("Authorization", "Bearer app")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		e.server.ServeHTTP(w, r)
		answerOf(t, w).refused(tc.status, tc.code)
	}
}

func TestPathsAndMethods(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		verb, path string
		status     int
		code       entitlement.Code
		says       string
	}{
		{"GET", "/", 404, "ResourceNotFound", "'/'"},
		{"GET", "/v1.0", 404, "ResourceNotFound", "/v1.0"},
		{"GET", "/v1.0/me", 404, "ResourceNotFound", "'/v1.0/me'"},
		{"GET", "/v2.0/users", 404, "ResourceNotFound", ""},
		{"GET", "/beta/identityGovernance/entitlementManagement/catalogs", 404, "ResourceNotFound", ""},
		{"GET", em + "/catalog", 404, "ResourceNotFound", "/catalog'"},
		{"GET", em + "/catalogs/" + w.catalog + "/accessPackages/" + w.pkg, 404, "ResourceNotFound", ""},
		{"GET", em + "/catalogs/" + w.catalog + "%2FaccessPackages", 400, "BadRequest", "slash"},
		{"POST", em + "/assignmentRequests/" + nowhere + "%2fresume", 400, "BadRequest", "slash"},
		{"GET", em + "/x/../catalogs", 400, "BadRequest", "'..'"},
		{"GET", em + "/%2e%2e/catalogs", 400, "BadRequest", ""},
		{"GET", em + "//catalogs", 400, "BadRequest", "two slashes"},
		{"GET", em + "/catalogs/%00", 400, "BadRequest", "control"},
		{"GET", em + "/catalogs/%5c", 400, "BadRequest", "backslash"},
		{"GET", em + "/catalogs/%ff", 400, "BadRequest", "UTF-8"},
		{"GET", em + "/catalogs('x", 400, "BadRequest", ""},
		{"GET", em + "/catalogs/42", 400, "InvalidModel", "'42'"},
		{"GET", em + "/catalogs('42')", 400, "InvalidModel", "'42'"},
		{"GET", em + "/catalogs(id='" + w.catalog + "')", 404, "ResourceNotFound", ""},
		{"GET", em + "/catalogs/" + strings.Repeat("x", 3000), 414, "RequestUriTooLong", "2048"},
		{"GET", em + "/catalogs?$filter=" + strings.Repeat("x", 17<<10), 414, "RequestUriTooLong", "16384"},
		{"PUT", em + "/catalogs/" + w.catalog, 405, "MethodNotAllowed", "DELETE, GET or PATCH"},
		{"DELETE", em + "/catalogs", 405, "MethodNotAllowed", "GET or POST"},
		{"OPTIONS", em + "/catalogs", 405, "MethodNotAllowed", ""},
		{"BREW", em + "/catalogs", 405, "MethodNotAllowed", "BREW"},
		{"PATCH", em + "/assignments/" + nowhere, 405, "MethodNotAllowed", "assignmentRequests"},
		{"PATCH", em + "/assignmentRequests/" + nowhere, 405, "MethodNotAllowed", "cancel"},
		{"GET", em + "/assignmentRequests/" + nowhere + "/resume", 405, "MethodNotAllowed", "POST"},
		{"PATCH", em + "/assignmentPolicies/" + nowhere, 405, "MethodNotAllowed", "PUT"},
	} {
		a := w.do("app", tc.verb, tc.path, nil).refused(tc.status, tc.code, tc.says)
		checkErrorShape(t, a, "")
		if tc.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", tc.verb, tc.path)
		}
		if tc.status != 400 && tc.status != 414 {
			w.do("", tc.verb, tc.path, nil).refused(401, entitlement.CodeUnauthenticated)
		}
	}
	for _, path := range []string{
		em + "/Catalogs", em + "/catalogs/", "/V1.0/IDENTITYGOVERNANCE/EntitlementManagement/catalogs/" + strings.ToUpper(w.catalog),
		em + "/catalogs('" + w.catalog + "')/RESOURCES", em + "/catalogs(" + w.catalog + ")", em + "/catalogs/%24count",
	} {
		w.do("app", "GET", path, nil).want(200)
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	a := w.do("app", "GET", "catalogs", nil, "client-request-id", "abc").want(200)
	for name, want := range map[string]string{
		"Content-Type":           "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
		"OData-Version":          "4.0",
		"X-Content-Type-Options": "nosniff",
		"client-request-id":      "abc",
		"Cache-Control":          "private, no-store",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, ok := entitlement.ParseID(a.header.Get("request-id")); !ok {
		t.Errorf("request-id %q", a.header.Get("request-id"))
	}

	head := w.do("app", "HEAD", "catalogs", nil).want(200)
	if len(head.raw) != 0 || head.header.Get("Content-Length") == "" {
		t.Errorf("HEAD: body %q, headers %v", head.raw, head.header)
	}
	w.do("app", "GET", "catalogs", "ignored", "Content-Type", "text/plain").want(200)

	// Preferences.
	min := w.do("app", "POST", "catalogs", obj{"displayName": "Small"}, "Prefer", "return=minimal").want(204)
	if min.header.Get("Location") == "" || min.header.Get("Preference-Applied") != "return=minimal" || len(min.raw) != 0 {
		t.Errorf("return=minimal: %v %q", min.header, min.raw)
	}
	w.do("app", "GET", strings.TrimPrefix(min.header.Get("Location"), "https://graph.test"), nil).want(200)

	// A chunked request is the last on its connection.
	r := httptest.NewRequest("POST", "https://graph.test"+em+"/catalogs", io.MultiReader(strings.NewReader(`{"displayName":"Chunked"}`)))
	r.TransferEncoding = []string{"chunked"}
	r.Header.Set("Authorization", "Bearer app")
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	if a := answerOf(t, rec).want(201); a.header.Get("Connection") != "close" {
		t.Errorf("Connection: %q", a.header.Get("Connection"))
	}
}

// TestSentinel: a member behind unknownFutureValue is shown only to who asks for it.
func TestSentinel(t *testing.T) {
	for _, all := range []bool{false, true} {
		e := newEncoder()
		e.allEnums = all
		e.requestType(entitlement.TypeApproverRemove)
		if want := map[bool]string{false: `"unknownFutureValue"`, true: `"approverRemove"`}[all]; string(e.buf) != want {
			t.Errorf("%s, want %s", e.buf, want)
		}
		e.release()
	}
}

func TestMisdirected(t *testing.T) {
	e := newEnv(t)
	e.server = New(Options{Engine: e.engine, Auth: e, Base: func(*http.Request) (string, error) {
		return "", entitlement.Errorf(entitlement.CodeMisdirected, "Host", "This server is https://graph.test.")
	}})
	e.do("", "GET", "catalogs", nil).refused(401, entitlement.CodeUnauthenticated)
	e.do("app", "GET", "catalogs", nil).refused(400, entitlement.CodeMisdirected)
}

// TestTenants: what belongs to another tenant reads as what does not exist.
func TestTenants(t *testing.T) {
	w := newWorld(t, "assignmentRequestCreated")
	r := w.ask(alice)
	paths := []string{
		"catalogs/" + w.catalog, "catalogs/" + w.catalog + "/resources", "catalogs/" + w.catalog + "/customWorkflowExtensions/" + w.extension,
		"accessPackages/" + w.pkg, "accessPackages/" + w.pkg + "/resourceRoleScopes", "assignmentPolicies/" + w.policy, "assignmentRequests/" + r,
		"assignmentRequests/" + r + "/assignment", "assignmentRequests/" + r + "/history",
	}
	for _, path := range paths {
		w.do("app", "GET", path, nil).want(200)
		theirs := w.do("other", "GET", path, nil).refused(404, entitlement.CodeNotFound)
		none := w.do("other", "GET", strings.NewReplacer(w.catalog, nowhere, w.pkg, nowhere, w.extension, nowhere, w.policy, nowhere, r, nowhere).Replace(path), nil).refused(404, entitlement.CodeNotFound)
		mask := func(a *answer) string {
			s := strings.NewReplacer(w.catalog, "ID", w.pkg, "ID", w.extension, "ID", w.policy, "ID", r, "ID", nowhere, "ID").Replace(a.text("error", "message"))
			return s
		}
		if mask(theirs) != mask(none) {
			t.Errorf("%s: %q and %q differ", path, mask(theirs), mask(none))
		}
	}
	for _, path := range []string{"accessPackages", "assignmentPolicies", "assignmentRequests", "assignments", "resourceRequests"} {
		if a := w.do("other", "GET", path, nil).want(200); len(a.get("value").([]any)) != 0 {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	w.do("other", "DELETE", "assignmentRequests/"+r, nil).refused(404, entitlement.CodeNotFound)
	w.do("other", "POST", "assignmentRequests/"+r+"/cancel", nil).refused(404, entitlement.CodeNotFound)
	w.do("other", "PATCH", "catalogs/"+w.catalog, obj{"displayName": "mine"}).refused(404, entitlement.CodeNotFound)
}
