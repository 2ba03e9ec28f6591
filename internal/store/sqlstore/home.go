package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// home is what a transaction knows of its tenant. One that writes has the tenant to itself
// until it ends, so that what it has read once stays true, for the changes after it, too.
type home struct {
	number int64 // of the tenant, or nowhere
	self   *entitlement.Tenant
	// revision counts the changes of the tenant's tables that are kept.
	revision int64
	// altered says that this transaction has changed one of them.
	altered bool
	seq     int64 // of the last record, in a transaction that writes
	ahead   ahead // what is known of what its changes will ask for
}

// nowhere is the number of no tenant; zero is that of what belongs to none.
const nowhere = -1

const tenantRow = tenantSelect + " WHERE number = $1"

// enter makes the transaction the only one that changes a tenant, on all connections of all
// processes: it waits for those that do. What it reads with that, for the changes that are to
// come, is sent with it and sees what they did.
func (w *writer) enter(ctx context.Context, t tenantKey, changes []*change) error {
	if w.home.number == t.number {
		return nil
	}
	w.home = home{number: nowhere} // until it is known
	next := home{number: t.number}
	if t.number == 0 {
		if w.db.lock != "" {
			w.conn.later("SELECT number FROM probe WHERE number = 1" + w.db.lock)
		}
		w.home = next
		return nil
	}
	w.conn.add(&statement{text: tenantRow + w.db.lock, args: []driver.Value{t.number}, row: next.read})
	var wanted []store.Ahead
	if w.db.remote {
		next.ahead = make(ahead)
		for _, ch := range changes {
			if ch.tenant.number == t.number {
				want := store.AheadOf(ch.ctx)
				next.ahead.ask(w.conn, t.number, want)
				wanted = append(wanted, want)
			}
		}
	}
	seq, _, err := w.conn.number(ctx, historyLast, t.number)
	if err != nil {
		return err
	}
	next.seq = seq
	for _, want := range wanted {
		next.ahead.askThen(w.conn, t.number, want)
	}
	if err := w.conn.flush(ctx); err != nil {
		return err
	}
	w.home = next
	return nil
}

// read takes a row of the tenant.
func (h *home) read(v []driver.Value) error {
	t, err := scanTenant(v)
	h.self = &t
	h.revision, _ = v[7].(int64)
	return err
}

// atHome makes sure that the tenant has been read.
func (x *txn) atHome(ctx context.Context) error {
	h := x.home
	if h.self == nil {
		if err := x.conn.query(ctx, tenantRow, []driver.Value{x.number}, h.read); err != nil {
			return err
		}
	}
	if h.self == nil {
		return fmt.Errorf("%w: tenant %s", store.ErrNotFound, x.tenant)
	}
	return nil
}
