package engine

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// underLimit refuses one object more than a documented limit.
func underLimit[T any](ed *edit, table store.Table[T], filter query.Expr, most int, what string) error {
	n, err := table.Count(ed.ctx, filter)
	if err == nil && n >= most {
		err = entitlement.Errorf(entitlement.CodeLimitExceeded, "", "There are %d %s already, which is the most.", n, what)
	}
	return err
}

// unused refuses the deletion of something that objects in the table still belong to.
func unused[T any](ed *edit, table store.Table[T], filter query.Expr, thing, users, todo string) error {
	n, err := table.Count(ed.ctx, filter)
	if err == nil && n > 0 {
		err = entitlement.Errorf(entitlement.CodeDeleteHasEntitlements, thing,
			"The %s can not be deleted because it still has %s (%d). %s", thing, users, n, todo)
	}
	return err
}
