package modelstore

import "anteroom/internal/entitlement"

// extensions are custom extensions.
var extensions = describe(entity[entitlement.Extension]{
	meta: (*entitlement.Extension).Meta,
	fields: []field[entitlement.Extension]{
		id(func(o *entitlement.Extension) entitlement.ID { return o.CatalogID }, "catalog/id"),
		name(func(o *entitlement.Extension) string { return o.DisplayName }, "displayName"),
	},
})
