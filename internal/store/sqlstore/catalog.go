package sqlstore

import "anteroom/internal/entitlement"

// catalogs stores catalogs.
var catalogs = build(entity[entitlement.Catalog]{
	table: "catalog", keeps: true,
	meta: (*entitlement.Catalog).Meta,
	fields: []field[entitlement.Catalog]{
		text("display_name", func(o *entitlement.Catalog) *string { return &o.DisplayName }, "displayName"),
	},
})
