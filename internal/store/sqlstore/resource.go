package sqlstore

import "anteroom/internal/entitlement"

// resources stores the resources of catalogs.
var resources = build(entity[entitlement.Resource]{
	table: "resource", keeps: true,
	meta: (*entitlement.Resource).Meta,
	fields: []field[entitlement.Resource]{
		id("catalog", func(o *entitlement.Resource) *entitlement.ID { return &o.CatalogID }, "catalog/id"),
		text("origin_id", func(o *entitlement.Resource) *string { return &o.OriginID }, "originId"),
		text("origin_system", func(o *entitlement.Resource) *string { return &o.OriginSystem }, "originSystem"),
		text("display_name", func(o *entitlement.Resource) *string { return &o.DisplayName }, "displayName"),
	},
})
