package graph

import (
	"context"
	"net/http"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func organizations(r engine.Reader) engine.Visible[entitlement.ConnectedOrganization] {
	return r.Organizations
}

// graph: connectedOrganization
func (s *schema) describeOrganization() {
	type org = entitlement.ConnectedOrganization
	s.sponsor = s.user // a user in a collection of directoryObject says what it is
	s.sponsor.derived = func(*entitlement.User) string { return "user" }
	s.sponsor.finish()
	s.organization = entityType[org]{
		name: "connectedOrganization",
		props: []property[org]{
			identity[org](),
			sorted(byText, text("displayName", func(o *org) *string { return &o.DisplayName })),
			optionalText("description", func(o *org) **string { return &o.Description }),
			created[org](),
			modified[org]("modifiedDateTime"),
			filtered(byWord, word("state", entitlement.OrganizationStates, func(o *org) *entitlement.OrganizationState { return &o.State })),
			{name: "identitySources", write: writeIdentitySources, read: readIdentitySources},
		},
		navs: []navigation[org]{
			s.sponsors(entitlement.ExternalSponsors),
			s.sponsors(entitlement.InternalSponsors),
		},
	}
	s.organization.finish()
}

// readOrganization takes a body over into a connected organization. Its sponsors are added
// one by one.
func (s *Server) readOrganization(body node, o *entitlement.ConnectedOrganization) error {
	return s.schema.organization.read(body, o, func(name string, n node) (bool, error) {
		switch name {
		case string(entitlement.InternalSponsors), string(entitlement.ExternalSponsors):
			if n.isEmpty() {
				return true, nil
			}
			return true, entitlement.Invalid(n.at, "%s cannot be written with a connected organization. Add them with POST connectedOrganizations/{id}/%s/$ref.", name, name)
		}
		return false, nil
	})
}

// graph: entitlementmanagement-post-connectedorganizations
func (s *Server) createOrganization(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	made := new(entitlement.ConnectedOrganization)
	if err := s.readOrganization(body, made); err != nil {
		return reply{}, err
	}
	if err := s.engine.CreateOrganization(ctx, c.actor, made); err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.organization, made, string(made.ID))
}

// updateOrganization answers with the object and 202, as the service does for this type
// alone.
//
// graph: connectedorganization-update
func (s *Server) updateOrganization(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("connectedOrganization")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	o, err := s.engine.UpdateOrganization(ctx, c.actor, id, func(o *entitlement.ConnectedOrganization) error {
		return s.readOrganization(body, o)
	})
	if err != nil {
		return reply{}, err
	}
	return writeEntity(ctx, c, &s.schema.organization.whole, o, http.StatusAccepted)
}

// graph: connectedorganization-delete
func (s *Server) deleteOrganization(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("connectedOrganization")
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.DeleteOrganization(ctx, c.actor, id)
}
