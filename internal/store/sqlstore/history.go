package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

const (
	historySelectFrom = "SELECT seq, at, kind, ref, action, activity, result, correlation, body FROM history"

	historySelect = historySelectFrom + " WHERE tenant = $1"
	historyLast   = "SELECT seq FROM history WHERE tenant = $1 ORDER BY seq DESC LIMIT 1"
)

var historyInsert = insertsOf("INSERT INTO history (tenant, seq, at, kind, ref, action, activity, activity_key, result, actor, app, correlation, body)", 13, "")

// history is a transaction's view of the history. Its sequence numbers count the
// records of a tenant, so that one tenant cannot tell how much another does.
type history struct{ *txn }

// Append implements store.History.
func (h history) Append(_ context.Context, records ...*entitlement.Record) error {
	if _, err := h.writes(); err != nil {
		return err
	}
	if len(records) == 0 {
		return nil
	}
	last := h.home.seq
	args := make([]driver.Value, 0, historyInsert.columns*len(records))
	for i, r := range records {
		body, err := encode(r)
		if err != nil {
			return fmt.Errorf("sqlstore: encoding a record: %w", err)
		}
		var activityKey, actor, app driver.Value
		if r.Activity != "" {
			activityKey = query.Fold(string(r.Activity))
		}
		if r.By.User { // see store.AuditValue; whole they are in the body
			actor = orNull(query.Fold(string(r.By.ObjectID)))
		} else {
			app = orNull(query.Fold(r.By.AppID))
		}
		args = append(args,
			h.number, last+1+int64(i), r.At.UnixMicro(), r.Kind, string(r.Ref), r.Action, orNull(r.Activity), activityKey,
			orNull(r.Result), actor, app, orNull(r.CorrelationID), body)
	}
	historyInsert.insert(h.conn, args)
	for _, r := range records {
		h.home.seq++
		r.Seq = h.home.seq
	}
	return nil
}

// Of implements store.History.
func (h history) Of(ctx context.Context, ref entitlement.ID) ([]*entitlement.Record, error) {
	return h.list(ctx, historySelect+" AND ref = $2 ORDER BY seq", h.number, string(ref))
}

// List implements store.History.
func (h history) List(ctx context.Context, after int64, limit int) ([]*entitlement.Record, error) {
	if limit <= 0 {
		return nil, nil
	}
	return h.list(ctx, historySelect+" AND seq > $2 ORDER BY seq LIMIT $3", h.number, after, int64(limit))
}

func (h history) list(ctx context.Context, text string, args ...driver.Value) ([]*entitlement.Record, error) {
	ctx, err := h.reads(ctx, true)
	if err != nil {
		return nil, err
	}
	var list []*entitlement.Record
	err = h.conn.query(ctx, text, args, func(v []driver.Value) error {
		r := new(entitlement.Record)
		if err := decode(v[8], r); err != nil {
			return fmt.Errorf("sqlstore: decoding a record: %w", err)
		}
		r.Seq, _ = v[0].(int64)
		r.At = timeOf(v[1])
		r.Kind, _ = v[2].(string)
		ref, _ := v[3].(string)
		r.Ref = entitlement.ID(ref)
		r.Action, _ = v[4].(string)
		activity, _ := v[5].(string)
		result, _ := v[6].(string)
		r.Activity, r.Result = entitlement.Activity(activity), entitlement.AuditResult(result)
		r.CorrelationID, _ = v[7].(string)
		list = append(list, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// orNull is text, or null where it is empty.
func orNull[S ~string](s S) driver.Value {
	if s == "" {
		return nil
	}
	return string(s)
}
