package engine

import (
	"errors"
	"slices"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// admit checks once more that the access may be given.
func (c *change) admit(eff lifecycle.Effect) (*entitlement.Event, error) {
	reason, why, err := c.obstacle()
	if err != nil {
		return nil, err
	}
	if reason != "" {
		return &entitlement.Event{Kind: entitlement.EventRefused, Wait: eff.Wait, Reason: reason, Error: why}, nil
	}
	c.admitted = true
	return &entitlement.Event{Kind: entitlement.EventAdmitted, Wait: eff.Wait}, nil
}

// obstacle is what stands against giving the access now, if anything: much may have
// happened since the request was made.
func (c *change) obstacle() (entitlement.FailureReason, string, error) {
	switch enabled, err := c.targetEnabled(); {
	case err != nil:
		return "", "", err
	case !enabled:
		return entitlement.FailureNotAllowed, "The target is not in the directory any more, or their account is disabled.", nil
	}
	if why, err := c.withdrawn(); err != nil || why != "" {
		return entitlement.FailureNotAllowed, why, err
	}
	plan := &c.r.Progress.Plan
	var end time.Time
	if plan.Updates {
		err := c.load()
		if errors.Is(err, store.ErrNotFound) || (err == nil && (!updatable(c.assignment.State) || c.assignment.Ending)) {
			return entitlement.FailureNotAllowed, "The assignment that was to be changed is over.", nil
		}
		if err != nil {
			return "", "", err
		}
		end = rules.UpdatedEnd(c.r, c.assignment.EndAt, c.now)
	} else {
		end = rules.EndOf(plan.Expiration, plan.Schedule, c.now)
	}
	if !end.IsZero() && !end.After(c.now) {
		return entitlement.FailureScheduleOver, "The access would have ended before it began.", nil
	}
	if plan.Updates {
		return "", "", nil
	}
	if why, err := c.taken(); err != nil || why != "" {
		return entitlement.FailureNotAllowed, why, err
	}
	err := c.conflictOf(c.ctx, c.tx, c.r.PackageID, c.r.TargetID)
	var refusal *entitlement.Error
	if errors.As(err, &refusal) {
		return entitlement.FailureIncompatible, refusal.Message, nil
	}
	return "", "", err
}

// withdrawn says whether what was asked for is not to be had any more: its package or its
// policy was deleted, or the rule of an automatic policy does not mean the target now. A
// request that is only being made has just been measured by both.
func (c *change) withdrawn() (string, error) {
	if c.r.Version == 0 {
		return "", nil
	}
	if _, err := c.tx.Packages.Get(c.ctx, c.r.PackageID); errors.Is(err, store.ErrNotFound) {
		return "The access package was deleted.", nil
	} else if err != nil {
		return "", err
	}
	p, err := c.tx.Policies.Get(c.ctx, c.r.PolicyID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "The policy was deleted.", nil
	case err != nil || !c.r.Progress.Plan.Automatic:
		return "", err
	}
	u, err := c.Directory.User(c.ctx, c.tx, c.r.TargetID)
	if err != nil {
		return "", err
	}
	if in, known := c.ruleMeans(p, u); !in || !known || !p.Automatic.Gives() {
		return "The rule of the automatic assignment policy does not mean the target any more.", nil
	}
	return "", nil
}

// ruleMeans reports whether the rule of an automatic assignment policy means the user, and
// whether that can be said: the rule was checked when the policy was saved.
func (w *work) ruleMeans(p *entitlement.Policy, u *entitlement.User) (in, known bool) {
	in, err := w.Directory.Matches(u, ruleOf(p))
	if err != nil {
		w.Logger.ErrorContext(w.ctx, "the rule of an automatic assignment policy cannot be decided; nobody is let in or out by it", "tenant", w.by.Tenant, "policy", p.ID, "error", err)
	}
	return in && err == nil, err == nil
}

// ruleOf is the rule of an automatic assignment policy; an empty one means nobody.
func ruleOf(p *entitlement.Policy) string {
	if p.Automatic == nil || len(p.SpecificAllowedTargets) != 1 {
		return ""
	}
	return p.SpecificAllowedTargets[0].Rule
}

// taken says whether the target has, or does not have any more, what the request would
// give: one that failed, or was delivered in part, can be taken up again long after. It
// finds out, too, whether the assignment that the request names is over.
func (c *change) taken() (string, error) {
	found, err := c.tx.Assignments.List(c.ctx, takenBy(c.r))
	if err != nil {
		return "", err
	}
	var live *entitlement.Assignment
	for _, a := range found {
		if a.State.Live() && a.PolicyID == c.r.PolicyID && a.TargetID == c.r.TargetID {
			live = a
		} else {
			c.over = true
		}
	}
	switch {
	case live != nil && live.RequestID != c.r.ID:
		return "Another request gave the target the access through the policy since.", nil
	case live != nil:
		c.assignment, c.r.AssignmentID = &assignment{Assignment: live, was: live.State}, live.ID
	case c.r.Progress.Failures != nil:
		return "The assignment that was delivered in part is over.", nil
	}
	return "", nil
}

// takenBy finds what taken looks for: there is at most one live assignment, and at most one
// that the request names.
func takenBy(r *entitlement.Request) query.Query {
	return query.Query{Limit: 2, Filter: &query.Or{Parts: []query.Expr{
		liveOf(r.PolicyID, r.TargetID).Filter, query.Equal("id", string(r.AssignmentID)),
	}}}
}

// aheadOfGrant is what a step of a request asks for that gives access.
func aheadOfGrant(r *entitlement.Request) store.Ahead {
	if r.Type.Removes() || r.Progress.Plan.Updates {
		return store.Ahead{Assignments: []entitlement.ID{r.AssignmentID}}
	}
	return store.Ahead{Users: []entitlement.ID{r.TargetID}, AssignmentLists: []query.Query{takenBy(r)}}
}

func updatable(s entitlement.AssignmentState) bool {
	return s == entitlement.AssignmentDelivered || s == entitlement.AssignmentPartiallyDelivered
}

// targetEnabled reports whether the target still exists and may sign in.
func (c *change) targetEnabled() (bool, error) {
	if c.r.Target.Type == entitlement.SubjectServicePrincipal {
		p, err := c.Directory.ServicePrincipal(c.ctx, c.tx, c.r.TargetID)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil && p.AccountEnabled, err
	}
	u, err := c.Directory.User(c.ctx, c.tx, c.r.TargetID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && u.AccountEnabled, err
}

// openAssignment brings the assignment into being, once obstacle has looked for one. What
// the request opened before, and is not over, stays.
func (c *change) openAssignment() {
	if c.assignment != nil {
		return
	}
	plan := &c.r.Progress.Plan
	a := &entitlement.Assignment{
		PackageID: c.r.PackageID, PolicyID: c.r.PolicyID, CatalogID: c.r.CatalogID, TargetID: c.r.TargetID, RequestorID: c.r.RequestorID,
		RequestID: c.r.ID, State: entitlement.AssignmentDelivering, Target: c.r.Target, Answers: c.r.Answers,
		Automatic: plan.Automatic, Silent: plan.NotificationDisabled || plan.Quiet,
	}
	for _, x := range plan.Callouts {
		if x.Stage.OfAssignment() {
			a.Planned = append(a.Planned, x)
		}
	}
	a.ID, a.CreatedAt = c.r.AssignmentID, c.now
	if c.over {
		a.ID = c.NewID()
		c.r.AssignmentID = a.ID
	}
	c.assignment = &assignment{Assignment: a, isNew: true}
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
	c.assignment = &assignment{Assignment: a, was: a.State}
	return nil
}

// grant gives the target all roles of the package. The assignment may have ended while
// the request waited; then a new one is opened.
func (c *change) grant(eff lifecycle.Effect) (*entitlement.Event, error) {
	if !c.admitted {
		c.assignment = nil // it may have ended while the request waited
		reason, why, err := c.obstacle()
		if err != nil {
			return nil, err
		}
		if reason != "" {
			return &entitlement.Event{Kind: entitlement.EventDeliveryFailed, Wait: eff.Wait, Reason: reason, Error: why}, nil
		}
	}
	c.openAssignment()
	roles, err := c.tx.RoleScopes.List(c.ctx, query.Query{Filter: query.Equal("accessPackage/id", string(c.r.PackageID))})
	if err != nil {
		return nil, err
	}
	done, err := c.Deliverer.Grant(c.ctx, c.tx, c.assignment.Assignment, roles, true, c.now)
	if err != nil {
		return nil, err
	}
	c.noteRoles(c.assignment.Assignment, done)
	switch {
	case done.Outside:
		c.later(store.Job{JobKey: c.key(store.JobDeliver, c.r.ID, eff.Wait)}, c.now)
		return nil, nil
	case len(done.Failures) == 0:
		return &entitlement.Event{Kind: entitlement.EventGranted, Wait: eff.Wait}, nil
	case len(done.Failures) == len(roles):
		return &entitlement.Event{
			Kind: entitlement.EventDeliveryFailed, Wait: eff.Wait, Reason: entitlement.FailureDelivery, Error: failureText(done.Failures),
		}, nil
	}
	return &entitlement.Event{Kind: entitlement.EventPartlyGranted, Wait: eff.Wait, Failures: done.Failures}, nil
}

func failureText(failures []entitlement.RoleFailure) string {
	words := make([]string, len(failures))
	for i, f := range failures {
		words[i] = f.Name + ": " + f.Reason
	}
	return strings.Join(words, "; ")
}

// noteRoles records each role that was given or taken away.
func (w *work) noteRoles(a *entitlement.Assignment, done entitlement.Delivered) {
	note := func(name entitlement.RoleName, activity entitlement.Activity) {
		rec := w.record(rules.Assignments, a.ID, actionNote, entitlement.System(w.by.Tenant))
		rec.Activity, rec.Result = activity, entitlement.AuditSuccess
		rec.Targets = []entitlement.RecordTarget{
			{ID: name.RoleScopeID, Kind: "AccessPackageResourceRole", Name: name.Name},
			{ID: a.TargetID, Kind: "User", Name: a.Target.DisplayName, UPN: a.Target.PrincipalName},
		}
	}
	for _, name := range done.Given {
		note(name, entitlement.ActivityFulfillRole)
	}
	for _, name := range done.Taken {
		note(name, entitlement.ActivityRemoveRole)
	}
}

// update changes the assignment as was asked: when it ends, and what was answered.
func (c *change) update(eff lifecycle.Effect) (*entitlement.Event, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	a := c.assignment
	a.Answers = rules.MergeAnswers(a.Answers, c.r.Answers)
	c.approvedBy()
	if err := a.step(&c.work, entitlement.AssignmentEvent{
		Kind: entitlement.AssignmentEventExtended, EndAt: rules.UpdatedEnd(c.r, a.EndAt, c.now),
	}); err != nil {
		return nil, err
	}
	return &entitlement.Event{Kind: entitlement.EventGranted, Wait: eff.Wait}, nil
}

// revoke takes away all that the assignment gave, which ends the assignment.
func (c *change) revoke(eff lifecycle.Effect) (*entitlement.Event, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	done, err := c.Deliverer.Revoke(c.ctx, c.tx, c.assignment.Assignment, c.now)
	if err != nil {
		return nil, err
	}
	c.noteRoles(c.assignment.Assignment, done)
	if err := c.assignment.step(&c.work, entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventRemoved}); err != nil {
		return nil, err
	}
	if err := c.leaver(true); err != nil {
		return nil, err
	}
	if done.Outside {
		c.later(store.Job{JobKey: c.key(store.JobDeliver, c.r.ID, eff.Wait)}, c.now)
		return nil, nil
	}
	return &entitlement.Event{Kind: entitlement.EventRevoked, Wait: eff.Wait}, nil
}

// deliverAssignment says what became of the assignment of the request. Access that was
// there before keeps its end.
func (c *change) deliverAssignment(kind entitlement.AssignmentEventKind) error {
	if err := c.load(); err != nil {
		return err
	}
	plan := &c.r.Progress.Plan
	ev := entitlement.AssignmentEvent{Kind: kind, Failures: c.r.Progress.Failures, EndAt: c.assignment.EndAt}
	if c.assignment.StartAt.IsZero() {
		ev.EndAt = rules.EndOf(plan.Expiration, plan.Schedule, c.now)
	}
	c.approvedBy()
	return c.assignment.step(&c.work, ev)
}

// approvedBy remembers who approved: they may take the access back.
func (c *change) approvedBy() {
	for _, run := range c.r.Progress.Approvals {
		by := run.Decision.By.ObjectID
		if run.Decision.Result == entitlement.ReviewApproved && by != "" && !slices.Contains(c.assignment.ApprovedBy, by) {
			c.assignment.ApprovedBy = append(slices.Clone(c.assignment.ApprovedBy), by)
		}
	}
}

// closeAssignment ends an assignment that was opened and not delivered, and takes back
// what it may have given already. One that was delivered before stays, and so does one
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
	if _, err := c.Deliverer.Revoke(c.ctx, c.tx, c.assignment.Assignment, c.now); err != nil {
		return err
	}
	if drop {
		c.assignment.dropped = true
		return nil
	}
	return c.assignment.step(&c.work, entitlement.AssignmentEvent{Kind: entitlement.AssignmentEventFailed})
}
