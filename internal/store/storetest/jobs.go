package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

func job(tenant entitlement.TenantID, kind store.JobKind, ref, n int, after time.Duration, lane string) store.Job {
	return store.Job{
		JobKey: store.JobKey{Tenant: tenant, Kind: kind, Ref: ID("ref", ref), N: n},
		Due:    moment.Add(after), Lane: lane, Attempt: n, Args: fmt.Sprint("args ", ref),
	}
}

func wantJobs(t *testing.T, what string, got []store.Job, err error, want ...store.Job) {
	t.Helper()
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func testJobs(t *testing.T, s store.Store) {
	ctx := t.Context()
	a := job(tenantA, store.JobCallout, 1, 1, time.Minute, "lane")
	b := job(tenantA, store.JobTimeout, 1, 1, time.Hour, "")
	c := job(tenantA, store.JobTimeout, 2, 7, time.Second, "")
	update(t, s, func(tx *store.Tx) error {
		stray := b
		stray.Tenant = tenantB // the transaction's counts
		return tx.Jobs.Put(ctx, a, stray, c)
	})
	update(t, s, func(tx *store.Tx) error {
		got, err := tx.Jobs.Get(ctx, a.JobKey)
		must(t, err)
		wantJobs(t, "Get", []store.Job{*got}, nil, a)
		list, err := tx.Jobs.Of(ctx, a.Ref)
		wantJobs(t, "Of", list, err, a, b)

		a.Due, a.Attempt, a.Args, a.Lane = a.Due.Add(2*time.Hour), 3, "", "other"
		must(t, tx.Jobs.Put(ctx, a))
		list, err = tx.Jobs.Of(ctx, a.Ref)
		wantJobs(t, "Of after a second Put", list, err, b, a)

		there, err := tx.Jobs.Delete(ctx, a.JobKey)
		must(t, err)
		again, err := tx.Jobs.Delete(ctx, a.JobKey)
		must(t, err)
		if !there || again {
			t.Errorf("Delete reports %v, then %v; want true, then false", there, again)
		}
		_, err = tx.Jobs.Get(ctx, a.JobKey)
		wantErr(t, "Get of a job that is gone", err, store.ErrNotFound)
		must(t, tx.Jobs.Put(ctx, a))
		must(t, tx.Jobs.DeleteOf(ctx, a.Ref))
		list, err = tx.Jobs.Of(ctx, a.Ref)
		wantJobs(t, "Of after DeleteOf", list, err)
		list, err = tx.Jobs.Of(ctx, c.Ref)
		wantJobs(t, "Of another", list, err, c)
		return nil
	})
	view(t, s, func(tx *store.Tx) error {
		if tx.Jobs.Put(ctx, a) == nil || tx.Jobs.DeleteOf(ctx, a.Ref) == nil || tx.Jobs.DeleteKinds(ctx, a.Ref, a.N, a.Kind) == nil {
			t.Error("a View can change jobs")
		}
		return nil
	})
}

// testManyJobs puts and removes several jobs at once.
func testManyJobs(t *testing.T, s store.Store) {
	ctx := t.Context()
	var all []store.Job
	for n := range 20 {
		all = append(all, job(tenantA, store.JobNotice, 1, n, time.Duration(n)*time.Second, "lane"))
	}
	twice := append(slices.Clone(all), all[3], all[7])
	twice[3].Args, twice[7].Args = "earlier", "earlier"
	callout := job(tenantA, store.JobCallout, 1, 5, time.Hour, "")
	timeout := job(tenantA, store.JobTimeout, 1, 5, 2*time.Hour, "")
	later := job(tenantA, store.JobTimeout, 1, 6, 3*time.Hour, "")
	other := job(tenantA, store.JobTimeout, 2, 5, time.Hour, "")
	update(t, s, func(tx *store.Tx) error {
		must(t, tx.Jobs.Put(ctx))
		must(t, tx.Jobs.Put(ctx, twice...))
		list, err := tx.Jobs.Of(ctx, callout.Ref)
		wantJobs(t, "Of after a Put of many", list, err, all...)
		must(t, tx.Jobs.Put(ctx, callout, timeout, later, other))
		must(t, tx.Jobs.DeleteKinds(ctx, callout.Ref, 5, store.JobCallout, store.JobTimeout))
		must(t, tx.Jobs.DeleteKinds(ctx, callout.Ref, 5, store.JobWake))
		list, err = tx.Jobs.Of(ctx, callout.Ref)
		wantJobs(t, "Of after DeleteKinds", list, err, append(all, later)...)
		list, err = tx.Jobs.Of(ctx, other.Ref)
		wantJobs(t, "Of another after DeleteKinds", list, err, other)
		return nil
	})
}

func testDueJobs(t *testing.T, s store.Store) {
	ctx := t.Context()
	a1 := job(tenantA, store.JobCallout, 1, 1, 3*time.Second, "slow")
	a2 := job(tenantA, store.JobTimeout, 1, 1, time.Second, "")
	a3 := job(tenantA, store.JobTimeout, 2, 1, time.Hour, "")
	b1 := job(tenantB, store.JobCallout, 1, 1, 2*time.Second, "fast")
	update(t, s, func(tx *store.Tx) error { return tx.Jobs.Put(ctx, a1, a2, a3) })
	must(t, s.Update(ctx, tenantB, func(tx *store.Tx) error { return tx.Jobs.Put(ctx, b1) }))
	now := moment.Add(3 * time.Second)

	list, err := s.DueJobs(ctx, now, nil, 10)
	wantJobs(t, "DueJobs", list, err, a2, b1, a1)
	list, err = s.DueJobs(ctx, now.Add(-time.Microsecond), nil, 10)
	wantJobs(t, "DueJobs just before", list, err, a2, b1)
	list, err = s.DueJobs(ctx, now, nil, 1)
	wantJobs(t, "DueJobs, one", list, err, a2)
	list, err = s.DueJobs(ctx, now, []string{"slow", "other"}, 10)
	wantJobs(t, "DueJobs without a lane", list, err, a2, b1)
	list, err = s.DueJobs(ctx, now, []string{"slow", "fast", ""}, 10)
	wantJobs(t, "DueJobs without all lanes", list, err)
	list, err = s.DueJobsOf(ctx, tenantA, now, 10)
	wantJobs(t, "DueJobsOf", list, err, a2, a1)
	list, err = s.DueJobsIn(ctx, "slow", now, 10)
	wantJobs(t, "DueJobsIn", list, err, a1)
	list, err = s.DueJobsIn(ctx, "", now, 10)
	wantJobs(t, "DueJobsIn no lane", list, err, a2)
	list, err = s.DueJobsLike(ctx, store.JobTimeout, now, 10)
	wantJobs(t, "DueJobsLike", list, err, a2)

	for _, test := range []struct{ now, want time.Time }{
		{moment, a2.Due}, {a2.Due, b1.Due}, {a1.Due, a3.Due}, {a3.Due, time.Time{}},
	} {
		got, err := s.NextDue(ctx, test.now)
		must(t, err)
		if !got.Equal(test.want) {
			t.Errorf("NextDue(%v) = %v, want %v", test.now, got, test.want)
		}
	}
}
