package graph

import (
	"context"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// additionalAccess is the scope of the function of that name: live assignments of an access
// package whose targets also have another one, which is named or incompatible with it.
//
// graph: accesspackageassignment-additionalaccess
func (s *Server) additionalAccess(ctx context.Context, c *call) (query.Expr, error) {
	if !c.actor.User {
		return nil, entitlement.Forbidden("additionalAccess is for a signed-in user, and this is the token of an application.")
	}
	pkg, err := c.guidArg("accessPackageId")
	if err != nil {
		return nil, err
	}
	other, err := c.guidArg("incompatibleAccessPackageId")
	switch {
	case err != nil:
		return nil, err
	case other != "" && other == pkg:
		return nil, entitlement.Errorf(entitlement.CodeBadRequest, "incompatibleAccessPackageId",
			"accessPackageId and incompatibleAccessPackageId are both '%s'; name two different access packages.", pkg)
	}
	return s.engine.AdditionalAccess(ctx, c.actor, pkg, other)
}

// guidArg reads a GUID among the arguments of the route's function; it is empty where the
// function has no such argument.
func (c *call) guidArg(name string) (entitlement.ID, error) {
	s, has := c.args[strings.ToLower(name)]
	if !has {
		return "", nil
	}
	id, ok := entitlement.ParseID(s)
	if !ok {
		return "", entitlement.Errorf(entitlement.CodeBadRequest, name, "%s is '%s', which is not a GUID.", name, clip(s, 64))
	}
	return id, nil
}
