package engine

import (
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// submission turns an order into a request that has not begun. What is decided about it is
// decided in package rules; it finds out what that needs to know.
type submission struct {
	edit
	order Order

	me      *entitlement.User       // the signed-in user, nil where the directory has none
	pkg     *entitlement.Package    // that is to be given; nil where nothing is
	policy  *entitlement.Policy     // that lets them have it
	catalog *entitlement.Catalog    // of the package
	target  rules.Candidate         // without what single policies ask about it
	has     *entitlement.Assignment // that is changed; nil for none
}

func (s *submission) request() (*entitlement.Request, error) {
	t := s.order.Type
	if byServer := s.by.ObjectID == "" && !s.by.User && len(s.by.Permissions) == 0; rules.BySystem(t) != byServer {
		return nil, entitlement.Forbidden("requests of type '%s' are made by the server itself, and it makes no others.", t)
	}
	r := &entitlement.Request{
		Type: t, Justification: s.order.Justification,
		Progress: entitlement.Progress{Phase: entitlement.PhaseNew, Plan: entitlement.Plan{
			Seed: s.NewSeed(), Removes: t.Removes(), Updates: t.Updates(), AllowDenyAtCreated: s.AllowDenyAtCreated,
		}},
	}
	r.ID, r.CreatedAt, r.Trace = s.NewID(), s.now, s.Tracer.Carry(s.ctx)
	if err := s.requestor(r); err != nil {
		return nil, err
	}
	fill := s.add
	if t.Removes() || t.Updates() {
		fill = s.alter
	}
	p, err := fill(r)
	if err != nil {
		return nil, err
	}
	s.policy, r.PolicyID, r.CatalogID = p, p.ID, p.CatalogID
	return r, s.settle(r, p)
}

// requestor describes the caller as they are now.
func (s *submission) requestor(r *entitlement.Request) error {
	switch {
	case rules.BySystem(s.order.Type):
		r.Requestor = entitlement.Subject{DisplayName: s.by.Name, Type: entitlement.SubjectSystem}
		return nil
	case !s.by.User:
		r.RequestorID = s.by.ObjectID
		r.Requestor = entitlement.Subject{ObjectID: s.by.ObjectID, Type: entitlement.SubjectServicePrincipal, DisplayName: s.by.Name}
		return nil
	}
	r.RequestorID = s.by.ObjectID
	u, err := s.Directory.User(s.ctx, s.tx, s.by.ObjectID)
	switch {
	case errors.Is(err, store.ErrNotFound) && rules.ByPerson(s.order.Type):
		return entitlement.Errorf(entitlement.CodePolicyRequirements, "requestor",
			"You don't meet policy requirements to request this entitlement: you, user '%s', are not in the directory.", s.by.ObjectID)
	case errors.Is(err, store.ErrNotFound):
		r.Requestor = entitlement.Subject{ObjectID: s.by.ObjectID, Type: entitlement.SubjectUser, DisplayName: s.by.Name, PrincipalName: s.by.UPN}
		return nil
	case err != nil:
		return err
	}
	s.me, r.Requestor = u, subjectOf(u)
	return rules.MayMake(u)
}

// settle checks what the request says beside what it asks for, and freezes what the policy
// says about it.
func (s *submission) settle(r *entitlement.Request, p *entitlement.Policy) error {
	plan, o := &r.Progress.Plan, s.order
	if err := rules.Justified(p, o.Type, o.Justification); err != nil {
		return err
	}
	if err := rules.CheckSchedule(p, o.Type, plan.Updates, len(o.Answers) > 0, o.Schedule, s.now); err != nil {
		return err
	}
	var was []entitlement.QuestionAnswer
	if s.has != nil {
		was = s.has.Answers
	}
	var err error
	if r.Answers, err = rules.CheckAnswers(p, o.Type, plan.Updates, was, o.Answers); err != nil {
		return err
	}
	return s.freeze(plan, p)
}

func subjectOf(u *entitlement.User) entitlement.Subject {
	s := entitlement.Subject{ObjectID: u.ID, Type: entitlement.SubjectUser, DisplayName: u.DisplayName, PrincipalName: u.UserPrincipalName}
	if u.Mail != nil {
		s.Email = *u.Mail
	}
	return s
}
