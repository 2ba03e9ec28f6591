package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	requests    = root + "/assignmentRequests"
	watchEvery  = 50 * time.Millisecond
	calloutIn   = 30 * time.Second
	deliveredIn = 30 * time.Second
)

// job is one request on its way, with what the server has answered 2xx so far. A job that
// was interrupted can be run again, and goes on where it was.
type job struct {
	request   string
	resumed   bool
	delivered bool

	create, callout, resume, deliver, whole time.Duration
}

// worker runs jobs one after another over connections of its own.
type worker struct {
	server *server // the process that it talks to
	stock  *stock
	sink   *sink
	admin  *caller
	app    *caller
}

func newWorker(s *server, k *sink) *worker {
	at := s.next()
	return &worker{server: at, stock: s.stock, sink: k, admin: &caller{addr: at.addr}, app: &caller{addr: at.addr}}
}

func (w *worker) close() {
	w.admin.close()
	w.app.close()
}

// run takes the steps that were not taken yet.
func (w *worker) run(j *job) error {
	start := time.Now()
	if j.request == "" {
		if err := w.create(j, start); err != nil {
			return err
		}
	}
	instance, at, err := w.sink.wait(j.request, calloutIn, w.server.done)
	if err != nil {
		return err
	}
	j.callout = at.Sub(start)
	asked := time.Now()
	if !j.resumed {
		if err := w.resume(j, instance, asked); err != nil {
			return err
		}
	}
	if !j.delivered {
		if err := w.watch(j, asked); err != nil {
			return err
		}
	}
	j.whole = time.Since(start)
	return nil
}

func (w *worker) create(j *job, start time.Time) error {
	order, err := w.stock.order()
	if err != nil {
		return err
	}
	status, answer, err := w.admin.post(w.server.admin, order, requests)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if status != http.StatusCreated {
		return fmt.Errorf("create: status %d: %s", status, bytes.TrimSpace(answer))
	}
	if j.request = textAfter(answer, `"id":"`); j.request == "" {
		return fmt.Errorf("create: no id in %s", answer)
	}
	j.create = time.Since(start)
	return nil
}

func (w *worker) resume(j *job, instance string, asked time.Time) error {
	status, answer, err := w.app.post(w.server.app, resumeBody(instance), requests, "/", j.request, "/resume")
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if status != http.StatusNoContent {
		return fmt.Errorf("resume: status %d: %s", status, bytes.TrimSpace(answer))
	}
	j.resumed = true
	j.resume = time.Since(asked)
	return nil
}

// watch looks at the request until it is delivered, at most once in a while.
func (w *worker) watch(j *job, asked time.Time) error {
	for {
		looked := time.Now()
		status, answer, err := w.app.get(w.server.app, requests, "/", j.request)
		if err != nil {
			return fmt.Errorf("get: %w", err)
		}
		if status != http.StatusOK {
			return fmt.Errorf("get: status %d: %s", status, bytes.TrimSpace(answer))
		}
		if bytes.Contains(answer, []byte(`"state":"delivered"`)) {
			j.delivered = true
			j.deliver = time.Since(asked)
			return nil
		}
		if looked.Sub(asked) > deliveredIn {
			return fmt.Errorf("not delivered within %s: %s", deliveredIn, answer)
		}
		time.Sleep(watchEvery - time.Since(looked))
	}
}

// resumeBody is the documented Example 1.
func resumeBody(instance string) []byte {
	return []byte(`{"source":"Contoso.SodCheckProcess","type":"microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated",` +
		`"data":{"@odata.type":"microsoft.graph.accessPackageAssignmentRequestCallbackData","stage":"assignmentRequestCreated",` +
		`"customExtensionStageInstanceId":"` + instance + `","customExtensionStageInstanceDetail":"This user is all verified"}}`)
}

// ledger keeps what a server was asked and has answered.
type ledger struct {
	mu         sync.Mutex
	jobs       []*job
	parked     []string // requests that are left to wait
	unanswered int      // creates whose answer never came: they may or may not have happened
}

func (l *ledger) enter(jobs []*job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, j := range jobs {
		if j.request == "" {
			l.unanswered++
		} else {
			l.jobs = append(l.jobs, j)
		}
	}
}

// burst runs jobs for a time with so many in flight, and returns those that were whole.
// An error of a job ends its worker.
func (b *bench) burst(s *server, inFlight int, most time.Duration) ([]*job, time.Duration, error) {
	all := make([][]*job, inFlight)
	errs := make([]error, inFlight)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range inFlight {
		wg.Go(func() {
			w := newWorker(s, b.sink)
			defer w.close()
			for errs[i] == nil && time.Since(start) < most {
				j := &job{}
				if errs[i] = w.run(j); !errors.Is(errs[i], errOutOfStock) {
					all[i] = append(all[i], j)
				}
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	var whole []*job
	for _, jobs := range all {
		s.enter(jobs)
		for _, j := range jobs {
			if j.delivered {
				whole = append(whole, j)
			}
		}
	}
	return whole, elapsed, errors.Join(errs...)
}
