package engine

import (
	"context"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
)

// MaxOrganizations is how many connected organizations a tenant may have (graph:
// governance service limits).
const MaxOrganizations = 2500

// policyScan is how many policies are read at a time when all are looked through.
const policyScan = 500

// CreateOrganization stores a new connected organization, which is configured unless it
// says otherwise.
func (e *Engine) CreateOrganization(ctx context.Context, by entitlement.Actor, o *entitlement.ConnectedOrganization) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if o.State == "" {
			o.State = entitlement.OrganizationConfigured
		}
		if err := o.Validate(); err != nil {
			return err
		}
		if err := underLimit(ed, ed.tx.Organizations, nil, MaxOrganizations, "connected organizations in a tenant"); err != nil {
			return err
		}
		return insert(ed, ed.tx.Organizations, rules.ConnectedOrganizations, o)
	})
}

// UpdateOrganization applies change to the connected organization and returns it.
func (e *Engine) UpdateOrganization(ctx context.Context, by entitlement.Actor, id entitlement.ID, change func(*entitlement.ConnectedOrganization) error) (o *entitlement.ConnectedOrganization, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		o, err = update(ed, ed.tx.Organizations, rules.ConnectedOrganizations, id, func(o *entitlement.ConnectedOrganization) error {
			if err := change(o); err != nil {
				return err
			}
			return o.Validate()
		})
		return err
	})
	return o, err
}

// DeleteOrganization removes a connected organization that no policy names.
func (e *Engine) DeleteOrganization(ctx context.Context, by entitlement.Actor, id entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Organizations, rules.ConnectedOrganizations, id); err != nil {
			return err
		}
		if err := ed.organizationUnnamed(id); err != nil {
			return err
		}
		return remove(ed, ed.tx.Organizations, rules.ConnectedOrganizations, id)
	})
}

// organizationUnnamed refuses where a policy names the connected organization. Whom a
// policy names is not kept in a column, so that the policies are read, a page at a time.
func (ed *edit) organizationUnnamed(id entitlement.ID) error {
	q := query.Query{Limit: policyScan}
	for {
		list, err := ed.tx.Policies.List(ed.ctx, q)
		if err != nil {
			return err
		}
		for _, p := range list {
			if namesOrganization(p, id) {
				return entitlement.Errorf(entitlement.CodeDeleteHasEntitlements, string(rules.ConnectedOrganizations),
					"The connected organization can not be deleted because the policy '%s' ('%s') names it. Take it out of the policy first.", p.DisplayName, p.ID)
			}
		}
		if len(list) < policyScan {
			return nil
		}
		at, err := ed.tx.Policies.Cursor(list[len(list)-1], q.Order)
		if err != nil {
			return err
		}
		q.After = &at
	}
}

// namesOrganization reports whether the policy names the connected organization, among
// those whom it lets in or those who may ask for others.
func namesOrganization(p *entitlement.Policy, id entitlement.ID) bool {
	is := func(s entitlement.SubjectSet) bool {
		return s.Kind == entitlement.ConnectedOrganizationMembers && s.ID == id
	}
	return slices.ContainsFunc(p.SpecificAllowedTargets, is) ||
		(p.RequestorSettings != nil && slices.ContainsFunc(p.RequestorSettings.OnBehalfRequestors, is))
}

// AddSponsor makes a user a sponsor of a connected organization: of is InternalSponsors or
// ExternalSponsors.
//
// graph: connectedorganization-post-internalsponsors, connectedorganization-post-externalsponsors
func (e *Engine) AddSponsor(ctx context.Context, by entitlement.Actor, id entitlement.ID, of entitlement.SubjectSetKind, user entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		_, err := update(ed, ed.tx.Organizations, rules.ConnectedOrganizations, id, func(o *entitlement.ConnectedOrganization) error {
			if _, err := get(ed, ed.tx.Users, rules.Users, user); err != nil {
				return err
			}
			sponsors := sponsorsOf(o, of)
			switch {
			case slices.Contains(*sponsors, user):
				return alreadyLinked(string(of))
			case len(*sponsors) >= entitlement.MaxSponsors:
				return entitlement.Errorf(entitlement.CodeLimitExceeded, string(of), "There are %d %s already, which is the most.", len(*sponsors), of)
			}
			*sponsors = append(*sponsors, user)
			return o.Validate()
		})
		return err
	})
}

// RemoveSponsor takes a user from the sponsors of a connected organization.
//
// graph: connectedorganization-delete-internalsponsors, connectedorganization-delete-externalsponsors
func (e *Engine) RemoveSponsor(ctx context.Context, by entitlement.Actor, id entitlement.ID, of entitlement.SubjectSetKind, user entitlement.ID) error {
	return e.manage(ctx, by, func(ed *edit) error {
		_, err := update(ed, ed.tx.Organizations, rules.ConnectedOrganizations, id, func(o *entitlement.ConnectedOrganization) error {
			sponsors := sponsorsOf(o, of)
			at := slices.Index(*sponsors, user)
			if at < 0 {
				return entitlement.Errorf(entitlement.CodeNotFound, string(of), "The resource was not found: user '%s' is not one of the %s of connected organization '%s'.", user, of, id)
			}
			*sponsors = slices.Delete(*sponsors, at, at+1)
			return nil
		})
		return err
	})
}

func sponsorsOf(o *entitlement.ConnectedOrganization, of entitlement.SubjectSetKind) *[]entitlement.ID {
	if of == entitlement.InternalSponsors {
		return &o.InternalSponsors
	}
	return &o.ExternalSponsors
}

// alreadyLinked refuses a reference that is there already.
func alreadyLinked(name string) error {
	return entitlement.Errorf(entitlement.CodeBadRequest, name, "One or more added object references already exist for the following modified properties: '%s'.", name)
}
