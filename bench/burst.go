package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Of a burst: so many requests wait, and then all are resumed by so many callers.
const (
	burstJobs    = 15_000
	burstCallers = 64
)

// burstPart parks requests and resumes them all.
func (b *bench) burstPart(ctx context.Context, key string, s *server) error {
	n := burstJobs
	if b.quick {
		n /= 5
	}
	jobs, rate, err := b.leaveWaiting(s, n)
	if err != nil {
		return err
	}
	b.values.add(key+".create.rate", rate)
	start := time.Now()
	resumes := make([]time.Duration, len(jobs))
	err = b.each(s, burstCallers, len(jobs), func(w *worker, i int) error {
		instance, _, err := w.sink.wait(jobs[i].request, calloutIn, w.server.done)
		if err == nil {
			err = w.resume(jobs[i], instance, time.Now())
		}
		resumes[i] = jobs[i].resume
		return err
	})
	if err != nil {
		return err
	}
	b.values.add(key+".resume.rate", float64(len(jobs))/time.Since(start).Seconds())
	b.values.addTime(key+".resume.p50", percentile(resumes, 50))
	b.values.addTime(key+".resume.p99", percentile(resumes, 99))
	err = b.each(s, burstCallers, len(jobs), func(w *worker, i int) error { return w.watch(jobs[i], time.Now()) })
	s.enter(jobs)
	return errors.Join(err, ctx.Err())
}

// leaveWaiting makes requests, waits until their callouts have come, and returns how many
// were made in a second.
func (b *bench) leaveWaiting(s *server, n int) ([]*job, float64, error) {
	jobs := make([]*job, n)
	start := time.Now()
	err := b.each(s, burstCallers, n, func(w *worker, i int) error {
		jobs[i] = &job{}
		return w.create(jobs[i], time.Now())
	})
	rate := float64(n) / time.Since(start).Seconds()
	if err != nil {
		return nil, 0, err
	}
	for _, j := range jobs {
		if _, _, err := b.sink.wait(j.request, calloutIn, s.done); err != nil {
			return nil, 0, err
		}
	}
	return jobs, rate, nil
}

// each does something n times, with so many workers.
func (b *bench) each(s *server, workers, n int, do func(w *worker, i int) error) error {
	errs := make([]error, workers)
	var next atomic.Int64
	var wg sync.WaitGroup
	for k := range errs {
		wg.Go(func() {
			w := newWorker(s, b.sink)
			defer w.close()
			for i := int(next.Add(1) - 1); errs[k] == nil && i < n; i = int(next.Add(1) - 1) {
				errs[k] = do(w, i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
