package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Decide records what an approver says about a stage of the approval of a request. The
// same decision again by the same person succeeds without effect.
//
// graph: approvalstage-update
func (e *Engine) Decide(ctx context.Context, by entitlement.Actor, request, stage entitlement.ID, approve bool, justification string) error {
	ev := entitlement.Event{Kind: entitlement.EventDecided, ApprovalStage: stage, Decision: entitlement.Decision{
		Result: entitlement.ReviewDenied, Justification: justification,
		By: entitlement.Subject{ObjectID: by.ObjectID, Type: entitlement.SubjectUser, DisplayName: by.Name, PrincipalName: by.UPN},
	}}
	if approve {
		ev.Decision.Result = entitlement.ReviewApproved
	}
	return explain(e.apply(ctx, by, request, &ev, func(c *change, r *entitlement.Request) error {
		asked, err := c.isAsked(r.ID, by.ObjectID)
		if err != nil {
			return err
		}
		if err := rules.MayDecide(by, r, asked); err != nil {
			return err
		}
		u, err := c.Directory.User(ctx, c.tx, by.ObjectID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return entitlement.Forbidden("you are not in the directory.")
		case err != nil:
			return err
		case !u.AccountEnabled:
			return entitlement.Forbidden("your account is disabled.")
		}
		ev.Decision.By = subjectOf(u)
		return nil
	}))
}

// isAsked reports whether the person is or was asked to approve the request.
func (c *change) isAsked(request, person entitlement.ID) (bool, error) {
	_, err := c.tx.Approvers.Get(c.ctx, entitlement.ApproverID(request, person))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Reprocess takes a request that failed, or was delivered in part, up again where it
// failed. A callout that timed out is made anew.
//
// graph: accesspackageassignmentrequest-reprocess
func (e *Engine) Reprocess(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	err := e.apply(ctx, by, id, &entitlement.Event{Kind: entitlement.EventReprocess}, func(c *change, r *entitlement.Request) error {
		if err := rules.MayReprocess(by, r); err != nil {
			return err
		}
		if err := noneOpen(ctx, c.tx, r); err != nil { // the unique key would find it only if r stays open
			return err
		}
		if done := r.CompletedAt; !done.IsZero() && c.now.Sub(done) > reprocessWithin {
			return entitlement.Errorf(entitlement.CodeRequestNotReprocessable, "completedDateTime",
				"The request ended at %s; it can be reprocessed for %s after that. Make a new one.", done.UTC().Format("2006-01-02T15:04:05Z"), entitlement.FormatDuration(reprocessWithin))
		}
		return nil
	})
	return explain(err)
}

// ReprocessAssignment gives the target of a delivered assignment again what somebody took
// away by hand, and takes away what the package does not bundle any more.
//
// graph: accesspackageassignment-reprocess
func (e *Engine) ReprocessAssignment(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	if err := rules.Manages(by); err != nil {
		return err
	}
	return explain(e.onAssignment(ctx, by, id, func(w *work, a *assignment) error {
		if !updatable(a.State) || a.Ending {
			return entitlement.Errorf(entitlement.CodeRequestNotReprocessable, "state",
				"Only an assignment in state 'delivered' or 'partiallyDelivered' that is not ending can be reprocessed; this one is in state '%s', status '%s'.",
				a.State, lifecycle.AssignmentStatus(*a.Assignment))
		}
		if err := w.mayHave(a); err != nil {
			return err
		}
		roles, err := w.tx.RoleScopes.List(ctx, query.Query{Filter: query.Equal("accessPackage/id", string(a.PackageID))})
		if err != nil {
			return err
		}
		return w.deliver(a, roles, true)
	}))
}

// mayHave returns nil when the target of an assignment may still be given its roles.
func (w *work) mayHave(a *assignment) error {
	c := &change{work: *w, r: &entitlement.Request{
		Object: entitlement.Object{ID: a.RequestID, Version: 1}, PackageID: a.PackageID, PolicyID: a.PolicyID, TargetID: a.TargetID, Target: a.Target,
	}}
	enabled, err := c.targetEnabled()
	if err != nil {
		return err
	}
	why, err := c.withdrawn()
	switch {
	case err != nil:
		return err
	case !enabled:
		why = "The target is not in the directory any more, or their account is disabled."
	}
	if why != "" {
		return entitlement.Errorf(entitlement.CodeRequestNotReprocessable, "target", "The assignment cannot be reprocessed. %s", why)
	}
	return w.conflictOf(w.ctx, w.tx, a.PackageID, a.TargetID)
}

// onAssignment lets fn do something to an assignment, and stores what came of it.
func (e *Engine) onAssignment(ctx context.Context, by entitlement.Actor, id entitlement.ID, fn func(*work, *assignment) error) error {
	var told []store.Job
	err := e.Store.Update(ctx, by.Tenant, func(tx *store.Tx) error {
		told = nil
		stored, err := tx.Assignments.Get(ctx, id)
		if err != nil {
			return notFound(err, string(rules.Assignments), id)
		}
		if err := e.mayAct(ctx, tx, by); err != nil {
			return err
		}
		w, err := e.work(ctx, tx, by)
		if err != nil {
			return err
		}
		a := &assignment{Assignment: stored, was: stored.State}
		if err := fn(&w, a); err != nil {
			return err
		}
		if err := a.save(&w, ""); err != nil {
			return err
		}
		err = w.flush()
		told = w.told
		return err
	})
	var nothing *lifecycle.Ignored
	if errors.As(err, &nothing) {
		return nil
	}
	if err == nil {
		e.OnJobs(told)
	}
	return err
}
