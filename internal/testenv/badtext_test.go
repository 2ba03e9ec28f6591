package testenv

import (
	"net/http"
	"net/url"
	"testing"
)

// TestTextThatDatabasesRefuse: NUL characters and bytes that are no UTF-8 are a caller's
// mistake, or are stored, on every database; they are never taken for trouble of the store.
func TestTextThatDatabasesRefuse(t *testing.T) {
	for _, b := range []Backend{Memory, Postgres} {
		t.Run(string(b), func(t *testing.T) {
			s, tenant := Start(t, b), NewTenant()
			for _, bad := range []string{"a\x00b", "a\xffb"} {
				badText(t, s, tenant, bad)
			}
		})
	}
}

func badText(t *testing.T, s *Server, tenant, bad string) {
	t.Helper()
	quoted := url.QueryEscape("'" + bad + "'")
	for _, path := range []string{
		Root + "/catalogs?$filter=displayName+eq+" + quoted,
		Root + "/catalogs?$filter=contains(displayName," + quoted + ")",
		Root + "/accessPackages?$search=" + url.QueryEscape(`"`+bad+`"`),
		Root + "/assignmentRequests?$filter=status+eq+" + quoted,
		Root + "/assignmentRequests/" + url.PathEscape(bad),
		Root + "/catalogs/" + url.PathEscape(bad),
		"/v1.0/users?$filter=userPrincipalName+eq+" + quoted,
		"/v1.0/users?$filter=startswith(displayName," + quoted + ")",
		"/v1.0/users/" + url.PathEscape(bad),
		"/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName+eq+" + quoted,
		"/v1.0/auditLogs/directoryAudits?$filter=correlationId+eq+" + quoted,
	} {
		answered(t, s, tenant, http.MethodGet, path, nil, nil)
	}
	for path, body := range map[string]any{
		Root + "/catalogs":               map[string]any{"displayName": bad, "description": "x"},
		"/v1.0/groups":                   map[string]any{"displayName": "g", "mailNickname": bad, "mailEnabled": false, "securityEnabled": true, "description": bad},
		"/v1.0/users":                    map[string]any{"displayName": bad, "userPrincipalName": bad + "@contoso.example", "mailNickname": bad, "mail": bad + "@contoso.example", "accountEnabled": true, "department": bad, "passwordProfile": map[string]string{"password": "x"}},
		Root + "/resourceRequests":       map[string]any{"requestType": "adminAdd", "catalog": map[string]string{"id": SampleIDs["alice"]}, "resource": map[string]string{"originId": bad, "originSystem": bad}},
		Root + "/assignmentRequests":     map[string]any{"requestType": "adminAdd", "justification": bad, "assignment": map[string]string{"targetId": bad, "accessPackageId": bad}},
		Root + "/connectedOrganizations": map[string]any{"displayName": bad, "identitySources": []any{map[string]string{"@odata.type": "#microsoft.graph.domainIdentitySource", "domainName": bad, "displayName": bad}}},
	} {
		answered(t, s, tenant, http.MethodPost, path, body, nil)
	}
	if bad[1] != 0 { // no client sends a NUL in a header
		for _, name := range []string{"client-request-id", "Idempotency-Key"} {
			answered(t, s, tenant, http.MethodPost, Root+"/catalogs", map[string]any{"displayName": "fine " + name}, map[string]string{name: bad})
		}
	}
}

// answered makes a call that must not be answered with 5xx.
func answered(t *testing.T, s *Server, tenant, method, path string, body any, headers map[string]string) {
	t.Helper()
	r, err := s.CallWith(tenant, "app", method, path, body, headers)
	if err != nil || r.Status >= http.StatusInternalServerError {
		t.Errorf("%s %s: %v %d %s", method, path, err, r.Status, clip(string(r.Body)))
	}
}
