package engine

import (
	"context"
	"errors"

	"anteroom/internal/entitlement"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// CreatePrincipal adds a service principal to the built-in directory. An id that is set is
// kept.
//
// graph: serviceprincipal-post-serviceprincipals
func (e *Engine) CreatePrincipal(ctx context.Context, by entitlement.Actor, p *entitlement.ServicePrincipal) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if p.Type == "" {
			p.Type = entitlement.PrincipalApplication
		}
		if err := p.Validate(); err != nil {
			return err
		}
		err := errors.Join(free(ed, ed.tx.Users, p.ID), free(ed, ed.tx.Groups, p.ID))
		if err == nil {
			err = insert(ed, ed.tx.Principals, rules.ServicePrincipals, p)
		}
		if errors.Is(err, store.ErrDuplicate) {
			err = entitlement.Errorf(entitlement.CodeDuplicateKey, "id", "There is already an object with the id '%s'. Leave the id out to be given a new one.", p.ID)
		}
		return err
	})
}

// UpdatePrincipal applies change to the service principal and returns it.
//
// graph: serviceprincipal-update
func (e *Engine) UpdatePrincipal(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.ServicePrincipal) error) (p *entitlement.ServicePrincipal, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		p, err = ed.updatePrincipal(id, change)
		return err
	})
	return p, err
}

func (ed *edit) updatePrincipal(id entitlement.ID, change func(*entitlement.ServicePrincipal) error) (*entitlement.ServicePrincipal, error) {
	return update(ed, ed.tx.Principals, rules.ServicePrincipals, id, func(p *entitlement.ServicePrincipal) error {
		meta := p.Object
		if err := change(p); err != nil {
			return err
		}
		p.Object = meta
		return p.Validate()
	})
}

// DeletePrincipal removes a service principal from the directory and from all groups. Its
// access is taken away by a job.
//
// graph: serviceprincipal-delete
func (e *Engine) DeletePrincipal(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manageAndTell(ctx, by, func(ed *edit) ([]store.Job, error) {
		if _, err := get(ed, ed.tx.Principals, rules.ServicePrincipals, id); err != nil {
			return nil, err
		}
		if err := ed.leaveGroups(id); err != nil {
			return nil, err
		}
		if err := remove(ed, ed.tx.Principals, rules.ServicePrincipals, id); err != nil {
			return nil, err
		}
		return ed.personJob(id, personGone)
	})
}

// PrincipalPeople is a list of the people who answer for a service principal.
type PrincipalPeople string

// The lists, as Graph names them.
const (
	PrincipalOwners   PrincipalPeople = "owners"
	PrincipalSponsors PrincipalPeople = "sponsors"
)

// Of returns the list of a service principal.
func (l PrincipalPeople) Of(p *entitlement.ServicePrincipal) *[]entitlement.ID {
	if l == PrincipalOwners {
		return &p.Owners
	}
	return &p.Sponsors
}

// AddPrincipalPerson adds a user to the owners or the sponsors of a service principal.
//
// graph: serviceprincipal-post-owners
func (e *Engine) AddPrincipalPerson(ctx context.Context, by entitlement.Actor, id entitlement.ID, list PrincipalPeople, person entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		_, err := ed.updatePrincipal(id, func(p *entitlement.ServicePrincipal) error { return ed.addPerson(string(list), list.Of(p), person) })
		return err
	})
}

// RemovePrincipalPerson takes a user out of the owners or the sponsors of a service
// principal, also one who is deleted.
//
// graph: serviceprincipal-delete-owners
func (e *Engine) RemovePrincipalPerson(ctx context.Context, by entitlement.Actor, id entitlement.ID, list PrincipalPeople, person entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		_, err := ed.updatePrincipal(id, func(p *entitlement.ServicePrincipal) error { return dropPerson(string(list), list.Of(p), person) })
		return err
	})
}
