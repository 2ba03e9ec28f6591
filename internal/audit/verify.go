// Package audit holds a store to its own history: each request and each assignment must be
// what their records, folded one after another, say that it is; a request must show the
// state of its progress; and nobody has a role without an assignment that gives it.
//
// What lives here: the check that `anteroom verify` and a restore make, and that tests make
// after everything they do. It changes nothing and repairs nothing.
package audit

import (
	"context"
	"fmt"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// page is how many objects are read at a time.
const page = 1000

// Report says what was compared and which differences there are.
type Report struct {
	Tenants, Records, Requests, Assignments int
	Faults
}

// Err returns the differences as one error, or nil.
func (r *Report) Err() error {
	if r.Count == 0 {
		return nil
	}
	text := strings.Join(r.First, "\n  ")
	if more := r.Count - len(r.First); more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return fmt.Errorf("what is stored and its history differ in %d places:\n  %s", r.Count, text)
}

// Verify compares all that is stored with the history, one tenant after another, each at
// one moment. The error says that the store could not be read; see Report.Err.
func Verify(ctx context.Context, s store.Store) (*Report, error) {
	tenants, err := s.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	report := &Report{Tenants: len(tenants)}
	for _, t := range tenants {
		if err := s.View(ctx, t.ID, func(tx *store.Tx) error { return report.tenant(ctx, t.ID, tx) }); err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.ID, err)
		}
	}
	return report, nil
}

func (r *Report) tenant(ctx context.Context, id entitlement.TenantID, tx *store.Tx) error {
	f := &Fold{}
	for {
		records, err := tx.History.List(ctx, f.last, page)
		if err != nil {
			return err
		}
		for _, rec := range records {
			f.Add(rec)
		}
		r.Records += len(records)
		if len(records) < page {
			break
		}
	}
	err := each(ctx, tx.Requests, func(q *entitlement.Request) {
		r.Requests++
		f.Request(q)
		if state, status := lifecycle.PublicState(q.Progress); q.State != state || q.Status != status {
			f.report("request %s shows %s, %s, and is %s, %s", q.ID, q.State, q.Status, state, status)
		}
	})
	if err != nil {
		return err
	}
	gives := make(map[entitlement.ID]bool)
	err = each(ctx, tx.Assignments, func(a *entitlement.Assignment) {
		r.Assignments++
		f.Assignment(a)
		if a.State.Live() {
			gives[a.ID] = true
		}
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx.Grants, func(g *entitlement.Grant) {
		if !gives[g.AssignmentID] {
			f.report("grant %s belongs to no assignment that gives access", g.ID)
		}
	})
	if err != nil {
		return err
	}
	f.Finish()
	r.add(id, f.Faults)
	return nil
}

// each calls fn for all objects of a table, in the order of their ids.
func each[T any, P interface {
	*T
	Meta() *entitlement.Object
}](ctx context.Context, table store.Table[T], fn func(*T)) error {
	var after *query.Cursor
	for {
		list, err := table.List(ctx, query.Query{After: after, Limit: page})
		if err != nil {
			return err
		}
		for _, o := range list {
			fn(o)
			after = &query.Cursor{ID: string(P(o).Meta().ID)}
		}
		if len(list) < page {
			return nil
		}
	}
}
