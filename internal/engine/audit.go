package engine

import (
	"context"
	"errors"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// AuditID is the id of a record as a directory audit.
func AuditID(r *entitlement.Record) string { return store.RecordID(r.Seq) }

// Audits is the history as directory audits: the records that have an activity, the newest
// first where no order is asked for. Beside the paths of store.History, queries may name
// category and loggedByService.
//
// graph: directoryAudit
func (r Reader) Audits() Visible[entitlement.Record] {
	of := r.Requests // every view is of one engine and for one actor
	return visible(of.engine, of.actor, rules.Audits, func(tx *store.Tx) store.Table[entitlement.Record] { return audits{tx.History} })
}

// audits shows the audits of the history as a table that cannot be written.
type audits struct{ history store.History }

// Get implements store.Table.
func (t audits) Get(ctx context.Context, id entitlement.ID) (*entitlement.Record, error) {
	if _, ok := store.ParseRecordID(string(id)); !ok {
		return nil, store.ErrNotFound
	}
	list, err := t.history.Audits(ctx, query.Query{Filter: query.Equal("id", string(id)), Limit: 1})
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// List implements store.Table.
func (t audits) List(ctx context.Context, q query.Query) ([]*entitlement.Record, error) {
	q.Filter, q.Order = ofActivities(q.Filter), auditOrder(q.Order)
	return t.history.Audits(ctx, q)
}

// Count implements store.Table.
func (t audits) Count(ctx context.Context, filter query.Expr) (int, error) {
	return t.history.CountAudits(ctx, ofActivities(filter))
}

// Cursor implements store.Table.
func (t audits) Cursor(r *entitlement.Record, order []query.Order) (query.Cursor, error) {
	order = auditOrder(order)
	for _, o := range order {
		if _, ok := store.AuditValue(r, o.Path); !ok {
			return query.Cursor{}, &store.PathError{Path: o.Path, Reason: "it cannot be sorted by"}
		}
	}
	value := func(path string) query.Value {
		v, _ := store.AuditValue(r, path)
		return v
	}
	return query.Position(order, value, AuditID(r)), nil
}

var errAppendOnly = errors.New("engine: the history is never changed")

// Insert and its like are no ways to change the history.
func (audits) Insert(context.Context, *entitlement.Record) error { return errAppendOnly }
func (audits) Add(context.Context, *entitlement.Record) error    { return errAppendOnly }
func (audits) Ensure(context.Context, *entitlement.Record) error { return errAppendOnly }
func (audits) Update(context.Context, *entitlement.Record) error { return errAppendOnly }
func (audits) Delete(context.Context, entitlement.ID) error      { return errAppendOnly }

// auditOrder makes an order total in the direction of its last key, so that what happened at
// one time stands in the order, or in the opposite order, in which it happened.
func auditOrder(order []query.Order) []query.Order {
	if len(order) == 0 {
		order = []query.Order{{Path: "activityDateTime", Descending: true}}
	}
	if slices.ContainsFunc(order, func(o query.Order) bool { return o.Path == "id" }) {
		return order
	}
	return append(slices.Clip(order), query.Order{Path: "id", Descending: order[len(order)-1].Descending})
}

// ofActivities puts, in the place of what a filter says of category and loggedByService,
// which follow from the activity, what that means for the activity.
func ofActivities(filter query.Expr) query.Expr { return query.Rewrite(filter, ofActivity) }

func ofActivity(e query.Expr) query.Expr {
	path := ""
	switch e := e.(type) {
	case *query.Compare:
		path = e.Path
	case *query.In:
		path = e.Path
	case *query.Match:
		path = e.Path
	}
	holds := func(v string) bool { return query.Holds(e, func(string) query.Value { return v }) }
	switch path {
	case "loggedByService":
		if holds(entitlement.AuditService) {
			return &query.And{} // of all
		}
		return &query.Or{} // of none
	case "category":
		return ofCategories(holds)
	}
	return e
}

// ofCategories is a filter for the activities of the categories that are in. The category of
// entitlement management has all activities that no other has.
func ofCategories(in func(category string) bool) query.Expr {
	rest := in(entitlement.CategoryEntitlement)
	list := &query.In{Path: "activityDisplayName"}
	for category, activities := range entitlement.OtherCategories {
		if in(category) == rest {
			continue
		}
		for _, a := range activities {
			list.Values = append(list.Values, string(a))
		}
	}
	if rest {
		return &query.Not{Part: list}
	}
	return list
}
