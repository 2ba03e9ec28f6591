package engine

import (
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// assignment is an assignment in one transaction.
type assignment struct {
	*entitlement.Assignment
	was     entitlement.AssignmentState
	isNew   bool // it is not stored yet
	dropped bool // it is not to be
	changed bool
	ends    bool // the server asks that the access be taken away
	effects []lifecycle.Effect
}

// step lets an event happen to the assignment. One that changes nothing is no failure.
func (a *assignment) step(w *work, ev entitlement.AssignmentEvent) error {
	next, effects, err := lifecycle.StepAssignment(*a.Assignment, ev, w.now)
	var nothing *lifecycle.Ignored
	if errors.As(err, &nothing) {
		return nil
	}
	if err != nil {
		return err
	}
	*a.Assignment, a.changed = next, true
	a.effects = append(a.effects, effects...)
	for _, eff := range effects {
		switch eff.Kind {
		case lifecycle.WakeAt:
			w.later(store.Job{JobKey: w.key(store.JobWake, a.ID, eff.Wait)}, eff.At)
		case lifecycle.EndWait:
			err = w.drop(a.ID, eff.Wait, store.JobWake)
		case lifecycle.WarnCallout:
			planned := a.Planned[a.Callouts[eff.Wait].Plan]
			w.later(store.Job{JobKey: w.key(store.JobWarn, a.ID, eff.Wait), Lane: laneOf(planned.URL)}, eff.At)
		case lifecycle.EndAccess:
			a.ends = true
		case lifecycle.Notify:
			err = w.tell(eff, a.notice())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// notice is what is told of the assignment: always to its target.
func (a *assignment) notice() entitlement.Notice {
	return entitlement.Notice{
		AssignmentID: a.ID, RequestID: a.RequestID, PackageID: a.PackageID, PolicyID: a.PolicyID,
		Target: a.Target, To: []entitlement.Subject{a.Target},
	}
}

// save stores the assignment if it has changed, and records that; a may be nil. What it
// asks of the server itself is done last.
func (a *assignment) save(w *work, because string) error {
	if a == nil || (!a.changed && !a.isNew && !a.dropped) || (a.dropped && a.isNew) {
		return nil
	}
	action := "update"
	switch {
	case a.dropped:
		action = "delete"
	case a.isNew:
		action = "create"
	}
	rec := w.record(rules.Assignments, a.ID, action, w.by)
	rec.From, rec.To = string(a.was), string(a.State)
	if because != "" {
		rec.Details = []entitlement.RecordDetail{{Key: "Because", Value: because}}
	}
	rec.Targets = []entitlement.RecordTarget{{ID: a.TargetID, Kind: "User", Name: a.Target.DisplayName, UPN: a.Target.PrincipalName}, {ID: a.PackageID, Kind: "AccessPackage"}}
	w.annotate(rec, a.effects, w.by)
	a.ModifiedAt = w.now
	var err error
	switch {
	case a.dropped:
		rec.To = ""
		err = w.tx.Assignments.Delete(w.ctx, a.ID)
	case a.isNew:
		err = w.tx.Assignments.Add(w.ctx, a.Assignment)
	default:
		err = w.tx.Assignments.Update(w.ctx, a.Assignment)
	}
	if err != nil || !a.ends {
		return err
	}
	return w.endAccess(a.Assignment)
}

// endAccess makes the request by which the server takes the access away. One that is
// under way already does it.
func (w *work) endAccess(a *entitlement.Assignment) error {
	if err := w.flush(); err != nil {
		return err
	}
	c, err := w.open(w.ctx, w.tx, entitlement.System(w.by.Tenant), Order{Type: entitlement.TypeSystemRemove, AssignmentID: a.ID})
	var refusal *entitlement.Error
	if errors.As(err, &refusal) && refusal.Code == entitlement.CodeExistingOpenRequest {
		return nil
	}
	if err != nil {
		return err
	}
	w.told = append(w.told, c.told...)
	return nil
}
