package modelstore

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// audits are the records of the history that have an activity.
var audits = build(entity[entitlement.Record]{
	fields: []field[entitlement.Record]{
		audit(kindID, "id"), audit(kindTime, "activityDateTime"), audit(kindText, "activityDisplayName"),
		audit(kindWord, "result"), audit(kindID, "correlationId"), audit(kindID, "initiatedBy/user/id"),
		audit(kindID, "initiatedBy/app/appId"),
	},
})

func audit(k kind, path string) field[entitlement.Record] {
	return field[entitlement.Record]{kind: k, paths: []string{path}, value: func(r *entitlement.Record) query.Value {
		v, _ := store.AuditValue(r, path)
		return v
	}}
}

// Audits implements store.History.
func (h history) Audits(ctx context.Context, q query.Query) ([]*entitlement.Record, error) {
	found, err := h.audits(ctx, q)
	if err != nil {
		return nil, err
	}
	var list []*entitlement.Record
	for _, r := range found {
		list = append(list, recordCopier.give(r))
	}
	return list, nil
}

// CountAudits implements store.History.
func (h history) CountAudits(ctx context.Context, filter query.Expr) (int, error) {
	found, err := h.audits(ctx, query.Query{Filter: filter})
	return len(found), err
}

func (h history) audits(ctx context.Context, q query.Query) ([]*entitlement.Record, error) {
	err := h.reads(ctx)
	if err != nil {
		return nil, err
	}
	c := checker{paths: audits.paths}
	if q.Filter, err = c.filter(q.Filter); err != nil {
		return nil, err
	}
	if err := checkPage(audits.paths, q); err != nil {
		return nil, err
	}
	var all []*entitlement.Record
	for _, r := range h.tenant.history {
		if r.Activity != "" {
			all = append(all, r)
		}
	}
	return query.Page(all, q, audits.value, func(r *entitlement.Record) string { return store.RecordID(r.Seq) }), nil
}
