package sqlstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"

	"github.com/google/go-cmp/cmp"
)

// TestSurvey: what is due and what waits is counted up to the limit, and the oldest is found
// whatever the limit.
func TestSurvey(t *testing.T) {
	s := openSample(t, Options{})
	now := sampleTime.Add(time.Hour)
	must(t, s.Update(t.Context(), sampleTenant, func(tx *store.Tx) error {
		for i := range 5 {
			r := waitingRequest(t, people(t, 1), people(t, 1))
			r.WaitsAt, r.WaitsSince = entitlement.PhaseCreated, sampleTime.Add(time.Duration(i)*time.Minute)
			if i == 4 {
				r.WaitsAt = entitlement.PhaseApproval
			}
			if err := tx.Requests.Insert(t.Context(), r); err != nil {
				return err
			}
			jobs := []store.Job{
				{JobKey: store.JobKey{Kind: store.JobCallout, Ref: r.ID, N: 1}, Due: now.Add(time.Duration(i-2) * time.Minute), Lane: "a"},
				{JobKey: store.JobKey{Kind: store.JobTimeout, Ref: r.ID, N: 1}, Due: now.Add(time.Duration(i) * time.Hour)},
			}
			if err := tx.Jobs.Put(t.Context(), jobs...); err != nil {
				return err
			}
		}
		return nil
	}))
	survey := func(limit int) *Survey {
		t.Helper()
		v, err := s.Survey(t.Context(), now, limit)
		must(t, err)
		return v
	}
	want := &Survey{
		Due: map[store.JobKind]Group{
			store.JobCallout: {3, now.Add(-2 * time.Minute)}, store.JobTimeout: {1, now},
		},
		Waits: map[entitlement.Phase]Group{
			entitlement.PhaseCreated: {4, sampleTime}, entitlement.PhaseApproval: {1, sampleTime.Add(4 * time.Minute)},
		},
	}
	if d := cmp.Diff(want, survey(100)); d != "" {
		t.Errorf("in full (-want +got):\n%s", d)
	}
	want.More = true
	want.Due = map[store.JobKind]Group{store.JobCallout: {2, now.Add(-2 * time.Minute)}}
	want.Waits[entitlement.PhaseCreated] = Group{2, sampleTime}
	if d := cmp.Diff(want, survey(2)); d != "" {
		t.Errorf("two of each (-want +got):\n%s", d)
	}
}

// TestSchema: the versions of the schema that there is and that is known are the same after
// the database was opened.
func TestSchema(t *testing.T) {
	s := openSample(t, Options{})
	found, known, err := s.Schema(t.Context())
	if err != nil || found != known || known < 4 {
		t.Errorf("found %d, known %d, %v", found, known, err)
	}
}

// TestOnCommit: each commit is told of, with the changes that it holds.
func TestOnCommit(t *testing.T) {
	var told []string
	s := openSample(t, Options{OnCommit: func(changes int, took time.Duration, err error) {
		told = append(told, fmt.Sprintf("%d %t %v", changes, took > 0, err)) // by the writer alone
	}})
	told = nil
	must(t, s.Update(t.Context(), sampleTenant, func(*store.Tx) error { return nil }))
	if d := cmp.Diff([]string{"1 true <nil>"}, told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	if stats := s.Stats(); stats.Queue != 0 || stats.MostQueue != 4096 || stats.InUse != 0 || stats.MostOpen == 0 {
		t.Errorf("the figures of an idle store: %+v", stats)
	}
}

// BenchmarkSurvey shows what a survey costs among a million waiting requests. The rows have
// only what is looked at.
func BenchmarkSurvey(b *testing.B) {
	s := openSample(b, Options{})
	const fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
	for _, text := range []string{
		"INSERT INTO request (tenant, id, version, created, modified, status, status_key, body, waits_at, waits_since)" +
			" " + fill + "SELECT 1, printf('%032d', i), 1, 0, 0, '', '', '', CASE i % 4 WHEN 0 THEN 'approval' ELSE 'created' END, i FROM n",
		"INSERT INTO job (tenant, ref, kind, n, due, lane, attempt, args) " + fill +
			"SELECT 1, printf('%032d', i), 'timeout', 1, i, '', 0, '' FROM n",
	} {
		raw(b, s, text)
	}
	for _, due := range []int64{0, 1_000_000} {
		b.Run(fmt.Sprintf("%d-due", due), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Survey(context.Background(), time.UnixMicro(due), 10_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
