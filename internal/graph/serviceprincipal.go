package graph

import (
	"context"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

func servicePrincipals(r engine.Reader) engine.Visible[entitlement.ServicePrincipal] {
	return r.Principals
}

// graph: servicePrincipal
func (s *schema) describePrincipal() {
	type principal = entitlement.ServicePrincipal
	s.principal = entityType[principal]{
		name: "servicePrincipal",
		props: []property[principal]{
			identity[principal](),
			{name: "appId", write: func(e *encoder, p *principal) { e.textOrNull(string(p.AppID)) }, read: func(n node, p *principal) (err error) {
				p.AppID, err = n.optionalID()
				return err
			}},
			sorted(byText, text("displayName", func(p *principal) *string { return &p.DisplayName })),
			word("servicePrincipalType", entitlement.ServicePrincipalTypes, func(p *principal) *entitlement.ServicePrincipalType { return &p.Type }),
			boolean("accountEnabled", func(p *principal) *bool { return &p.AccountEnabled }),
			created[principal](),
		},
		navs: []navigation[principal]{
			people(s, "owners", func(p *principal) []entitlement.ID { return p.Owners }),
			people(s, "sponsors", func(p *principal) []entitlement.ID { return p.Sponsors }),
		},
	}
	s.principal.finish()
	s.anyPrincipal = s.principal
	s.anyPrincipal.derived = func(*principal) string { return "servicePrincipal" }
	s.anyPrincipal.finish()
}

// createPrincipal adds a service principal to the directory. Like a user it keeps an id
// that it is given.
//
// graph: serviceprincipal-post-serviceprincipals
func (s *Server) createPrincipal(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	made := &entitlement.ServicePrincipal{AccountEnabled: true}
	if made.ID, err = ownID(body); err != nil {
		return reply{}, err
	}
	if err := s.schema.principal.read(body, made, nil); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreatePrincipal(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.principal, made, string(made.ID))
}

// graph: serviceprincipal-update
func (s *Server) updatePrincipal(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("servicePrincipal")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	p, err := s.engine.UpdatePrincipal(ctx, c.actor, id, func(p *entitlement.ServicePrincipal) error {
		return s.schema.principal.read(body, p, nil)
	})
	return changed(ctx, c, &s.schema.principal, p, err)
}

// graph: serviceprincipal-delete
func (s *Server) deletePrincipal(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("servicePrincipal")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeletePrincipal(ctx, c.actor, id)
}

// peopleOfPrincipal is the scope of the list of owners or sponsors of the service principal
// in the path.
//
// graph: serviceprincipal-list-owners
func peopleOfPrincipal(l engine.PrincipalPeople) func(context.Context, *call) (query.Expr, error) {
	return func(ctx context.Context, c *call) (query.Expr, error) {
		id, err := c.id("servicePrincipal")
		if err != nil {
			return nil, err
		}
		p, err := c.reader().Principals.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		return among(*l.Of(p)), nil
	}
}

// graph: serviceprincipal-post-owners
func (s *Server) addPrincipalPerson(l engine.PrincipalPeople) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		id, err := c.id("servicePrincipal")
		if err != nil {
			return reply{}, err
		}
		body, err := c.object()
		if err != nil {
			return reply{}, err
		}
		person, err := toSponsor.readReference(body)
		if err != nil {
			return reply{}, err
		}
		return noContent, s.engine.AddPrincipalPerson(ctx, c.actor, id, l, person)
	}
}

// graph: serviceprincipal-delete-owners
func (s *Server) removePrincipalPerson(l engine.PrincipalPeople) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		id, err := c.id("servicePrincipal")
		if err != nil {
			return reply{}, err
		}
		person, err := toSponsor.removed(c, "person")
		if err != nil {
			return reply{}, err
		}
		return noContent, s.engine.RemovePrincipalPerson(ctx, c.actor, id, l, person)
	}
}
