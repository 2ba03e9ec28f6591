package modelstore

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
	"anteroom/internal/store/storetest"
)

const sampleTenant = entitlement.TenantID("0191aaaa-0000-7000-8000-000000000001")

var sampleTime = time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// sample returns a store with a tenant.
func sample(t testing.TB, o Options) *Store {
	t.Helper()
	s := New(o)
	must(t, s.CreateTenant(t.Context(), &entitlement.Tenant{ID: sampleTenant, CreatedAt: sampleTime}))
	return s
}

// probe is what the tests ask of a noun; nounOf has it.
type probe interface {
	noun
	testIsolated(t *testing.T, s *Store)
	step(ctx context.Context, d *dice, model, other *store.Tx) error
}

// TestIsolated changes what was given to the store and what came out of it.
func TestIsolated(t *testing.T) {
	for _, n := range nouns {
		t.Run(n.name(), func(t *testing.T) { n.(probe).testIsolated(t, sample(t, Options{})) })
	}
	t.Run("History", func(t *testing.T) {
		s, ctx := sample(t, Options{}), t.Context()
		r := storetest.Filled[entitlement.Record](1)
		must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return tx.History.Append(ctx, r) }))
		want := recordCopier.give(r)
		for range 2 {
			spoil(reflect.ValueOf(r).Elem())
			must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
				list, err := tx.History.Of(ctx, want.Ref)
				must(t, err)
				r = list[0]
				return nil
			}))
			if d := cmp.Diff(want, r); d != "" {
				t.Errorf("the store shares a record (-want +got):\n%s", d)
			}
		}
	})
}

func (n nounOf[T]) testIsolated(t *testing.T, s *Store) {
	ctx := t.Context()
	o, want := storetest.Filled[T](1), storetest.Filled[T](1)
	m := n.entity.meta(want)
	m.Version = 1
	must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error { return (*n.member(tx)).Insert(ctx, o) }))
	for range 3 {
		spoil(reflect.ValueOf(o).Elem())
		must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) (err error) {
			o, err = (*n.member(tx)).Get(ctx, m.ID)
			return err
		}))
		if d := cmp.Diff(want, o); d != "" {
			t.Fatalf("the store shares an object (-want +got):\n%s", d)
		}
	}
}

// spoil overwrites all that is reached from v.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		spoil(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				spoil(v.Field(i))
			}
		}
	default:
		v.SetZero()
	}
}

// TestTimes stores times of another zone and finer than microseconds.
func TestTimes(t *testing.T) {
	s, ctx := sample(t, Options{}), t.Context()
	odd := sampleTime.Add(789).In(time.FixedZone("east", 3600))
	o := storetest.Filled[entitlement.Request](1)
	o.CreatedAt, o.Progress.Callouts[0].StartedAt = odd, odd
	j := store.Job{JobKey: store.JobKey{Ref: "r", Kind: store.JobWake}, Due: odd}
	must(t, s.Update(ctx, sampleTenant, func(tx *store.Tx) error {
		must(t, tx.Jobs.Put(ctx, j))
		return tx.Requests.Insert(ctx, o)
	}))
	must(t, s.View(ctx, sampleTenant, func(tx *store.Tx) error {
		got, err := tx.Requests.Get(ctx, o.ID)
		must(t, err)
		job, err := tx.Jobs.Get(ctx, j.JobKey)
		must(t, err)
		for _, at := range []time.Time{got.CreatedAt, got.Progress.Callouts[0].StartedAt, job.Due} {
			if at != sampleTime { // the zone counts
				t.Errorf("a time came back as %v, want %v", at, sampleTime)
			}
		}
		return nil
	}))
}

// TestNouns holds nouns to the tables of store.Tx.
func TestNouns(t *testing.T) {
	s := sample(t, Options{})
	must(t, s.View(t.Context(), sampleTenant, func(tx *store.Tx) error {
		v := reflect.ValueOf(tx).Elem()
		for i := range v.NumField() {
			if v.Field(i).IsNil() {
				t.Errorf("store.Tx has %s; nouns does not", v.Type().Field(i).Name)
			}
		}
		for _, n := range nouns {
			if !v.FieldByName(n.name()).IsValid() {
				t.Errorf("store.Tx does not have %s; nouns does", n.name())
			}
		}
		return nil
	}))
}
