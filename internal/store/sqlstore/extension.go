package sqlstore

import "anteroom/internal/entitlement"

// extensions stores custom extensions.
var extensions = build(entity[entitlement.Extension]{
	table: "extension", keeps: true,
	meta: (*entitlement.Extension).Meta,
	fields: []field[entitlement.Extension]{
		id("catalog", func(o *entitlement.Extension) *entitlement.ID { return &o.CatalogID }, "catalog/id"),
		text("display_name", func(o *entitlement.Extension) *string { return &o.DisplayName }, "displayName"),
	},
})
