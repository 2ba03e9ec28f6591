package modelstore

import (
	"context"
	"testing"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

// benchSize is how many requests there are: about as many as a run of the simulation makes.
const benchSize = 500

// waitingRequest waits for a callback, and for approval after that.
var waitingRequest = entitlement.Request{
	Object: entitlement.Object{CreatedAt: sampleTime, ModifiedAt: sampleTime},
	Type:   entitlement.TypeUserAdd, CatalogID: storetest.ID("catalog", 0), RequestorID: storetest.ID("user", 0),
	State: entitlement.RequestSubmitted, Status: entitlement.StatusWaitingForCallback,
	Requestor:     entitlement.Subject{ObjectID: storetest.ID("user", 0), DisplayName: "Adele Vance"},
	Target:        entitlement.Subject{ObjectID: storetest.ID("user", 0), DisplayName: "Adele Vance"},
	Justification: new("I need this for the quarterly report."),
	Progress: entitlement.Progress{
		Phase: entitlement.PhaseCreated, Wait: 1,
		Plan: entitlement.Plan{
			Seed:     "0123456789abcdef0123456789abcdef",
			Callouts: []entitlement.PlannedCallout{{Stage: entitlement.StageCreated, CallbackTimeout: time.Hour}},
			Approval: []entitlement.ApprovalStage{{Primary: []entitlement.SubjectSet{{Kind: entitlement.SingleUser}}}},
		},
		Callouts: []entitlement.Callout{{ID: storetest.ID("callout", 0), StartedAt: sampleTime, Deadline: sampleTime.Add(time.Hour)}},
	},
}

func benchRequest(n int) *entitlement.Request {
	o := new(waitingRequest)
	o.ID, o.PackageID, o.PolicyID = storetest.ID("id", n), storetest.ID("package", n%20), storetest.ID("policy", n%20)
	o.TargetID, o.OpenKey = storetest.ID("user", n%50), string(o.ID)
	return o
}

func benchStore(b *testing.B) *Store {
	s, ctx := sample(b, Options{}), b.Context()
	for n := range benchSize {
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return insertAll(ctx, tx, n) }))
	}
	b.ReportAllocs()
	return s
}

// insertAll does what submitting a request does: the request, two jobs, two records.
func insertAll(ctx context.Context, tx *store.Tx, n int) error {
	o := benchRequest(n)
	if err := tx.Requests.Insert(ctx, o); err != nil {
		return err
	}
	err := tx.Jobs.Put(ctx,
		store.Job{JobKey: store.JobKey{Ref: o.ID, Kind: store.JobCallout, N: 1}, Due: sampleTime.Add(time.Duration(n))},
		store.Job{JobKey: store.JobKey{Ref: o.ID, Kind: store.JobTimeout, N: 1}, Due: sampleTime.Add(time.Hour)})
	if err != nil {
		return err
	}
	return tx.History.Append(ctx, &entitlement.Record{At: sampleTime, Ref: o.ID}, &entitlement.Record{At: sampleTime, Ref: o.ID})
}

func BenchmarkGet(b *testing.B) {
	s, ctx := benchStore(b), b.Context()
	n := 0
	for b.Loop() {
		n++
		must(b, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
			_, err := tx.Requests.Get(ctx, storetest.ID("id", n%benchSize))
			return err
		}))
	}
}

func BenchmarkGetInTx(b *testing.B) {
	s, ctx := benchStore(b), b.Context()
	id := storetest.ID("id", 77)
	must(b, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
		for b.Loop() {
			if _, err := tx.Requests.Get(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

func BenchmarkInsert(b *testing.B) {
	s, ctx := benchStore(b), b.Context()
	n := benchSize
	for b.Loop() {
		n++
		o := benchRequest(n)
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.Requests.Insert(ctx, o) }))
	}
}

func BenchmarkSubmit(b *testing.B) {
	s, ctx := benchStore(b), b.Context()
	n := benchSize
	for b.Loop() {
		n++
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return insertAll(ctx, tx, n) }))
	}
}

func BenchmarkUpdate(b *testing.B) {
	s, ctx := benchStore(b), b.Context()
	n := 0
	for b.Loop() {
		n++
		must(b, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
			o, err := tx.Requests.Get(ctx, storetest.ID("id", n%benchSize))
			if err != nil {
				return err
			}
			o.Progress.Wait++
			return tx.Requests.Update(ctx, o)
		}))
	}
}

// BenchmarkListIndexed lists the 10 open requests of a target.
func BenchmarkListIndexed(b *testing.B) {
	benchList(b, query.Both(query.Equal("target/objectId", string(storetest.ID("user", 7))), query.Equal("open", true)))
}

// BenchmarkListTwo lists the 5 requests for a target of a package: two indexes, one is used.
func BenchmarkListTwo(b *testing.B) {
	benchList(b, query.Both(query.Equal("target/objectId", string(storetest.ID("user", 7))), query.Equal("accessPackage/id", string(storetest.ID("package", 7)))))
}

// BenchmarkListScan looks at all requests and finds none.
func BenchmarkListScan(b *testing.B) { benchList(b, query.Equal("state", "none")) }

func benchList(b *testing.B, filter query.Expr) {
	s, ctx := benchStore(b), b.Context()
	for b.Loop() {
		must(b, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
			_, err := tx.Requests.List(ctx, query.Query{Filter: filter})
			return err
		}))
	}
}
