package graph

import (
	"context"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func resourceRequests(r engine.Reader) engine.Visible[entitlement.ResourceRequest] {
	return r.ResourceRequests
}

// graph: accessPackageResourceRequest
func (s *schema) describeResourceRequest() {
	s.resourceRequest = entityType[entitlement.ResourceRequest]{
		name: "accessPackageResourceRequest",
		props: []property[entitlement.ResourceRequest]{
			identity[entitlement.ResourceRequest](),
			shown("requestType", func(e *encoder, r *entitlement.ResourceRequest) { e.requestType(r.Type) }),
			shown("state", func(e *encoder, r *entitlement.ResourceRequest) { e.text(string(r.State)) }),
			created[entitlement.ResourceRequest](),
		},
		filters: []filterPath{{path: "catalog/id", kind: byID}},
		navs: []navigation[entitlement.ResourceRequest]{
			one("catalog", &s.catalog, catalogs, func(r *entitlement.ResourceRequest) entitlement.ID { return r.CatalogID }),
			one("resource", &s.resource, resources, func(r *entitlement.ResourceRequest) entitlement.ID { return r.ResourceID }),
		},
	}
	s.resourceRequest.finish()
}

// graph: entitlementmanagement-post-resourcerequests
func (s *Server) createResourceRequest(ctx context.Context, c *call) (reply, error) {
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	order, err := s.readResourceOrder(body)
	if err != nil {
		return reply{}, err
	}
	rr, err := s.engine.RequestResource(ctx, c.actor, order)
	if err != nil {
		return reply{}, err
	}
	return created201(ctx, c, &s.schema.resourceRequest, rr, string(rr.ID))
}

func (s *Server) readResourceOrder(body node) (engine.ResourceOrder, error) {
	var o engine.ResourceOrder
	err := body.fields(s.schema.resourceRequest.name, func(name string, n node) (_ bool, err error) {
		switch name {
		case "requestType":
			o.Type, err = enum(n, entitlement.RequestTypes)
		case "catalog":
			if n.kind != isNull {
				o.CatalogID, err = s.schema.catalog.reference(n)
			}
		case "resource":
			if n.kind != isNull {
				err = s.readOrderedResource(n, &o)
			}
		default:
			return s.schema.resourceRequest.knows(name), nil
		}
		return true, err
	})
	switch {
	case err != nil:
	case o.Type == "":
		err = entitlement.Invalid("requestType", "requestType is required: adminAdd or adminRemove.")
	case o.CatalogID == "":
		err = entitlement.Invalid("catalog", "catalog is required: {\"catalog\":{\"id\":\"…\"}}.")
	case o.ResourceID == "" && (o.OriginID == "" || o.OriginSystem == ""):
		err = entitlement.Invalid("resource", "resource is required: {\"resource\":{\"originId\":\"<group id>\",\"originSystem\":\"AadGroup\"}}, or its id for adminRemove.")
	case o.Type == entitlement.TypeAdminAdd && o.OriginID == "":
		err = entitlement.Invalid("resource/originId", "adminAdd names the resource by originId and originSystem: it has no id yet.")
	}
	return o, err
}

func (s *Server) readOrderedResource(n node, o *engine.ResourceOrder) error {
	return n.fields(s.schema.resource.name, func(name string, n node) (_ bool, err error) {
		switch name {
		case "id":
			o.ResourceID, err = n.optionalID()
		case "originId":
			o.OriginID, err = n.shortString(entitlement.MaxURL)
			o.OriginID = strings.ToLower(o.OriginID)
		case "originSystem":
			o.OriginSystem, err = originSystem(n)
		case "attributes":
			if !n.isEmpty() {
				err = notEnforced(n, "empty")
			}
		case "environment":
			if n.kind != isNull {
				err = entitlement.Unsupported(n.at, "A group has no environment; leave it out.")
			}
		case "uploadSessions":
			if !n.isEmpty() {
				err = notEnforced(n, "empty")
			}
		default:
			return s.schema.resource.knows(name), nil
		}
		return true, err
	})
}
