package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// faults counts what must never happen.
type faults struct {
	Lost    int `json:"lost"`    // answered 201, and not delivered, or not called out
	Doubled int `json:"doubled"` // two instances of a callout, or more assignments than requests
	Undone  int `json:"undone"`  // answered 2xx, and not so after a crash
	notes   []string
}

func (f *faults) any() bool { return f.Lost+f.Doubled+f.Undone > 0 }

// note keeps what went wrong, for the report.
func (f *faults) note(err error) {
	const most = 10
	if len(f.notes) < most {
		text, _, _ := strings.Cut(err.Error(), "\n")
		f.notes = append(f.notes, text)
	}
}

func (f *faults) add(count *int, format string, args ...any) {
	*count++
	f.note(fmt.Errorf(format, args...))
}

// standing is how a request stands.
type standing struct{ State, Status string }

const waiting = "WaitingForCallback"

// standings lists all requests of the server.
func (s *server) standings() (map[string]standing, error) {
	a := s.api()
	defer a.close()
	all := map[string]standing{}
	path := requests + "?$select=id,state,status&$top=999"
	for path != "" {
		var page struct {
			Value []struct {
				ID string
				standing
			}
			Next string `json:"@odata.nextLink"`
		}
		if err := a.read(&page, path); err != nil {
			return nil, err
		}
		for _, r := range page.Value {
			all[r.ID] = r.standing
		}
		path = strings.TrimPrefix(page.Next, "http://"+s.addr)
	}
	return all, nil
}

// crash kills the server under load, starts it again on the same file, and looks whether
// all that it had answered is still so. Then it lets all jobs come to their end.
func (b *bench) crash(ctx context.Context, s *server) error {
	killed := make(chan error, 1)
	time.AfterFunc(b.round/2, func() { killed <- s.cmd.Process.Kill() })
	before := len(s.jobs)
	_, _, _ = b.burst(s, 64, b.round) // they end with errors when the server is gone
	if err := <-killed; err != nil {
		return err
	}
	<-s.done
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("starting again: %w", err)
	}
	found, err := s.standings()
	if err != nil {
		return err
	}
	for _, j := range s.jobs {
		at, ok := found[j.request]
		switch {
		case !ok:
			b.faults.add(&b.faults.Undone, "request %s is gone after a crash", j.request)
		case j.resumed && at.Status == waiting:
			b.faults.add(&b.faults.Undone, "the resume of request %s is gone after a crash", j.request)
		case j.delivered && at.State != "delivered":
			b.faults.add(&b.faults.Undone, "request %s was delivered and is %s after a crash", j.request, at.State)
		}
	}
	b.finish(s, s.jobs[before:])
	return b.check(s)
}

// finish runs interrupted jobs to their end.
func (b *bench) finish(s *server, jobs []*job) {
	w := newWorker(s, b.sink)
	defer w.close()
	for _, j := range jobs {
		if j.delivered {
			continue
		}
		if err := w.run(j); err != nil {
			b.faults.note(fmt.Errorf("after a crash: %w", err))
		}
	}
}

// check compares what the server has with what it was asked.
func (b *bench) check(s *server) error {
	found, err := s.standings()
	if err != nil {
		return err
	}
	known := len(s.jobs) + len(s.parked)
	delivered := 0
	for _, j := range s.jobs {
		if at := found[j.request]; !j.delivered || at.State != "delivered" {
			b.faults.add(&b.faults.Lost, "request %s was not delivered: it is %q %q", j.request, at.State, at.Status)
			continue
		}
		delivered++
	}
	for _, id := range s.parked {
		if at := found[id]; at.Status != waiting {
			b.faults.add(&b.faults.Undone, "request %s should wait, but is %q %q", id, at.State, at.Status)
		}
	}
	if len(found) < known || len(found) > known+s.unanswered {
		b.faults.add(&b.faults.Doubled, "there are %d requests, but %d were answered and %d were not", len(found), known, s.unanswered)
	}
	var page struct {
		Count int `json:"@odata.count"`
	}
	a := s.api()
	defer a.close()
	if err := a.read(&page, root+"/assignments?$filter=state%20eq%20'delivered'&$count=true&$top=1"); err != nil {
		return err
	}
	if page.Count != delivered {
		b.faults.add(&b.faults.Doubled, "there are %d assignments for %d requests that were delivered", page.Count, delivered)
	}
	b.values.add("checked", float64(known))
	return nil
}

// checkpoint brings the log of a database into its file and empties it.
func checkpoint(ctx context.Context, file string) (err error) {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: url.Values{"_pragma": {"busy_timeout(5000)"}}.Encode()}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	q, ok := conn.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver cannot execute")
	}
	_, err = q.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	return err
}
