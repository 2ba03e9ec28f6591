package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store/sqlstore"
)

// TestWaits lists what waits while the server has the file open.
func TestWaits(t *testing.T) {
	data := filepath.Join(t.TempDir(), "anteroom.db")
	s, err := Dev(context.Background(), DevOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(broken.Close)
	request := ask(t, s, broken.URL+"/secret?sig=secret")
	if err := s.dispatcher.Drain(t.Context(), SampleTenant); err != nil { // the first attempt is over
		t.Fatal(err)
	}
	var list []Wait
	if err := Waits(t.Context(), sqlstore.Options{Data: data}, func(w Wait) error { list = append(list, w); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("%d waits, want 1: %+v", len(list), list)
	}
	w := list[0]
	if w.Request != request || w.Kind != WaitCallback || w.Stage != entitlement.StageCreated || w.Endpoint != broken.URL || w.Extension != "Check" ||
		w.Attempts != 1 || w.LastError != "the endpoint answered 418" || w.Deadline.Sub(w.Since) != 24*time.Hour || w.NextAttempt.Sub(w.Since) < 5*time.Second {
		t.Errorf("got %+v", w)
	}
	if err := Waits(t.Context(), sqlstore.Options{Data: data + "x"}, nil); err == nil {
		t.Error("a file that is not there has no waits")
	}
}

// ask makes all that a request needs, and the request, of which it returns the id.
func ask(t *testing.T, s *Server, endpoint string) entitlement.ID {
	t.Helper()
	token := devToken(t, s, string(SampleTenant))
	const root = "/v1.0/identityGovernance/entitlementManagement"
	post := func(path, format string, args ...any) string {
		t.Helper()
		status, _, body := sent{method: "POST", path: root + path, token: token, body: fmt.Sprintf(format, args...)}.to(t, s.URL())
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(body), &made); err != nil || status != http.StatusCreated {
			t.Fatalf("%s: %d %s, %v", path, status, body, err)
		}
		return made.ID
	}
	const kind = "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension"
	catalog := post("/catalogs", `{"displayName":"Sales"}`)
	extension := post("/catalogs/"+catalog+"/customWorkflowExtensions", `{"@odata.type":%q,"displayName":"Check",
		"endpointConfiguration":{"@odata.type":"#microsoft.graph.httpRequestEndpoint","targetUrl":%q},
		"callbackConfiguration":{"timeoutDuration":"P1D"}}`, kind, endpoint)
	pkg := post("/accessPackages", `{"displayName":"Wiki","catalog":{"id":%q}}`, catalog)
	policy := post("/assignmentPolicies", `{"displayName":"All","allowedTargetScope":"allDirectoryUsers","accessPackage":{"id":%q},
		"customExtensionStageSettings":[{"stage":"assignmentRequestCreated","customExtension":{"@odata.type":%q,"id":%q}}]}`, pkg, kind, extension)
	return entitlement.ID(post("/assignmentRequests", `{"requestType":"adminAdd","assignment":{"targetId":%q,"accessPackageId":%q,"assignmentPolicyId":%q}}`,
		SamplePeople[1].ID, pkg, policy))
}
