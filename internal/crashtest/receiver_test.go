package crashtest

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is the endpoint of extensions: a real server that writes down what it gets, and
// fails or dawdles now and then if it is flaky.
type receiver struct {
	*httptest.Server
	flaky  bool
	onCall func(received) // called for each callout for whose answer a request waits

	mu  sync.Mutex
	log []received
}

func newReceiver(t testing.TB, flaky bool, onCall func(received)) *receiver {
	r := &receiver{flaky: flaky, onCall: onCall}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

// ServeHTTP receives a callout; its path is the tenant.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body struct {
		AccessPackageAssignmentRequestId, CustomExtensionStageInstanceId, Stage string
		CallbackConfiguration                                                   *struct{ DurationBeforeTimeout string }
	}
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return // the caller died while it spoke
	}
	if err := json.Unmarshal(data, &body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, after := r.behave()
	got := received{
		tenant: strings.Trim(req.URL.Path, "/"), request: body.AccessPackageAssignmentRequestId, instance: body.CustomExtensionStageInstanceId,
		stage: body.Stage, webhookID: req.Header.Get("Webhook-Id"), answer: answer,
	}
	r.mu.Lock()
	r.log = append(r.log, got)
	r.mu.Unlock()
	if r.onCall != nil && body.CallbackConfiguration != nil {
		r.onCall(got)
	}
	pause(after)
	if answer == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(answer)
}

// behave says how the next callout is answered, and after what time.
func (r *receiver) behave() (answer int, after time.Duration) {
	if !r.flaky {
		return http.StatusAccepted, 0
	}
	switch n := rand.IntN(100); {
	case n < 8:
		return http.StatusInternalServerError, 0
	case n < 12:
		return 0, 0
	case n < 14: // longer than the server waits
		return http.StatusAccepted, 2500 * time.Millisecond
	case n < 30:
		return http.StatusOK, time.Duration(rand.IntN(200)) * time.Millisecond
	}
	return http.StatusAccepted, 0
}

func (r *receiver) received() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.log...)
}

// pause lets time pass in which others do something.
func pause(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
