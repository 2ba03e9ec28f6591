package sqlstore

import "anteroom/internal/entitlement"

// resourceRequests stores the records of resources being added and removed.
var resourceRequests = build(entity[entitlement.ResourceRequest]{
	table: "resource_request",
	meta:  (*entitlement.ResourceRequest).Meta,
	fields: []field[entitlement.ResourceRequest]{
		id("catalog", func(o *entitlement.ResourceRequest) *entitlement.ID { return &o.CatalogID }, "catalog/id"),
		id("resource", func(o *entitlement.ResourceRequest) *entitlement.ID { return &o.ResourceID }, "resource/id"),
	},
})
