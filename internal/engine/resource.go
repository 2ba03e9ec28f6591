package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// ResourceOrder is what an accessPackageResourceRequest asks for. For adminAdd the
// resource is named by its origin, else by its id or its origin.
type ResourceOrder struct {
	Type         entitlement.RequestType
	CatalogID    entitlement.ID
	ResourceID   entitlement.ID
	OriginID     string
	OriginSystem string
}

// RequestResource adds a resource to a catalog, refreshes it, or removes it, at once, and
// returns the record of that.
//
// graph: entitlementmanagement-post-resourcerequests
func (e *Engine) RequestResource(ctx context.Context, by entitlement.Actor, o ResourceOrder) (rr *entitlement.ResourceRequest, err error) {
	err = e.manage(ctx, by, func(ed *edit) error {
		if _, err := get(ed, ed.tx.Catalogs, rules.Catalogs, o.CatalogID); err != nil {
			return err
		}
		rr = &entitlement.ResourceRequest{CatalogID: o.CatalogID, Type: o.Type, State: entitlement.RequestDelivered}
		var res *entitlement.Resource
		var err error
		switch o.Type {
		case entitlement.TypeAdminAdd:
			res, err = ed.addResource(o)
		case entitlement.TypeAdminRemove:
			res, err = ed.removeResource(o)
		default:
			return entitlement.Invalid("requestType", "requestType '%s' is not served for resources; it can be adminAdd or adminRemove.", o.Type)
		}
		if err != nil {
			return err
		}
		rr.ResourceID = res.ID
		return insert(ed, ed.tx.ResourceRequests, rules.ResourceRequests, rr)
	})
	return rr, err
}

func (ed *edit) addResource(o ResourceOrder) (*entitlement.Resource, error) {
	if o.OriginSystem != entitlement.OriginGroup {
		return nil, entitlement.Unsupported("resource/originSystem", "originSystem '%s' is not served by this server yet; it can be %s.", o.OriginSystem, entitlement.OriginGroup)
	}
	id, ok := entitlement.ParseID(o.OriginID)
	if !ok {
		return nil, entitlement.Invalid("resource/originId", "originId '%s' is not the id of a group.", o.OriginID)
	}
	g, err := ed.tx.Groups.Get(ed.ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, entitlement.Errorf(entitlement.CodeNotFound, "resource/originId", "The resource was not found: there is no group '%s'.", id)
	case err != nil:
		return nil, err
	case slices.ContainsFunc(g.GroupTypes, func(t string) bool { return strings.EqualFold(t, "DynamicMembership") }):
		return nil, entitlement.Invalid("resource/originId", "Group '%s' has dynamic membership; nobody can be added to it.", g.DisplayName)
	}
	res := &entitlement.Resource{
		CatalogID: o.CatalogID, OriginID: string(id), OriginSystem: entitlement.OriginGroup,
		DisplayName: g.DisplayName, Description: g.Description,
	}
	err = insert(ed, ed.tx.Resources, rules.Resources, res)
	if errors.Is(err, store.ErrDuplicate) {
		err = entitlement.Errorf(entitlement.CodeDuplicateKey, "resource", "Group '%s' is a resource of this catalog already.", g.DisplayName)
	}
	return res, err
}

func (ed *edit) removeResource(o ResourceOrder) (*entitlement.Resource, error) {
	res, err := ed.findResource(o)
	if err != nil {
		return nil, err
	}
	n, err := ed.tx.RoleScopes.Count(ed.ctx, query.Equal("resource/id", string(res.ID)))
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, entitlement.Errorf(entitlement.CodeDeleteHasEntitlements, "resource",
			"The resource: %s can not be deleted because there are active entitlements: %d resource role scopes of access packages use it. Remove them first.", res.DisplayName, n)
	}
	return res, remove(ed, ed.tx.Resources, rules.Resources, res.ID)
}

func (ed *edit) findResource(o ResourceOrder) (*entitlement.Resource, error) {
	if o.ResourceID != "" {
		res, err := get(ed, ed.tx.Resources, rules.Resources, o.ResourceID)
		if err == nil && res.CatalogID != o.CatalogID {
			err = entitlement.NotFound(string(rules.Resources), o.ResourceID)
		}
		return res, err
	}
	list, err := ed.tx.Resources.List(ed.ctx, query.Query{Limit: 1, Filter: &query.And{Parts: []query.Expr{
		query.Equal("catalog/id", string(o.CatalogID)), query.Equal("originSystem", o.OriginSystem), query.Equal("originId", o.OriginID),
	}}})
	if err == nil && len(list) == 0 {
		err = entitlement.Errorf(entitlement.CodeNotFound, "resource", "The resource was not found: the catalog has no resource with originId '%s' and originSystem '%s'.", o.OriginID, o.OriginSystem)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}
