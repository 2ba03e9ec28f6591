package testenv

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

const (
	twins       = 16 // callers that ask for the same at once
	twinsRounds = 30
)

// TestEqualPostsAtOnceAreOne: of many who ask for the same at once one is answered 201, and
// all are where they carry one Idempotency-Key, with the same request.
func TestEqualPostsAtOnceAreOne(t *testing.T) {
	for _, b := range Backends {
		t.Run(string(b), func(t *testing.T) {
			s, tenant := Start(t, b), NewTenant()
			e := NewEndpoint("202")
			defer e.Close()
			for round := range twinsRounds {
				twinsRound(t, s, tenant, round, e.URL)
			}
		})
	}
}

func twinsRound(t *testing.T, s *Server, tenant string, round int, endpoint string) {
	t.Helper()
	var stages []string
	if round%2 == 0 {
		stages = []string{"Created:P1D@" + endpoint}
	}
	p, err := s.MakePackage(tenant, stages...)
	if err != nil {
		t.Fatal(err)
	}
	keyed := round%3 == 2
	asked := func(who string) []byte {
		typ := "adminAdd"
		if who == "alice" {
			typ = "userAdd"
		}
		return fmt.Appendf(nil, `{"requestType":%q,"assignment":{"targetId":%q,"accessPackageId":%q}}`, typ, SampleIDs["alice"], p.ID)
	}
	replies := atOnce(t, s, tenant, func(i int, r *runner) (answer, error) {
		if r.who = "app"; !keyed && i%2 == 1 {
			r.who = "alice"
		}
		if keyed {
			r.headers = map[string]string{"Idempotency-Key": fmt.Sprint("round", round)}
		}
		return r.call("POST", "/assignmentRequests", asked(r.who))
	})
	made, ids := 0, map[string]bool{}
	for _, a := range replies {
		id, _ := at(a.json, "id")
		code, _ := at(a.json, "error/code")
		switch {
		case a.status == http.StatusCreated:
			made++
			ids[text(id)] = true
		case a.status == http.StatusBadRequest && code == "ExistingOpenRequest" && len(stages) > 0:
		case a.status == http.StatusConflict && code == "ExistingAssignment" && len(stages) == 0:
		default:
			t.Errorf("round %d: %d %s", round, a.status, clip(string(a.body)))
		}
	}
	if want := map[bool]int{true: twins, false: 1}[keyed]; made != want || len(ids) != 1 {
		t.Errorf("round %d: %d callers were answered 201, want %d; with requests %v", round, made, want, ids)
	}
	list, err := s.Call(tenant, "app", "GET", "/assignmentRequests?$filter=accessPackage/id%20eq%20'"+p.ID+"'", nil)
	if err != nil || list.Status != http.StatusOK {
		t.Fatalf("%v %d %s", err, list.Status, list.Body)
	}
	if !ids[list.Value("value/0/id")] || list.Value("value/1/id") != "" {
		t.Errorf("round %d: the package has these requests: %s", round, clip(string(list.Body)))
	}
}

// atOnce makes a call for each of the twins at the same time.
func atOnce(t *testing.T, s *Server, tenant string, call func(i int, r *runner) (answer, error)) []answer {
	t.Helper()
	for _, who := range []string{"app", "alice"} { // their tokens are there before they race
		if _, err := s.Token(tenant, who); err != nil {
			t.Fatal(err)
		}
	}
	replies := make([]answer, twins)
	var ready, all sync.WaitGroup
	ready.Add(twins)
	for i := range twins {
		all.Go(func() {
			ready.Done()
			ready.Wait()
			var err error
			if replies[i], err = call(i, &runner{server: s, tenant: tenant}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return replies
}
