package modelstore

import "anteroom/internal/entitlement"

// resourceRequests are the records of resources being added and removed.
var resourceRequests = describe(entity[entitlement.ResourceRequest]{
	meta: (*entitlement.ResourceRequest).Meta,
	fields: []field[entitlement.ResourceRequest]{
		id(func(o *entitlement.ResourceRequest) entitlement.ID { return o.CatalogID }, "catalog/id"),
		id(func(o *entitlement.ResourceRequest) entitlement.ID { return o.ResourceID }, "resource/id"),
	},
})
