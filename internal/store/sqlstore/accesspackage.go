package sqlstore

import "anteroom/internal/entitlement"

// packages stores access packages.
var packages = build(entity[entitlement.Package]{
	table: "access_package", keeps: true,
	meta: (*entitlement.Package).Meta,
	fields: []field[entitlement.Package]{
		id("catalog", func(o *entitlement.Package) *entitlement.ID { return &o.CatalogID }, "catalog/id"),
		text("display_name", func(o *entitlement.Package) *string { return &o.DisplayName }, "displayName"),
	},
})
