package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// Order is what a new request asks for. Target is the person for an add; the assignment
// says the rest for a removal.
type Order struct {
	Type          entitlement.RequestType
	PackageID     entitlement.ID
	PolicyID      entitlement.ID // may be empty: then the one policy that lets the target in
	TargetID      entitlement.ID // may be empty for userAdd: the caller
	AssignmentID  entitlement.ID // of an update or a removal
	Justification *string
	Schedule      entitlement.Schedule
	Answers       []entitlement.QuestionAnswer
	// IdempotencyKey, if it is not empty, makes the repeat of an order with the same
	// Digest be answered as the first was.
	IdempotencyKey string
	Digest         string
}

// Submit makes a request and takes its first steps; it is answered when they are durable.
//
// graph: entitlementmanagement-post-assignmentrequests
func (e *Engine) Submit(ctx context.Context, by entitlement.Actor, o Order) (*entitlement.Request, error) {
	if o.Type == entitlement.TypeUserAdd && o.TargetID == "" {
		o.TargetID = by.ObjectID
	}
	if err := rules.MaySubmit(by, o.Type, o.TargetID); err != nil {
		return nil, err
	}
	if err := entitlement.CheckJustification(o.Justification); err != nil {
		return nil, err
	}
	var c *change
	err := e.Store.Update(ctx, by.Tenant, func(tx *store.Tx) error {
		now, err := e.now(ctx, tx)
		if err != nil {
			return err
		}
		sub := &submission{edit: edit{Engine: e, ctx: ctx, tx: tx, by: by, now: now}, order: o}
		r, err := sub.request()
		if err != nil {
			return err
		}
		if c, err = e.begin(ctx, tx, r, by); err != nil {
			return err
		}
		if err := c.run(entitlement.Event{Kind: entitlement.EventSubmitted}); err != nil {
			return err
		}
		return c.insert()
	})
	if err != nil {
		return nil, explain(err)
	}
	e.OnJobs(c.jobs)
	return c.r, nil
}

// submission turns an order into a request that has not begun.
type submission struct {
	edit
	order Order
}

func (s *submission) request() (*entitlement.Request, error) {
	requestor, err := s.requestor()
	if err != nil {
		return nil, err
	}
	r := &entitlement.Request{
		Type: s.order.Type, RequestorID: requestor.ObjectID, Requestor: requestor, Justification: s.order.Justification,
		Progress: entitlement.Progress{Phase: entitlement.PhaseNew, Plan: entitlement.Plan{
			Seed: newSeed(), Removes: s.order.Type.Removes(), AllowDenyAtCreated: s.AllowDenyAtCreated,
		}},
	}
	r.ID, r.CreatedAt = s.NewID(), s.now
	var p *entitlement.Policy
	if s.order.Type.Removes() {
		p, err = s.removal(r)
	} else {
		p, err = s.add(r)
	}
	if err != nil {
		return nil, err
	}
	r.PolicyID, r.CatalogID = p.ID, p.CatalogID
	r.Progress.Plan.Callouts, err = s.planCallouts(p, s.order.Type.Removes())
	return r, err
}

// requestor describes the caller as they are now.
func (s *submission) requestor() (entitlement.Subject, error) {
	if !s.by.User {
		return entitlement.Subject{ObjectID: s.by.ObjectID, Type: entitlement.SubjectServicePrincipal, DisplayName: s.by.Name}, nil
	}
	u, err := s.Directory.User(s.ctx, s.tx, s.by.ObjectID)
	switch {
	case errors.Is(err, store.ErrNotFound) && s.order.Type == entitlement.TypeUserAdd:
		return entitlement.Subject{}, entitlement.Errorf(entitlement.CodePolicyRequirements, "assignment/target",
			"You don't meet policy requirements to request this entitlement: user '%s' is not in the directory.", s.by.ObjectID)
	case errors.Is(err, store.ErrNotFound):
		return entitlement.Subject{ObjectID: s.by.ObjectID, Type: entitlement.SubjectUser, DisplayName: s.by.Name, PrincipalName: s.by.UPN}, nil
	case err != nil:
		return entitlement.Subject{}, err
	}
	return subjectOf(u), nil
}

// add fills in who is to be given what, and returns the policy that lets them in.
func (s *submission) add(r *entitlement.Request) (*entitlement.Policy, error) {
	if s.order.AssignmentID != "" {
		return nil, entitlement.Invalid("assignment/id", "assignment.id names an assignment that exists; leave it out of %s, which makes one.", s.order.Type)
	}
	if s.order.TargetID == "" {
		return nil, entitlement.Invalid("assignment/targetId", "assignment.targetId (or assignment.target.objectId) is required for %s: the object id of a user in the directory.", s.order.Type)
	}
	u, err := s.Directory.User(s.ctx, s.tx, s.order.TargetID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, entitlement.Invalid("assignment/targetId", "There is no user '%s' in the directory.", s.order.TargetID)
	case err != nil:
		return nil, err
	}
	pkg, err := s.orderedPackage()
	if err != nil {
		return nil, err
	}
	p, err := s.policyFor(pkg, u)
	if err != nil {
		return nil, err
	}
	r.PackageID, r.TargetID, r.Target, r.AssignmentID = pkg.ID, u.ID, subjectOf(u), s.NewID()
	return p, nil
}

func (s *submission) orderedPackage() (*entitlement.Package, error) {
	if s.order.PackageID == "" {
		return nil, entitlement.Invalid("assignment/accessPackageId", "assignment.accessPackageId (or assignment.accessPackage.id) is required.")
	}
	pkg, err := get(&s.edit, s.tx.Packages, rules.Packages, s.order.PackageID)
	if err != nil || s.order.Type != entitlement.TypeUserAdd {
		return pkg, err
	}
	c, err := get(&s.edit, s.tx.Catalogs, rules.Catalogs, pkg.CatalogID)
	if err == nil && c.State != entitlement.CatalogPublished {
		err = entitlement.Errorf(entitlement.CodePolicyRequirements, "assignment/accessPackageId",
			"You don't meet policy requirements to request this entitlement: the catalog of access package '%s' is not published.", pkg.DisplayName)
	}
	return pkg, err
}

// policyFor returns the policy that the order names, or the one policy of the package
// that lets the target in.
func (s *submission) policyFor(pkg *entitlement.Package, u *entitlement.User) (*entitlement.Policy, error) {
	if s.order.PolicyID != "" {
		p, err := get(&s.edit, s.tx.Policies, rules.Policies, s.order.PolicyID)
		if err != nil {
			return nil, err
		}
		if p.PackageID != pkg.ID {
			return nil, entitlement.Invalid("assignment/assignmentPolicyId", "Policy '%s' does not belong to access package '%s'.", p.ID, pkg.ID)
		}
		return p, s.letsIn(p, u)
	}
	policies, err := s.tx.Policies.List(s.ctx, query.Query{Filter: query.Equal("accessPackage/id", string(pkg.ID))})
	if err != nil {
		return nil, err
	}
	var fits []*entitlement.Policy
	var why error
	for _, p := range policies {
		var refusal *entitlement.Error
		switch err := s.letsIn(p, u); {
		case err == nil:
			fits = append(fits, p)
		case errors.As(err, &refusal):
			why = err
		default:
			return nil, err
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return nil, entitlement.Invalid("assignment/assignmentPolicyId", "%d policies of the access package fit; name one in assignment.assignmentPolicyId.", len(fits))
	case why != nil && len(policies) == 1:
		return nil, why
	}
	return nil, entitlement.Errorf(entitlement.CodePolicyRequirements, "assignment/assignmentPolicyId",
		"You don't meet policy requirements to request this entitlement: none of the %d policies of access package '%s' lets the target in.", len(policies), pkg.DisplayName)
}

func (s *submission) letsIn(p *entitlement.Policy, u *entitlement.User) error {
	var groups []entitlement.ID
	for _, t := range p.SpecificAllowedTargets {
		if t.Kind == entitlement.GroupMembers {
			groups = append(groups, t.ID)
		}
	}
	c := rules.Candidate{User: u}
	if len(groups) > 0 {
		var err error
		if c.MemberOf, err = s.Directory.MemberOf(s.ctx, s.tx, u.ID, groups); err != nil {
			return err
		}
	}
	return rules.LetsIn(p, s.order.Type, c, s.order.Justification)
}

// removal fills in whose access is to be taken away, and returns the policy through
// which it was given.
func (s *submission) removal(r *entitlement.Request) (*entitlement.Policy, error) {
	if s.order.AssignmentID == "" {
		return nil, entitlement.Invalid("assignment/id", "assignment.id is required for %s.", s.order.Type)
	}
	a, err := get(&s.edit, s.tx.Assignments, rules.Assignments, s.order.AssignmentID)
	if err != nil {
		return nil, err
	}
	if a.State != entitlement.AssignmentDelivered && a.State != entitlement.AssignmentPartiallyDelivered {
		return nil, entitlement.Invalid("assignment/id", "Assignment '%s' is in state '%s'; only one that is delivered can be removed.", a.ID, a.State)
	}
	for _, named := range []struct {
		given, is entitlement.ID
		at        string
	}{
		{s.order.TargetID, a.TargetID, "assignment/targetId"}, {s.order.PackageID, a.PackageID, "assignment/accessPackageId"},
		{s.order.PolicyID, a.PolicyID, "assignment/assignmentPolicyId"},
	} {
		if named.given != "" && named.given != named.is {
			return nil, entitlement.Invalid(named.at, "Assignment '%s' is not the one that %s describes: it has '%s' there, not '%s'.", a.ID, named.at, named.is, named.given)
		}
	}
	open, err := s.tx.Requests.List(s.ctx, query.Query{Filter: query.Both(query.Equal("assignment/id", string(a.ID)), query.Equal("open", true))})
	if err != nil {
		return nil, err
	}
	for _, other := range open {
		if other.Type.Removes() {
			return nil, entitlement.Errorf(entitlement.CodeExistingOpenRequest, "assignment/id", "Request '%s' is removing assignment '%s' already.", other.ID, a.ID)
		}
	}
	r.PackageID, r.TargetID, r.Target, r.AssignmentID = a.PackageID, a.TargetID, a.Target, a.ID
	return get(&s.edit, s.tx.Policies, rules.Policies, a.PolicyID)
}

// planCallouts freezes which extensions the request will call, and how.
func (s *submission) planCallouts(p *entitlement.Policy, removes bool) ([]entitlement.PlannedCallout, error) {
	var plan []entitlement.PlannedCallout
	for _, setting := range p.StageSettings {
		if (setting.Stage == entitlement.StageRemoved) != removes {
			continue
		}
		x, err := s.tx.Extensions.Get(s.ctx, setting.ExtensionID)
		if err != nil {
			return nil, err
		}
		plan = append(plan, entitlement.PlannedCallout{
			Stage: setting.Stage, ExtensionID: x.ID, ExtensionName: x.DisplayName, URL: x.Endpoint.URL,
			Timeout: x.Timeout(), Retries: x.Retries(), CallbackTimeout: x.CallbackTimeout,
		})
	}
	return plan, nil
}

func subjectOf(u *entitlement.User) entitlement.Subject {
	s := entitlement.Subject{ObjectID: u.ID, Type: entitlement.SubjectUser, DisplayName: u.DisplayName, PrincipalName: u.UserPrincipalName}
	if u.Mail != nil {
		s.Email = *u.Mail
	}
	return s
}

func newSeed() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand.Read
	return hex.EncodeToString(b[:])
}

// DeleteRequest removes a finished request. It never touches the assignment.
//
// graph: accesspackageassignmentrequest-delete
func (e *Engine) DeleteRequest(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		r, err := get(ed, ed.tx.Requests, rules.Requests, id)
		if err != nil {
			return err
		}
		if !r.Progress.Phase.Finished() {
			return entitlement.Errorf(entitlement.CodeRequestNotDeletable, "state",
				"The request is in state '%s', status '%s'; only a finished request can be deleted. Cancel it first.", r.State, r.Status)
		}
		return remove(ed, ed.tx.Requests, rules.Requests, id)
	})
}
