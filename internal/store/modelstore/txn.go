package modelstore

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// txn is one transaction of one tenant: the state that it sees, and the tables that its Tx
// shows.
type txn struct {
	state  *state
	tenant *tenant
	owner  uint64 // of what it makes in the state; zero in a View, which makes nothing
	ended  bool
	// failure is what fails the transaction, whatever its function says.
	failure error
	undo    []func() // what undoes the changes, the first one's first
	tx      store.Tx
	tables  []finder // of nouns
}

// finder is a table as a link sees it.
type finder interface {
	// find lists the values at the path give of the objects that the filter holds for.
	find(filter query.Expr, give string) ([]query.Value, error)
}

func newTxn(s *state, t *tenant) *txn {
	x := &txn{state: s, tenant: t, tables: make([]finder, len(nouns))}
	for i, n := range nouns {
		x.tables[i] = n.open(x, i)
	}
	x.tx.Tenant, x.tx.Jobs, x.tx.History = tenants{x}, jobs{x}, history{x}
	return x
}

// reads and writes say why something cannot be done. An Update that has begun is not
// interrupted.
func (x *txn) reads(ctx context.Context) error {
	switch {
	case x.ended:
		return errEnded
	case x.owner == 0:
		return ctx.Err()
	}
	return nil
}

func (x *txn) writes() error {
	switch {
	case x.ended:
		return errEnded
	case x.owner == 0:
		return errReadOnly
	}
	return nil
}

// undoAll undoes all changes, the last one first.
func (x *txn) undoAll() {
	for i := len(x.undo) - 1; i >= 0; i-- {
		x.undo[i]()
	}
}

// setSelf changes the transaction's tenant.
func (x *txn) setSelf(self *entitlement.Tenant) {
	was := x.tenant.self
	x.undo = append(x.undo, func() { x.tenant.self = was })
	x.tenant.self = self
}
