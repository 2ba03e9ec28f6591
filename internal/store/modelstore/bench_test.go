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

// filledRequest has something in every member.
var filledRequest = storetest.Filled[entitlement.Request](1)

func benchRequest(n int) *entitlement.Request {
	o := new(*filledRequest)
	o.ID = storetest.ID("id", n)
	o.PackageID, o.TargetID, o.PolicyID = storetest.ID("package", n%20), storetest.ID("user", n%50), storetest.ID("policy", n%20)
	o.CatalogID, o.OpenKey = storetest.ID("catalog", 0), string(o.ID)
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
	benchList(b, query.Both(query.Equal("target/objectId", string(storetest.ID("user", 7))), query.Equal("open", false)))
}

// BenchmarkListOne lists the request for a target of a package, if there is any.
func BenchmarkListOne(b *testing.B) {
	benchList(b, query.Both(query.Equal("target/objectId", string(storetest.ID("user", 7))), query.Equal("accessPackage/id", string(storetest.ID("package", 3)))))
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
