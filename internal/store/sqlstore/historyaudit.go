package sqlstore

import (
	"context"
	"database/sql/driver"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// Paths of audits that only this file names.
const (
	isAudit = "audit"   // whether the record is one
	idText  = "id text" // the id as text, where it is not one of a record's that is compared
)

// auditPaths are the paths of History.Audits. The id of a record is the text of its number,
// twenty digits long; comparing the number with such a text compares the two as numbers, as
// the column is one, and keeps to the index.
var auditPaths = map[string]path{
	"id": {kind: kindID, column: "seq"},
	idText: {kind: kindID,
		column: "substr('00000000000000000000' || CAST(seq AS TEXT), 1 + length(CAST(seq AS TEXT)))"},
	isAudit:                 {kind: kindFlag, yes: "activity IS NOT NULL", no: "activity IS NULL"},
	"activityDateTime":      {kind: kindTime, column: "at"},
	"activityDisplayName":   {kind: kindText, column: "activity_key"},
	"result":                {kind: kindWord, column: "result", nullable: true},
	"correlationId":         {kind: kindID, column: "correlation", nullable: true},
	"initiatedBy/user/id":   {kind: kindText, column: "actor", nullable: true},
	"initiatedBy/app/appId": {kind: kindText, column: "app", nullable: true},
}

// Audits implements store.History.
func (h history) Audits(ctx context.Context, q query.Query) ([]*entitlement.Record, error) {
	text, args, err := compileAudits(h.conn.dialect, h.number, q)
	if err != nil {
		return nil, err
	}
	return h.list(ctx, text, args...)
}

// CountAudits implements store.History.
func (h history) CountAudits(ctx context.Context, filter query.Expr) (int, error) {
	ctx, err := h.reads(ctx, true)
	if err != nil {
		return 0, err
	}
	text, args, err := compileAuditCount(h.conn.dialect, h.number, filter)
	if err != nil {
		return 0, err
	}
	n, _, err := h.conn.number(ctx, text, args...)
	return int(n), err
}

func compileAuditCount(d *dialect, tenant int64, filter query.Expr) (string, []driver.Value, error) {
	return compileList(d, "SELECT count(*) FROM history", auditPaths, tenant, query.Query{Filter: auditsWhere(filter), Limit: -1})
}

// compileAudits is compileList with two differences, both for the index on the time. What
// stands behind the id in an order decides nothing and is left out, so that the order may
// end with the id descending. And a page in the order of falling time says from which time
// on it looks, instead of passing over all that is later.
func compileAudits(d *dialect, tenant int64, q query.Query) (string, []driver.Value, error) {
	filter := auditsWhere(q.Filter)
	if q.After != nil && len(q.Order) > 0 && len(q.After.Keys) == len(q.Order) {
		if o := q.Order[0]; o.Descending && o.Path == "activityDateTime" {
			filter = query.Both(filter, &query.Compare{Path: o.Path, Op: query.Le, Value: q.After.Keys[0]})
		}
	}
	text, args, err := compileList(d, historySelectFrom, auditPaths, tenant, query.Query{Filter: filter, Limit: -1})
	if err != nil {
		return "", nil, err
	}
	c := &compiler{dialect: d, paths: auditPaths, args: args}
	c.b.WriteString(text)
	keys, err := c.keys(q.Order)
	if err != nil {
		return "", nil, err
	}
	at := q.After
	for i := range keys[:len(keys)-1] {
		if keys[i].name != "id" {
			continue
		}
		keys = keys[:i+1]
		if at != nil && len(at.Keys) == len(q.Order) {
			at = &query.Cursor{Keys: at.Keys[:i], ID: at.ID}
		}
		break
	}
	if at != nil {
		c.b.WriteString(" AND ")
		if err := c.after(keys, at); err != nil {
			return "", nil, err
		}
	}
	c.order(keys)
	if q.Limit > 0 {
		c.b.WriteString(" LIMIT ")
		c.arg(int64(q.Limit))
	}
	return c.b.String(), c.args, nil
}

// auditsWhere holds for the audits for which the filter does.
func auditsWhere(filter query.Expr) query.Expr {
	return query.Both(query.Equal(isAudit, true), textOfIDs(filter))
}

// textOfIDs makes the parts of a filter that are about the text of an id, not about a
// record, look at that text.
func textOfIDs(filter query.Expr) query.Expr { return query.Rewrite(filter, textOfID) }

func textOfID(e query.Expr) query.Expr {
	isID := func(v query.Value) bool {
		s, isText := v.(string)
		_, ok := store.ParseRecordID(s)
		return ok || !isText
	}
	switch e := e.(type) {
	case *query.Match:
		if e.Path == "id" {
			return &query.Match{Path: idText, Kind: e.Kind, Text: e.Text}
		}
	case *query.Compare:
		if e.Path == "id" && !isID(e.Value) {
			return &query.Compare{Path: idText, Op: e.Op, Value: e.Value}
		}
	case *query.In:
		if e.Path != "id" {
			return e
		}
		in := &query.In{Path: "id"}
		for _, v := range e.Values {
			if isID(v) { // nothing has another id
				in.Values = append(in.Values, v)
			}
		}
		return in
	}
	return e
}
