package engine

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// perform does what a step asks for within the transaction: it turns what is to be done
// later into jobs, and returns the event that follows at once, if any.
func (c *change) perform(effects []lifecycle.Effect) (follow *entitlement.Event, err error) {
	for _, eff := range effects {
		switch eff.Kind {
		case lifecycle.FindApprovers:
			follow, err = c.askedBy(eff)
		case lifecycle.Admit:
			follow, err = c.admit(eff)
		case lifecycle.Grant:
			follow, err = c.grant(eff)
		case lifecycle.Update:
			follow, err = c.update(eff)
		case lifecycle.Revoke:
			follow, err = c.revoke(eff)
		case lifecycle.Note: // recorded with the event
		default:
			err = c.do(eff)
		}
		if err != nil {
			return nil, err
		}
	}
	return follow, nil
}

// do does an effect from which nothing follows.
func (c *change) do(eff lifecycle.Effect) error {
	switch eff.Kind {
	case lifecycle.SendCallout:
		c.call(eff)
	case lifecycle.WakeAt:
		c.later(store.Job{JobKey: c.key(store.JobTimeout, c.r.ID, eff.Wait)}, eff.At)
	case lifecycle.EndWait:
		return c.drop(c.r.ID, eff.Wait, store.JobCallout, store.JobTimeout)
	case lifecycle.AskApprovers:
		return c.askApprovers(eff.To)
	case lifecycle.OpenAssignment:
		c.openAssignment()
	case lifecycle.DeliverAssignment:
		return c.deliverAssignment(entitlement.AssignmentEventDelivered)
	case lifecycle.PartlyDeliverAssignment:
		return c.deliverAssignment(entitlement.AssignmentEventPartly)
	case lifecycle.FailAssignment:
		return c.closeAssignment(false)
	case lifecycle.DropAssignment:
		return c.closeAssignment(true)
	case lifecycle.Complete:
		c.r.CompletedAt = c.now
		if p := c.r.Progress.Phase; !c.r.Progress.Plan.Removes && !c.r.Progress.Plan.Updates && p != entitlement.PhaseDelivered && p != entitlement.PhasePartial {
			return c.leaver(false)
		}
	case lifecycle.Reopen:
		c.r.CompletedAt = time.Time{}
	case lifecycle.Notify:
		return c.tell(eff, c.notice(eff))
	default:
		return fmt.Errorf("engine: unknown effect %q", eff.Kind)
	}
	return nil
}

// call leaves a job that makes an attempt to call the current extension.
func (c *change) call(eff lifecycle.Effect) {
	job := store.Job{JobKey: c.key(store.JobCallout, c.r.ID, eff.Wait)}
	if cur := c.r.Progress.Current(); cur != nil {
		job.Lane, job.Attempt = laneOf(c.r.Progress.Plan.Callouts[cur.Plan].URL), cur.Attempts
	}
	c.later(job, eff.At)
}

// laneOf is the lane of calls of an endpoint: its host. Extensions at one host share its
// limit, whoever made them.
func laneOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint // checked when the extension was saved
	}
	return strings.ToLower(u.Host)
}

// askedBy finds out whom the stage of approval that has begun means.
func (c *change) askedBy(eff lifecycle.Effect) (*entitlement.Event, error) {
	run := c.r.Progress.Approval()
	if run == nil {
		return nil, fmt.Errorf("engine: request %s is not being approved", c.r.ID)
	}
	found, err := c.findApprovers(c.ctx, c.tx, &c.r.Progress.Plan.Approval[run.Stage], c.r)
	if err != nil {
		return nil, err
	}
	return &entitlement.Event{
		Kind: entitlement.EventApproversFound, Wait: eff.Wait, Approvers: rules.Approvers(found, c.r.RequestorID, c.r.TargetID),
	}, nil
}

// askApprovers makes the request one that people find among those they are asked about.
func (c *change) askApprovers(people []entitlement.ID) error {
	run := c.r.Progress.Approval()
	for _, p := range people {
		row := &entitlement.Approver{RequestID: c.r.ID, PersonID: p}
		if run != nil {
			row.StageID, row.IsAlternate = run.ID, run.Escalated
		}
		row.ID, row.CreatedAt, row.ModifiedAt = entitlement.ApproverID(c.r.ID, p), c.now, c.now
		if err := c.tx.Approvers.Ensure(c.ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// notice is what is told of the request: to the people named, else to who asked, and of
// access to who has it.
func (c *change) notice(eff lifecycle.Effect) entitlement.Notice {
	n := entitlement.Notice{
		RequestID: c.r.ID, AssignmentID: c.r.AssignmentID, PackageID: c.r.PackageID, PolicyID: c.r.PolicyID,
		Requestor: c.r.Requestor, Target: c.r.Target,
	}
	switch {
	case eff.To != nil:
		for _, id := range eff.To {
			n.To = append(n.To, entitlement.Subject{ObjectID: id, Type: entitlement.SubjectUser})
		}
	case eff.Notice.OfAssignment():
		n.To = []entitlement.Subject{c.r.Target}
	default:
		n.To = []entitlement.Subject{c.r.Requestor}
	}
	return n
}
