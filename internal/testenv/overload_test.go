package testenv

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anteroom/internal/server"

	"github.com/google/uuid"
)

// TestOverload asks a server for several times what it can do: it refuses what it has no
// room for with 503 or 429, Retry-After and a code, goes on doing about as much as before,
// and refuses creates before answers. Figures are printed; a machine that is shared proves
// little by them.
func TestOverload(t *testing.T) {
	if raceDetector {
		t.Skip("the machine is the limit then, not the server; it runs without the race detector")
	}
	spell := 2 * time.Second
	if night() {
		spell = 5 * time.Minute
	}
	for _, b := range []Backend{File, Postgres} {
		t.Run(string(b), func(t *testing.T) {
			l := &overload{t: t, sink: NewEndpoint("202"), tenant: NewTenant()}
			defer l.sink.Close()
			o := server.DevOptions{MaxGroup: 8, MaxQueue: 256, CommitDelay: 10 * time.Millisecond} // a slow disk
			if b == Postgres {
				o.Data = PostgresURL(t)
			} else {
				o.Data = t.TempDir() + "/anteroom.db"
			}
			l.s = StartWith(t, o)
			var err error
			if l.pkg, err = l.s.MakePackage(l.tenant, "Created:P1D@"+l.sink.URL); err != nil {
				t.Fatal(err)
			}
			fits := l.run(32, spell)
			more := l.run(200, spell)
			t.Logf("with 32 callers %v; with 200 %v", fits, more)
			if more.refused == 0 {
				t.Error("nothing was refused, so that the load was no overload")
			}
			if more.answersRefused > 0 {
				t.Errorf("%d answers were refused while creates give way", more.answersRefused)
			}
			if more.made == 0 || more.answered == 0 {
				t.Errorf("it collapsed: %v", more)
			}
			if d := l.recovers(); d > hangLimit {
				t.Errorf("it took %v to recover", d)
			}
		})
	}
}

const hangLimit = time.Minute

// overload is a load on one server.
type overload struct {
	t      *testing.T
	s      *Server
	sink   *Endpoint
	tenant string
	pkg    Package
}

// tally is what a load was answered.
type tally struct {
	made, answered, refused, answersRefused int64
	slowest                                 time.Duration // of what was done
}

func (t tally) String() string {
	return fmt.Sprintf("%d made, %d answered, %d refused, the slowest took %v", t.made, t.answered, t.refused+t.answersRefused, t.slowest)
}

// run has callers ask for access, of which an eighth answer callouts meanwhile.
func (l *overload) run(callers int, spell time.Duration) tally {
	var made, answered, refused, answersRefused, slowest atomic.Int64
	ctx, cancel := context.WithTimeout(l.t.Context(), spell)
	defer cancel()
	take := make(chan Callout, 1<<16)
	seen := len(l.sink.Received())
	var all sync.WaitGroup
	all.Go(func() { // hands on what the sink receives
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			<-tick.C
			now := l.sink.Received()
			for _, c := range now[seen:] {
				take <- c
			}
			seen = len(now)
		}
		close(take)
	})
	for range callers / 8 {
		all.Go(func() {
			for c := range take {
				if ctx.Err() != nil {
					return
				}
				path := "/assignmentRequests/" + c.Value("AccessPackageAssignmentRequestId") + "/resume"
				if l.call("extension", path, c.Resume(""), http.StatusNoContent, &slowest) {
					answered.Add(1)
				} else {
					answersRefused.Add(1)
				}
			}
		})
	}
	for range callers - callers/8 {
		all.Go(func() {
			for ctx.Err() == nil {
				if l.create(&slowest) {
					made.Add(1)
					continue
				}
				refused.Add(1)
				<-time.After(50 * time.Millisecond) // a caller that is less patient than it is told to be
			}
		})
	}
	all.Wait()
	return tally{made.Load(), answered.Load(), refused.Load(), answersRefused.Load(), time.Duration(slowest.Load()).Round(time.Millisecond)}
}

// call makes a call and reports whether it was done, not refused.
func (l *overload) call(who, path string, body any, want int, slowest *atomic.Int64) bool {
	begin := time.Now()
	r, err := l.s.Call(l.tenant, who, http.MethodPost, path, body)
	if err != nil {
		l.t.Errorf("%s: %v", path, err)
		return false
	}
	if r.Status == want {
		for d, was := int64(time.Since(begin)), slowest.Load(); d > was && !slowest.CompareAndSwap(was, d); {
			was = slowest.Load()
		}
		return true
	}
	l.refusal(r)
	return false
}

func (l *overload) refusal(r Reply) {
	shed := r.Status == http.StatusServiceUnavailable || r.Status == http.StatusTooManyRequests
	if !shed || r.Header.Get("Retry-After") == "" || r.Value("error/code") == "" {
		l.t.Errorf("%d %s", r.Status, clip(string(r.Body)))
	}
}

// create makes somebody and asks for access for them.
func (l *overload) create(slowest *atomic.Int64) bool {
	name := uuid.NewString()
	r, err := l.s.CallAt(l.tenant, "app", http.MethodPost, "/v1.0/users", map[string]any{
		"displayName": "Somebody", "userPrincipalName": name + "@contoso.example", "mailNickname": "somebody", "accountEnabled": true,
		"passwordProfile": map[string]string{"password": "x"},
	})
	if err != nil || r.Status != http.StatusCreated {
		l.refusal(r)
		return false
	}
	return l.call("app", "/assignmentRequests", map[string]any{
		"requestType": "adminAdd", "assignment": map[string]string{"targetId": r.Value("id"), "accessPackageId": l.pkg.ID},
	}, http.StatusCreated, slowest)
}

// recovers is how long it takes until a create is taken again.
func (l *overload) recovers() time.Duration {
	begin := time.Now()
	await(l.t, func() bool {
		_, err := l.s.NewPerson(l.tenant)
		return err == nil
	})
	return time.Since(begin)
}
