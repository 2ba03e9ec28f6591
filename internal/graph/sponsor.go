package graph

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// sponsorsOf are the sponsors of one of the two kinds.
func sponsorsOf(o *entitlement.ConnectedOrganization, of entitlement.SubjectSetKind) []entitlement.ID {
	if of == entitlement.InternalSponsors {
		return o.InternalSponsors
	}
	return o.ExternalSponsors
}

// sponsors is the navigation to the sponsors of one of the two kinds. Those who have left
// the directory are not shown.
func (s *schema) sponsors(of entitlement.SubjectSetKind) navigation[entitlement.ConnectedOrganization] {
	nav := link(string(of), true, &s.sponsor, func(ctx context.Context, c *call, page []*entitlement.ConnectedOrganization) (map[*entitlement.ConnectedOrganization][]*entitlement.User, error) {
		ids := make(map[*entitlement.ConnectedOrganization][]entitlement.ID, len(page))
		for _, o := range page {
			ids[o] = sponsorsOf(o, of)
		}
		return linkedBy(ctx, c, users, ids)
	})
	nav.target = func() string { return "directoryObject" } // as the schema has it
	return nav
}

// sponsorScope is the scope of the list of sponsors of the organization in the path.
func sponsorScope(of entitlement.SubjectSetKind) func(context.Context, *call) (query.Expr, error) {
	return func(ctx context.Context, c *call) (query.Expr, error) {
		id, err := c.id("connectedOrganization")
		if err != nil {
			return nil, err
		}
		o, err := c.reader().Organizations.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		in := &query.In{Path: "id"}
		for _, user := range sponsorsOf(o, of) {
			in.Values = append(in.Values, string(user))
		}
		if len(in.Values) == 0 {
			return &query.Or{}, nil // none
		}
		return in, nil
	}
}

// graph: connectedorganization-post-internalsponsors, connectedorganization-post-externalsponsors
func (s *Server) addSponsor(of entitlement.SubjectSetKind) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		id, err := c.id("connectedOrganization")
		if err != nil {
			return reply{}, err
		}
		body, err := c.object()
		if err != nil {
			return reply{}, err
		}
		user, err := toSponsor.readReference(body)
		if err != nil {
			return reply{}, err
		}
		return noContent, s.engine.AddSponsor(ctx, c.actor, id, of, user)
	}
}

// graph: connectedorganization-delete-internalsponsors, connectedorganization-delete-externalsponsors
func (s *Server) removeSponsor(of entitlement.SubjectSetKind) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		id, err := c.id("connectedOrganization")
		if err != nil {
			return reply{}, err
		}
		user, err := toSponsor.removed(c, "sponsor")
		if err != nil {
			return reply{}, err
		}
		return noContent, s.engine.RemoveSponsor(ctx, c.actor, id, of, user)
	}
}
