package testenv

import (
	"net/http"
	"testing"
	"time"
)

// TestHangingEndpoint holds that an endpoint which never answers delays nobody but itself:
// while hundreds of its callouts hang, the callout of another endpoint, which was made
// last, arrives before the hanging ones have all been made, and its request is delivered.
func TestHangingEndpoint(t *testing.T) {
	const hanging = 400
	s, tenant := Start(t, File), NewTenant()
	hangs, fine := NewEndpoint("hang"), NewEndpoint("202")
	defer hangs.Close()
	defer fine.Close()
	slow, err := s.MakePackage(tenant, "Created:P1D,2000@"+hangs.URL)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := s.MakePackage(tenant, "Created@"+fine.URL)
	if err != nil {
		t.Fatal(err)
	}
	assign := func(p Package) string {
		who, err := s.NewPerson(tenant)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Call(tenant, "app", "POST", "/assignmentRequests", map[string]any{
			"requestType": "adminAdd", "assignment": map[string]string{"targetId": who, "accessPackageId": p.ID},
		})
		if err != nil || r.Status != http.StatusCreated {
			t.Fatalf("%v %d %s", err, r.Status, r.Body)
		}
		return r.Value("id")
	}
	for range hanging {
		assign(slow)
	}
	id := assign(quick)
	await(t, func() bool { return len(fine.Received()) == 1 })
	if n := len(hangs.Received()); n >= hanging {
		t.Errorf("the other endpoint was called after all %d callouts of the one that hangs", n)
	}
	await(t, func() bool {
		r, err := s.Call(tenant, "app", "GET", "/assignmentRequests/"+id, nil)
		return err == nil && r.Value("state") == "delivered"
	})
}

// await polls until something holds; its limit is one for hangs.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it never came to hold")
		}
	}
}
