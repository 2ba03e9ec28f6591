package modelstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
)

// pairOfStores returns a model and an SQL store, each with the tenant.
func pairOfStores(t *testing.T) (model, other store.Store) {
	t.Helper()
	sql, err := sqlstore.Open(t.Context(), sqlstore.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, sql.Close()) })
	must(t, sql.CreateTenant(t.Context(), &entitlement.Tenant{ID: sampleTenant, CreatedAt: sampleTime}))
	return sample(t, Options{}), sql
}

// TestSameAsSQL does the same to a model and to an SQL store, at random, and compares all
// that they answer.
func TestSameAsSQL(t *testing.T) {
	ctx := t.Context()
	model, other := pairOfStores(t)
	d := &dice{rand.New(rand.NewPCG(3, 4))}
	undone := errors.New("undone")
	for round := range 250 {
		var result error
		if d.IntN(4) == 0 {
			result = undone
		}
		var differs error
		merr := model.Update(ctx, sampleTenant, func(mtx *store.Tx) error {
			doomed := false
			oerr := other.Update(ctx, sampleTenant, func(otx *store.Tx) error {
				for range 12 {
					differs = differ(ctx, d, mtx, otx)
					if doomed = errors.Is(differs, errDoomed); doomed {
						differs = nil
						return nil
					}
					if differs != nil {
						return differs
					}
				}
				return result
			})
			if doomed && errors.Is(oerr, store.ErrDuplicate) {
				result, oerr = undone, undone
			}
			if oerr != result && differs == nil { //nolint:errorlint // it is returned as it is
				differs = fmt.Errorf("the SQL store returned %w", oerr)
			}
			return result
		})
		if differs != nil || merr != result { //nolint:errorlint // it is returned as it is
			t.Fatalf("round %d: the model returned %v: %v", round, merr, differs)
		}
		if err := differDue(ctx, d, model, other); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// errDoomed says that both transactions must fail, whatever their functions say: with
// store.ErrDuplicate, which the SQL store may find out only at the end.
var errDoomed = errors.New("doomed")

// differ does one thing in both transactions.
func differ(ctx context.Context, d *dice, model, other *store.Tx) error {
	switch d.IntN(8) {
	case 0:
		return differJobs(ctx, d, model, other)
	case 1:
		return differHistory(ctx, d, model, other)
	}
	n, _ := pick(d, nouns).(probe)
	if err := n.step(ctx, d, model, other); err != nil {
		return fmt.Errorf("%s: %w", n.name(), err)
	}
	return nil
}

// step does one thing with a table in both transactions.
func (n nounOf[T]) step(ctx context.Context, d *dice, model, other *store.Tx) error {
	m, o := *n.member(model), *n.member(other)
	id := d.id()
	switch d.IntN(8) {
	case 0, 1:
		obj := n.random(d, id)
		twin := n.entity.copier.give(obj)
		return same("Insert", obj, m.Insert(ctx, obj), twin, o.Insert(ctx, twin))
	case 2, 3:
		obj := n.random(d, id)
		if is, err := m.Get(ctx, id); err == nil && d.IntN(4) > 0 {
			n.entity.meta(obj).Version = n.entity.meta(is).Version
		}
		twin := n.entity.copier.give(obj)
		merr, oerr := m.Update(ctx, obj), o.Update(ctx, twin)
		if errors.Is(merr, store.ErrDuplicate) && (oerr == nil || errors.Is(oerr, store.ErrDuplicate)) {
			return errDoomed
		}
		return same("Update", obj, merr, twin, oerr)
	case 4:
		return same("Delete", nil, m.Delete(ctx, id), nil, o.Delete(ctx, id))
	case 5:
		x, err := m.Get(ctx, id)
		y, oerr := o.Get(ctx, id)
		return same("Get", x, err, y, oerr)
	}
	return n.stepQuery(ctx, d, m, o)
}

func (n nounOf[T]) random(d *dice, id entitlement.ID) *T {
	obj := new(T)
	d.fill(reflect.ValueOf(obj).Elem())
	*n.entity.meta(obj) = entitlement.Object{ID: id, CreatedAt: d.time(), ModifiedAt: d.time()}
	return obj
}

func (n nounOf[T]) stepQuery(ctx context.Context, d *dice, m, o store.Table[T]) error {
	paths := n.entity.paths
	names := slices.Sorted(maps.Keys(paths))
	q := query.Query{Filter: d.filter(paths, names, 3), Order: d.order(paths, names), Limit: d.IntN(4)}
	if d.IntN(2) == 0 {
		obj := n.random(d, d.id())
		at, err := m.Cursor(obj, q.Order)
		oat, oerr := o.Cursor(obj, q.Order)
		if err := same("Cursor", at, err, oat, oerr); err != nil {
			return err
		}
		q.After = &at
	}
	x, err := m.List(ctx, q)
	y, oerr := o.List(ctx, q)
	if err := same(fmt.Sprintf("List %s by %v after %v, %d", show(q.Filter), q.Order, q.After, q.Limit), x, err, y, oerr); err != nil {
		return err
	}
	mn, err := m.Count(ctx, q.Filter)
	on, oerr := o.Count(ctx, q.Filter)
	return same("Count "+show(q.Filter), mn, err, on, oerr)
}

// same says how two answers differ.
func same(what string, model any, merr error, other any, oerr error) error {
	if class(merr) != class(oerr) {
		return fmt.Errorf("%s: the error of the model is %q, that of the SQL store %q", what, class(merr), class(oerr))
	}
	if d := cmp.Diff(other, model); d != "" {
		return fmt.Errorf("%s: the answers differ (-SQL +model):\n%s", what, d)
	}
	return nil
}

// class tells errors apart as callers do.
func class(err error) string {
	var p *store.PathError
	switch {
	case err == nil:
		return "none"
	case errors.As(err, &p):
		return "path " + p.Path
	}
	for _, e := range []error{store.ErrNotFound, store.ErrDuplicate, store.ErrConflict, store.ErrUnavailable} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return "another"
}

func differJobs(ctx context.Context, d *dice, model, other *store.Tx) error {
	key := store.JobKey{Kind: pick(d, []store.JobKind{store.JobCallout, store.JobTimeout}), Ref: d.id(), N: d.IntN(3)}
	switch d.IntN(7) {
	case 0, 1:
		var list []store.Job
		for range 1 + d.IntN(3)*d.IntN(6) {
			list = append(list, store.Job{JobKey: key, Due: d.time(), Lane: pick(d, plainWords), Attempt: d.IntN(3), Args: pick(d, words)})
			key = store.JobKey{Kind: pick(d, []store.JobKind{store.JobCallout, store.JobTimeout}), Ref: d.id(), N: d.IntN(3)}
		}
		return same("Put", nil, model.Jobs.Put(ctx, list...), nil, other.Jobs.Put(ctx, list...))
	case 2:
		x, err := model.Jobs.Get(ctx, key)
		y, oerr := other.Jobs.Get(ctx, key)
		return same("Get of a job", x, err, y, oerr)
	case 3:
		x, err := model.Jobs.Delete(ctx, key)
		y, oerr := other.Jobs.Delete(ctx, key)
		return same("Delete of a job", x, err, y, oerr)
	case 4:
		if d.IntN(3) == 0 {
			return same("DeleteOf", nil, model.Jobs.DeleteOf(ctx, key.Ref), nil, other.Jobs.DeleteOf(ctx, key.Ref))
		}
		offset := time.Duration(d.IntN(5000) - 2500)
		return same("SetClockOffset", nil, model.Tenant.SetClockOffset(ctx, offset), nil, other.Tenant.SetClockOffset(ctx, offset))
	case 5:
		kinds := []store.JobKind{key.Kind, store.JobTimeout}[:1+d.IntN(2)]
		return same("DeleteKinds", nil, model.Jobs.DeleteKinds(ctx, key.Ref, key.N, kinds...), nil, other.Jobs.DeleteKinds(ctx, key.Ref, key.N, kinds...))
	}
	x, err := model.Jobs.Of(ctx, key.Ref)
	y, oerr := other.Jobs.Of(ctx, key.Ref)
	return same("Of", x, err, y, oerr)
}

func differDue(ctx context.Context, d *dice, model, other store.Store) error {
	now, limit, lane := d.time(), d.IntN(5), pick(d, plainWords)
	for _, list := range []func(store.Store) ([]store.Job, error){
		func(s store.Store) ([]store.Job, error) { return s.DueJobs(ctx, now, []string{lane, "two"}, limit) },
		func(s store.Store) ([]store.Job, error) { return s.DueJobsOf(ctx, sampleTenant, now, limit) },
		func(s store.Store) ([]store.Job, error) { return s.DueJobsIn(ctx, lane, now, limit) },
	} {
		x, err := list(model)
		y, oerr := list(other)
		if err := same("DueJobs", x, err, y, oerr); err != nil {
			return err
		}
	}
	x, err := model.NextDue(ctx, now)
	y, oerr := other.NextDue(ctx, now)
	return same("NextDue", x, err, y, oerr)
}

func differHistory(ctx context.Context, d *dice, model, other *store.Tx) error {
	switch d.IntN(4) {
	case 0:
		r := new(entitlement.Record)
		d.fill(reflect.ValueOf(r).Elem())
		r.CorrelationID, r.By.AppID = string(d.id()), string(d.id())
		twin := recordCopier.give(r)
		return same("Append", r, model.History.Append(ctx, r), twin, other.History.Append(ctx, twin))
	case 1:
		ref := d.id()
		x, err := model.History.Of(ctx, ref)
		y, oerr := other.History.Of(ctx, ref)
		return same("Of", x, err, y, oerr)
	case 2:
		return differAudits(ctx, d, model, other)
	}
	after, limit := int64(d.IntN(20)-2), d.IntN(5)-1
	x, err := model.History.List(ctx, after, limit)
	y, oerr := other.History.List(ctx, after, limit)
	return same("List", x, err, y, oerr)
}

func differAudits(ctx context.Context, d *dice, model, other *store.Tx) error {
	names := slices.Sorted(maps.Keys(audits.paths))
	q := query.Query{Filter: d.filter(audits.paths, names, 3), Order: d.order(audits.paths, names), Limit: d.IntN(4)}
	x, err := model.History.Audits(ctx, q)
	y, oerr := other.History.Audits(ctx, q)
	if err := same(fmt.Sprintf("Audits %s by %v, %d", show(q.Filter), q.Order, q.Limit), x, err, y, oerr); err != nil {
		return err
	}
	m, err := model.History.CountAudits(ctx, q.Filter)
	o, oerr := other.History.CountAudits(ctx, q.Filter)
	return same("CountAudits "+show(q.Filter), m, err, o, oerr)
}

func show(e query.Expr) string {
	switch e := e.(type) {
	case *query.And:
		return showAll("and", e.Parts)
	case *query.Or:
		return showAll("or", e.Parts)
	case *query.Not:
		return "not " + show(e.Part)
	}
	return fmt.Sprintf("%+v", e)
}

func showAll(word string, parts []query.Expr) string {
	s := "(" + word
	for _, p := range parts {
		s += " " + show(p)
	}
	return s + ")"
}
