package engine

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// perform does what a step asks for within the transaction: it turns what is to be done
// later into jobs, and returns the event that follows at once, if any.
func (c *change) perform(effects []lifecycle.Effect) (follow *entitlement.Event, err error) {
	for _, eff := range effects {
		switch eff.Kind {
		case lifecycle.SendCallout:
			c.later(store.JobCallout, eff)
		case lifecycle.WakeAt:
			c.later(store.JobTimeout, eff)
		case lifecycle.EndWait:
			err = c.endWait(eff.Wait)
		case lifecycle.OpenAssignment:
			err = c.openAssignment(true)
		case lifecycle.Grant:
			follow, err = c.grant(eff)
		case lifecycle.Revoke:
			follow, err = c.revoke(eff)
		case lifecycle.DeliverAssignment:
			err = c.moveAssignment(entitlement.AssignmentDelivered)
		case lifecycle.FailAssignment:
			err = c.closeAssignment(false)
		case lifecycle.DropAssignment:
			err = c.closeAssignment(true)
		case lifecycle.Complete:
			c.r.CompletedAt = c.now
		default:
			err = fmt.Errorf("engine: unknown effect %q", eff.Kind)
		}
		if err != nil {
			return nil, err
		}
	}
	return follow, nil
}

// later makes a job of an effect. Its due time is a real one: the tenant's clock less its
// offset.
func (c *change) later(kind store.JobKind, eff lifecycle.Effect) {
	job := store.Job{
		JobKey: store.JobKey{Tenant: c.by.Tenant, Kind: kind, Ref: c.r.ID, N: eff.Wait},
		Due:    eff.At.Add(-c.offset),
	}
	if cur := c.r.Progress.Current(); kind == store.JobCallout && cur != nil {
		job.Lane, job.Attempt = laneOf(c.r.Progress.Plan.Callouts[cur.Plan].URL), cur.Attempts
	}
	c.jobs = append(c.jobs, job)
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

// endWait removes the jobs of a wait that is over.
func (c *change) endWait(wait int) error {
	for _, kind := range []store.JobKind{store.JobCallout, store.JobTimeout} {
		if _, err := c.tx.Jobs.Delete(c.ctx, store.JobKey{Tenant: c.by.Tenant, Kind: kind, Ref: c.r.ID, N: wait}); err != nil {
			return err
		}
	}
	return nil
}

// openAssignment brings the assignment into being. Who has the package through the policy
// already keeps the assignment that they have: the request renews it. first says that the
// request has opened none before, so that the id that it reserved is free.
func (c *change) openAssignment(first bool) error {
	if c.assignment != nil {
		return nil
	}
	live, err := c.tx.Assignments.List(c.ctx, query.Query{Limit: 1, Filter: &query.And{Parts: []query.Expr{
		query.Equal("assignmentPolicy/id", string(c.r.PolicyID)),
		query.Equal("target/objectId", string(c.r.TargetID)),
		query.Equal("live", true),
	}}})
	if err != nil {
		return err
	}
	if len(live) == 1 {
		c.assignment, c.was = live[0], live[0].State
		c.r.AssignmentID = live[0].ID
		return nil
	}
	a := &entitlement.Assignment{
		PackageID: c.r.PackageID, PolicyID: c.r.PolicyID, CatalogID: c.r.CatalogID, TargetID: c.r.TargetID,
		RequestID: c.r.ID, State: entitlement.AssignmentDelivering, Target: c.r.Target,
	}
	a.ID, a.CreatedAt = c.r.AssignmentID, c.now
	if !first {
		if _, err := c.tx.Assignments.Get(c.ctx, a.ID); err == nil {
			a.ID = c.NewID() // an assignment of that id is over
			c.r.AssignmentID = a.ID
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	c.assignment, c.isNew = a, true
	return nil
}

// load makes sure that the assignment of the request is at hand.
func (c *change) load() error {
	if c.assignment != nil {
		return nil
	}
	a, err := c.tx.Assignments.Get(c.ctx, c.r.AssignmentID)
	if err != nil {
		return err
	}
	c.assignment, c.was = a, a.State
	return nil
}

// grant gives the target all roles of the package. The assignment may have ended while
// the request waited; then a new one is opened.
func (c *change) grant(eff lifecycle.Effect) (*entitlement.Event, error) {
	if err := c.load(); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if c.assignment == nil || !c.assignment.State.Live() {
		c.assignment, c.was = nil, ""
		if err := c.openAssignment(false); err != nil {
			return nil, err
		}
	}
	roles, err := c.tx.RoleScopes.List(c.ctx, query.Query{Filter: query.Equal("accessPackage/id", string(c.r.PackageID))})
	if err != nil {
		return nil, err
	}
	outside, err := c.Deliverer.Grant(c.ctx, c.tx, c.assignment, roles, true, c.now)
	return c.delivered(eff, outside, entitlement.EventGranted, err)
}

// revoke takes away all that the assignment gave, which ends the assignment.
func (c *change) revoke(eff lifecycle.Effect) (*entitlement.Event, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	outside, err := c.Deliverer.Revoke(c.ctx, c.tx, c.assignment, c.now)
	if err != nil {
		return nil, err
	}
	if err := c.moveAssignment(entitlement.AssignmentExpired); err != nil {
		return nil, err
	}
	return c.delivered(eff, outside, entitlement.EventRevoked, nil)
}

// delivered returns the event that follows a delivery that is done, or leaves a job for
// what lies outside.
func (c *change) delivered(eff lifecycle.Effect, outside bool, done entitlement.EventKind, err error) (*entitlement.Event, error) {
	if err != nil {
		return nil, err
	}
	if outside {
		c.later(store.JobDeliver, lifecycle.Effect{Wait: eff.Wait, At: c.now})
		return nil, nil
	}
	return &entitlement.Event{Kind: done, Wait: eff.Wait}, nil
}

func (c *change) moveAssignment(to entitlement.AssignmentState) error {
	if err := c.load(); err != nil {
		return err
	}
	a, err := lifecycle.MoveAssignment(*c.assignment, to, c.now)
	if err == nil {
		*c.assignment = a
	}
	return err
}

// closeAssignment ends an assignment that was opened and not delivered, and takes back
// what it may have given already. One that was only to be renewed stays, and so does one
// that another request still works on: the last of them ends it.
func (c *change) closeAssignment(drop bool) error {
	err := c.load()
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.assignment.State != entitlement.AssignmentDelivering {
		return nil
	}
	open, err := c.tx.Requests.List(c.ctx, query.Query{Limit: 2, Filter: query.Both(
		query.Equal("assignment/id", string(c.assignment.ID)), query.Equal("open", true))})
	if err != nil || slices.ContainsFunc(open, func(r *entitlement.Request) bool { return r.ID != c.r.ID }) {
		return err
	}
	if _, err := c.Deliverer.Revoke(c.ctx, c.tx, c.assignment, c.now); err != nil {
		return err
	}
	if drop {
		c.dropped = true
		return nil
	}
	return c.moveAssignment(entitlement.AssignmentDeliveryFailed)
}
